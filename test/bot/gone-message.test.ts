import { describe, expect, it } from "vitest";
import { userId } from "../../src/domain/ids.ts";
import { ASHA } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

describe("the answer to a button whose message was deleted a moment later", () => {
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

  it("is for a confirmed order its card all the same", async () => {
    expect((await answersTo("/buy SBIN 1", "Confirm buy")).at(-1)).toMatch(/^BUY 1 SBIN[^]*Filled 1/);
  });

  it("is for an order that rests a card that lives on", async () => {
    await answersTo("/buy SBIN 1 @ 980", "Confirm buy");
    const [intent] = await world().deps.journal.ofUser(userId(ASHA), { limit: 1, order: "desc" });
    expect(intent?.card?.messageId).toBe(chat().lastFromBot()?.message_id);
  });

  it("is for a panic the report of what became of it", async () => {
    await answersTo("/buy SBIN 1 @ 980", "Confirm buy");
    expect((await answersTo("/panic", "Cancel all orders")).at(-1)).toContain("✅ BUY 1 SBIN paper: cancelled.");
  });
});
