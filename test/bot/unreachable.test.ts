import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { userId } from "../../src/domain/ids.ts";
import { failure } from "../../src/bot/text.ts";
import { ASHA, openFuzzWorld, type FuzzWorld } from "../fuzz/world.ts";

describe("when Telegram drops a call", () => {
  let world: FuzzWorld;
  beforeEach(async () => {
    world = await openFuzzWorld();
    await world.settle();
  });
  afterEach(() => world.close());

  const chat = () => world.telegram.chat(ASHA);
  const said = (): string =>
    chat()
      .messages()
      .filter(({ from }) => from.is_bot)
      .map(({ text }) => text ?? "")
      .join("\n");
  async function act(what: () => unknown, ...unreachable: string[]): Promise<void> {
    what();
    for (const method of unreachable) world.unreachable.add(method);
    await world.handleAll();
    world.unreachable.clear();
  }

  it("a confirmed order is not said to have failed because its button could not be answered", async () => {
    await act(() => chat().send("/buy SBIN 1"));
    await act(() => chat().tapButton("Confirm buy"), "answerCallbackQuery");
    expect(said()).toContain("Filled 1");
    expect(said()).not.toContain("failed");
  });

  it("what a panic did is told below its card when the card cannot be replaced", async () => {
    await act(() => chat().send("/buy SBIN 1"));
    await act(() => chat().tapButton("Confirm buy"));
    await act(() => chat().send("/panic"));
    await act(() => chat().tapButton("Cancel all, exit all positions"), "editMessageText");
    expect(chat().lastFromBot()?.text).toMatch(/^Panic/);
    expect(chat().lastFromBot()?.text).not.toContain("One tap does it");
    expect(said()).not.toContain("failed");
  });

  it.each(["Cancel", "Edit"])("the card of a ticket that %s took back is drawn later", async (button) => {
    await act(() => chat().send("/buy SBIN 1"));
    await act(() => chat().tapButton(button), "editMessageText");
    const newest = async () => (await world.deps.journal.ofUser(userId(ASHA), { limit: 1, order: "desc" }))[0];
    expect(await newest()).toMatchObject({ legs: [{ state: "dropped" }], isCardStale: true, isWatched: true });
    await act(() => chat().send("/buy SBIN 1"));
    await act(() => chat().tapButton(button));
    expect(await newest()).toMatchObject({ legs: [{ state: "dropped" }], isCardStale: false, isWatched: false });
  });

  it("a message with a key that stays in the chat is told of, now or once messages are taken again", async () => {
    const stays = "could not delete the message with the key";
    await act(() => chat().send("/lock pin"));
    await act(() => chat().send("4829"), "deleteMessage");
    expect(said()).toMatch(new RegExp(`${stays}[^]*PIN set`));
    await world.deps.orderLock.remove(userId(ASHA));
    await act(() => chat().send("/lock totp"));
    const shown = chat().lastFromBot();
    expect(shown?.caption).toContain("secret=");
    const before = world.posted.length;
    await act(() => chat().send("000000"), "deleteMessage", "sendMessage");
    expect(chat().messages()).toContainEqual(shown);
    expect(world.posted.slice(before).map(({ html }) => html)).toEqual([expect.stringContaining(stays)]);
  });

  it("what cannot be answered is told once messages are taken again", async () => {
    const before = world.posted.length;
    await act(() => chat().send("/positions"), "sendMessage");
    await act(() => chat().send("/cancel"), "sendMessage");
    const [failed, ...others] = world.posted.slice(before);
    expect(failed).toMatchObject({
      userId: String(ASHA),
      html: expect.stringContaining("Something failed on my side"),
    });
    expect(others).toEqual([expect.objectContaining({ userId: String(ASHA), html: expect.stringContaining("open") })]);
    expect(failed?.key).not.toBe(others[0]?.key);
  });

  it("nobody is told that nothing was sent by what failed on the way", () => {
    const sentence = failure("AB12CD").toString();
    expect(sentence).not.toContain("No order");
    expect(sentence).toContain("/orders shows what was sent");
  });
});
