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

  it("a confirmed order is not reported as failed because its tap could not be answered", async () => {
    await act(() => chat().send("/buy SBIN 1"));
    await act(() => chat().tapButton("Confirm buy"), "answerCallbackQuery");
    expect(said()).toContain("Filled 1");
    expect(said()).not.toContain("failed");
  });

  it("a panic's report is sent below its card when the card cannot be edited", async () => {
    await act(() => chat().send("/buy SBIN 1"));
    await act(() => chat().tapButton("Confirm buy"));
    await act(() => chat().send("/panic"));
    await act(() => chat().tapButton("Cancel all, exit all positions"), "editMessageText");
    expect(chat().lastFromBot()?.text).toMatch(/^Panic/);
    expect(chat().lastFromBot()?.text).not.toContain("One tap does it");
    expect(said()).not.toContain("failed");
  });

  it.each(["Cancel", "Edit"])("the card of a ticket dropped by %s is drawn later", async (button) => {
    await act(() => chat().send("/buy SBIN 1"));
    await act(() => chat().tapButton(button), "editMessageText");
    const newest = async () => (await world.deps.journal.ofUser(userId(ASHA), { limit: 1, order: "desc" }))[0];
    expect(await newest()).toMatchObject({ legs: [{ state: "dropped" }], isCardStale: true, isWatched: true });
    await act(() => chat().send("/buy SBIN 1"));
    await act(() => chat().tapButton(button));
    expect(await newest()).toMatchObject({ legs: [{ state: "dropped" }], isCardStale: false, isWatched: false });
  });

  it("the user hears of a key's message that could not be deleted, now or through the outbox", async () => {
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

  it("an answer that could not be sent goes through the outbox", async () => {
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

  it("the text of a failure does not claim that no order was sent", () => {
    const sentence = failure("AB12CD").toString();
    expect(sentence).not.toContain("No order");
    expect(sentence).toContain("/orders shows what was sent");
  });
});
