import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stepAt, totp } from "../../src/lib/totp.ts";
import type { Message } from "../../playground/telegram/types.ts";
import { startTestSauda, type TestSauda } from "./sauda.ts";

const [ASHA, VIKRAM, MEERA] = [1001, 1002, 1003];

it("makes the playground's first person its owner whatever OWNER_ID is, which names somebody at Telegram", async () => {
  const other = await startTestSauda({ OWNER_ID: "123456789" });
  expect((await other.playground.chat(ASHA).ask("/start")).text).toContain("Hello Asha");
  await other.stop();
});

describe("access control", () => {
  let running: TestSauda;
  beforeAll(async () => {
    running = await startTestSauda();
    await chat(ASHA).ask("/start");
  });
  afterAll(() => running.stop());

  const chat = (user: number) => running.playground.chat(user);
  const newest = (user: number, text: string): Message | undefined =>
    chat(user)
      .messages()
      .findLast((message) => message.from.is_bot && message.text?.includes(text));
  const seen = (user: number, text: string) => chat(user).until(() => newest(user, text));

  /** Sends a text and waits for the answer that contains `expected`; other messages may come before it. */
  function says(user: number, sent: string, expected: string | RegExp): Promise<Message> {
    const { message_id: after } = chat(user).send(sent);
    const fits = (text: string): boolean =>
      typeof expected === "string" ? text.includes(expected) : expected.test(text);
    return chat(user).until(() =>
      chat(user)
        .messages()
        .find(
          (message) => message.from.is_bot && message.message_id > after && fits(message.text ?? message.caption ?? ""),
        ),
    );
  }

  it("sends the owner one card about a person who asks to be let in, with the household rule", async () => {
    await says(VIKRAM, "/start", "has been asked");
    const card = await seen(ASHA, "asks to be let in");
    expect(card.text).toContain("1002");
    expect(card.text).toContain("spouse");
    await says(VIKRAM, "hello", "has not let you in yet. /start asks for it.");
    await chat(VIKRAM).ask("/start");
    const cards = chat(ASHA)
      .messages()
      .filter((message) => message.text?.includes("asks to be let in"));
    expect(cards).toHaveLength(1);
  });

  it("lets a viewer look and not trade, a trader trade, a blocked person nothing", async () => {
    chat(ASHA).tapButton("Viewer");
    await seen(VIKRAM, "look, not trade");
    await says(VIKRAM, "/positions", "No account is linked");
    await says(VIKRAM, "/buy SBIN 10", "look, not trade");
    expect((await says(VIKRAM, "/lock", "Locked.")).text).not.toContain("/panic");
    await says(VIKRAM, "/lock off", "Unlocked.");
    const quote = await says(VIKRAM, "/quote SBIN", "State Bank");
    expect(quote.reply_markup?.inline_keyboard.flat().map(({ text }) => text)).toEqual(["Depth", "Refresh"]);
    expect((await says(VIKRAM, "hello", "I work by commands")).text).not.toContain("/buy");
    chat(ASHA).tapButton("Other trader");
    await seen(VIKRAM, "trade with each that has a proxy of its own");
    await chat(ASHA).until(() => newest(ASHA, "Other trader: trades through a proxy of their own"));
    chat(ASHA).tapButton("Family trader");
    await seen(VIKRAM, "you can link accounts and trade.");
    await says(VIKRAM, "/buy SBIN 10", "No account is linked");
    chat(ASHA).tapButton("Block");
    await chat(ASHA).until(() => newest(ASHA, "Blocked: gets no answer"));
    const before = chat(VIKRAM).messages().length;
    chat(VIKRAM).send("/start");
    await chat(ASHA).ask("/help");
    expect(chat(VIKRAM).messages()).toHaveLength(before + 1);
  });

  it("ignores the role buttons when anybody but the owner taps them", async () => {
    await chat(MEERA).ask("/start");
    const tapped = chat(MEERA).lastFromBot()?.message_id ?? 0;
    const query = chat(MEERA).tap(tapped, "ur:1003:trader");
    expect((await chat(MEERA).answer(query)).text).toContain("older message");
    await says(MEERA, "/buy SBIN 1", "has not let you in");
  });

  it("lets one person in by an invitation's link", async () => {
    await chat(ASHA).ask("/users");
    chat(ASHA).tapButton("Invite a viewer");
    const invite = await chat(ASHA).until(() => newest(ASHA, "?start=inv_"));
    const payload = /\?start=(inv_[\w-]+)/.exec(invite.text ?? "")?.[1] ?? "";
    chat(MEERA).send(`/start ${payload}`);
    await seen(MEERA, "the owner invited you as viewer");
    await says(MEERA, "/holdings", "No account is linked");
    expect((await says(MEERA, "/users", "Only the owner")).reply_markup).toBeUndefined();
    await says(MEERA, "/health", "Only the owner");
  });

  it("checks every callback against the user it was made for", async () => {
    await chat(ASHA).ask("/link paper");
    await seen(ASHA, "account is open");
    const card = await says(ASHA, "/buy SBIN 3", "BUY 3 SBIN");
    const data = (card.reply_markup?.inline_keyboard.flat() ?? []).flatMap((button) => button.callback_data ?? []);
    const stranger = chat(MEERA).lastFromBot()?.message_id ?? 0;
    // The owner may still be told who asked to be let in, so only messages about the order are compared.
    const aboutIt = (): Message[] =>
      chat(ASHA)
        .messages()
        .filter(({ text }) => text?.includes("SBIN"));
    const before = aboutIt();
    for (const each of data)
      expect((await chat(MEERA).answer(chat(MEERA).tap(stranger, each))).text).toContain("You can look, not trade.");
    expect(aboutIt()).toEqual(before);
    expect((await says(ASHA, "/orders", /order/i)).text).not.toContain("filled");
    expect(
      chat(ASHA)
        .messages()
        .find(({ message_id }) => message_id === card.message_id)?.text,
    ).toBe(card.text);
  });

  it("locks trading at once with /lock, also from within a dialogue, until /lock off", async () => {
    await chat(ASHA).ask("/buy");
    expect((await says(ASHA, "/lock", "Locked.")).text).toContain("/cancel and /panic still work.");
    const card = await says(ASHA, "/buy SBIN 2", "BUY 2 SBIN");
    const confirm = card.reply_markup?.inline_keyboard.flat().find(({ text }) => text.startsWith("Confirm"));
    if (confirm?.callback_data !== undefined) {
      const query = chat(ASHA).tap(card.message_id, confirm.callback_data);
      expect((await chat(ASHA).answer(query)).text).toContain("Trading is locked");
    }
    expect((await says(ASHA, "/orders", /order/i)).text).not.toContain("filled");
    await says(ASHA, "/lock off", "Unlocked");
  });

  it("changes no open order while trading is locked or the PIN has not been sent", async () => {
    await says(ASHA, "/buy SBIN 2 @ 1000", "BUY 2 SBIN");
    chat(ASHA).tapButton("Confirm buy");
    await chat(ASHA).until(() => newest(ASHA, "Open at the broker"));
    const change = async (expected: string): Promise<void> => {
      const list = await says(ASHA, "/modify", "Which order do you want to change?");
      expect(list.reply_markup?.inline_keyboard).toHaveLength(1);
      const [button] = list.reply_markup?.inline_keyboard.flat() ?? [];
      chat(ASHA).tap(list.message_id, button?.callback_data ?? "");
      await seen(ASHA, "What should it become?");
      await says(ASHA, "90", expected);
    };
    await says(ASHA, "/lock", "Locked.");
    await change("Trading is locked");
    await says(ASHA, "/lock off", "Unlocked");
    await says(ASHA, "/lock pin", "Send the PIN");
    await says(ASHA, "4829", "PIN set");
    await change("Send your PIN");
    await says(ASHA, "4829", "five minutes");
    await change("BUY 90 SBIN");
    await says(ASHA, "/lock none", "Removed");
  });

  it("asks for the PIN before Confirm works, deletes it from the chat, and then places the order", async () => {
    await chat(ASHA).ask("/lock pin");
    await says(ASHA, "4829", "PIN set");
    const card = await says(ASHA, "/buy SBIN 2", "BUY 2 SBIN");
    chat(ASHA).tapButton("Confirm buy");
    await seen(ASHA, "Send your PIN");
    await says(ASHA, "1111", "4 tries left");
    await says(ASHA, "4829", "five minutes");
    expect(
      chat(ASHA)
        .messages()
        .map(({ text }) => text),
    ).not.toContain("4829");
    chat(ASHA).tapButton("Confirm buy");
    await chat(ASHA).until(() =>
      chat(ASHA)
        .messages()
        .find(({ message_id, text }) => message_id === card.message_id && text?.includes("Filled 2")),
    );
    await chat(ASHA).ask("/lock none");
  });

  it("accepts an authenticator's code, and deletes the message that showed its secret", async () => {
    const shown = await says(ASHA, "/lock totp", "otpauth://totp/Sauda:Asha");
    expect(shown.photo).toBeDefined();
    const secret = /secret=([A-Z2-7]{32})/.exec(shown.caption ?? "")?.[1] ?? "";
    const code = (): string => totp(secret, stepAt(running.now()));
    await says(ASHA, code(), "Set. Every confirmation asks for a code");
    expect(JSON.stringify(chat(ASHA).messages())).not.toContain(secret);
    await says(ASHA, "/lock none", "Send your code first");
    await says(ASHA, "000000", "4 tries left");
    await says(ASHA, totp(secret, stepAt(running.now()) + 1), "five minutes");
    await says(ASHA, "/lock none", "Removed");
  });

  it("shows the owner the health of the store and of each account", async () => {
    const health = await says(ASHA, "/health", /Store: answers in \d+ ms/);
    expect(health.text).toMatch(/paper Asha: session since .*last good call/);
  });

  it("forgets a person who asks for it, unless they choose to keep their data", async () => {
    await chat(MEERA).ask("/forget me");
    chat(MEERA).tapButton("Forget me");
    await chat(MEERA).until(() => newest(MEERA, "I know nothing about you"));
    expect((await says(MEERA, "/holdings", "has not let you in")).text).toContain("owner");
    await says(ASHA, "/holdings", /holdings|nothing/i);
    await chat(ASHA).ask("/forget me");
    chat(ASHA).tapButton("Keep");
    await chat(ASHA).until(() => newest(ASHA, "Nothing was deleted"));
  });

  it("answers a person who sends too many messages with a single line", async () => {
    for (let at = 0; at < 140; at += 1) chat(VIKRAM).send(`/start ${at}`);
    const told = await seen(VIKRAM, "That is too much at once");
    expect(told.text).toMatch(/again in \d+ s/);
    await chat(ASHA).ask("/start");
    const lines = chat(VIKRAM)
      .messages()
      .filter((message) => message.text?.includes("too much at once"));
    expect(lines).toHaveLength(1);
  });

  it("answers somebody who is not let in less often, and promises them no /panic", async () => {
    const before = chat(MEERA).messages().length;
    for (let at = 0; at < 30; at += 1) chat(MEERA).send(`/start ${at}`);
    expect((await seen(MEERA, "That is too much at once")).text).not.toContain("/panic");
    await says(ASHA, "/start", "Hello");
    const answers = chat(MEERA)
      .messages()
      .slice(before)
      .filter(({ from }) => from.is_bot);
    expect(answers.length).toBeLessThanOrEqual(21);
  });

  it("made no invalid Bot API call", () => {
    expect(running.playground.rejectedCalls).toEqual([]);
  });
});
