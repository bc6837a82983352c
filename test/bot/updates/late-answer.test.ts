import { describe, expect, it, vi } from "vitest";
import { ASHA } from "../../fuzz/world.ts";
import { useWorld } from "../world.ts";

describe("the answer to a tap", () => {
  const world = useWorld();
  const chat = () => world().telegram.chat(ASHA);

  async function placed(): Promise<void> {
    chat().send("/buy SBIN 1 @ 980");
    await world().handleAll();
    chat().tapButton("Confirm buy");
    await world().handleAll();
  }

  const textsSince = (before: number): (string | undefined)[] =>
    chat()
      .messages()
      .slice(before)
      .map(({ text }) => text);

  it("is a message when the broker took longer than a button may spin", async () => {
    await placed();
    const { changes } = world().deps;
    const tap = chat().tapButton("Cancel");
    const ask = vi.spyOn(changes, "ask").mockImplementation(async (_, id) => {
      expect((await chat().answer(tap)).text).toBeUndefined();
      return { kind: "unseen", intent: (await world().deps.journal.get(id))! };
    });
    const before = chat().messages().length;
    await world().handleAll();
    ask.mockRestore();
    expect(textsSince(before)).toEqual([expect.stringContaining("so nothing was asked")]);
  });

  it("is a message when the bot was down for so long that Telegram takes no answer any more", async () => {
    await placed();
    const { changes } = world().deps;
    chat().tapButton("Cancel");
    world().pass(16 * 60_000);
    const ask = vi.spyOn(changes, "ask").mockResolvedValue({ kind: "busy" });
    const before = chat().messages().length;
    await world().handleAll();
    ask.mockRestore();
    expect(textsSince(before)).toEqual([expect.stringContaining("already on its way")]);
  });

  it("is only a notice over the chat when the broker was quick", async () => {
    await placed();
    const { changes } = world().deps;
    const tap = chat().tapButton("Cancel");
    const ask = vi.spyOn(changes, "ask").mockResolvedValue({ kind: "busy" });
    const before = chat().messages().length;
    await world().handleAll();
    ask.mockRestore();
    expect((await chat().answer(tap)).text).toContain("already on its way");
    expect(chat().messages()).toHaveLength(before);
  });
});
