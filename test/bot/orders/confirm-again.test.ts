import { describe, expect, it } from "vitest";
import { userId } from "../../../src/domain/ids.ts";
import { ASHA } from "../../fuzz/world.ts";
import { useWorld } from "../world.ts";

describe("a confirmed ticket", () => {
  const world = useWorld();

  it.each(["Cancel", "Edit"])("answers a later %s with: it was confirmed already", async (button) => {
    const chat = world().telegram.chat(ASHA);
    chat.send("/buy SBIN 1 @ 980");
    await world().handleAll();
    const [, late = ""] = ["Confirm buy", button].map((label) => chat.tapButton(label));
    await world().handleAll();
    expect((await chat.answer(late)).text).toContain("confirmed already");
    expect(chat.lastFromBot()?.text).toContain("Open at the broker");
  });

  it.each([false, true])(
    'does not say "nothing was sent" when Telegram repeats the tap after a crash (trading locked meanwhile: %s)',
    async (isLocked) => {
      const chat = world().telegram.chat(ASHA);
      const { orderLock, journal } = world().deps;
      chat.send("/buy SBIN 1 @ 980");
      await world().handleAll();
      const card = chat.lastFromBot();
      const confirm = card?.reply_markup?.inline_keyboard.flat().find(({ text }) => text === "Confirm buy");
      const tap = async (): Promise<string | undefined> => {
        const query = chat.tap(card?.message_id ?? 0, confirm?.callback_data ?? "");
        await world().handleAll();
        return (await chat.answer(query)).text;
      };
      expect(await tap()).toBeUndefined();
      if (isLocked) await orderLock.freeze(userId(ASHA), { date: 0, id: 1 });
      expect(await tap()).toBe(
        "This was confirmed already, and nothing is sent twice. Its card shows what became of it.",
      );
      await orderLock.thaw(userId(ASHA), { date: 0, id: 2 });
      expect(await journal.ofUser(userId(ASHA), {})).not.toContainEqual(expect.objectContaining({ confirmedAt: null }));
      expect(chat.lastFromBot()?.text).toContain("Open at the broker");
      expect(world().telegram.rejectedCalls).toEqual([]);
    },
  );
});
