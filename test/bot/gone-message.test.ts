import { describe, expect, it } from "vitest";
import { userId } from "../../src/domain/ids.ts";
import { ASHA } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

describe("the answer to a button whose message was deleted after the tap", () => {
  const world = useWorld();

  const chat = () => world().telegram.chat(ASHA);
  /** The texts that the bot sent after the message with the button was gone. */
  async function answersTo(typed: string, button: string): Promise<(string | undefined)[]> {
    chat().send(typed);
    await world().handleAll();
    const card = chat().lastFromBot()?.message_id ?? 0;
    chat().tapButton(button);
    chat().deleteMessage(card);
    await world().handleAll();
    const after = chat()
      .messages()
      .filter((message) => message.from.is_bot && message.message_id > card);
    return after.map(({ text }) => text);
  }

  it("for a confirmed order is its card, in a new message", async () => {
    expect((await answersTo("/buy SBIN 1", "Confirm buy")).at(-1)).toMatch(/^BUY 1 SBIN[^]*Filled 1/);
  });

  it("for an open order is a card that goes on being updated", async () => {
    await answersTo("/buy SBIN 1 @ 980", "Confirm buy");
    const [intent] = await world().deps.journal.ofUser(userId(ASHA), { limit: 1, order: "desc" });
    expect(intent?.card?.messageId).toBe(chat().lastFromBot()?.message_id);
  });

  it("for a panic is its report", async () => {
    await answersTo("/buy SBIN 1 @ 980", "Confirm buy");
    expect((await answersTo("/panic", "Cancel all orders")).at(-1)).toContain("✅ BUY 1 SBIN paper: cancelled.");
  });
});

describe("a tap on one of two cards of the same order", () => {
  const world = useWorld();

  const chat = () => world().telegram.chat(ASHA);
  const act = async (what: () => unknown): Promise<void> => {
    what();
    await world().handleAll();
  };
  const textOf = (id: number) =>
    chat()
      .messages()
      .find(({ message_id }) => message_id === id)?.text;

  it.each(["above", "below"])("(the one %s) updates the lower card, and the upper one refers to it", async (where) => {
    await act(() => chat().send("/buy SBIN 1 @ 980"));
    await act(() => chat().tapButton("Confirm buy"));
    const above = chat().lastFromBot()?.message_id ?? 0;
    await act(() => chat().tapButton("Modify"));
    await act(() => chat().send("@ 985"));
    const below = chat().lastFromBot()?.message_id ?? 0;
    const [intent] = await world().deps.journal.ofUser(userId(ASHA), { limit: 1, order: "desc" });
    const id = intent!._id;
    expect(intent?.card?.messageId).toBe(below);
    // As if Telegram's reply about the newer card had been lost.
    if (where === "below") await world().deps.desk.attachCard(id, { chatId: ASHA, messageId: above });
    await act(() => chat().tap(where === "above" ? above : below, `oc:${id}:0`));
    expect(textOf(below)).toContain("Cancelled, nothing was filled");
    expect(textOf(above)).toContain("newer card is below");
    expect((await world().deps.journal.get(id))?.card?.messageId).toBe(below);
  });
});
