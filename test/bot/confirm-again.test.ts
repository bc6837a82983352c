import { describe, expect, it } from "vitest";
import { userId } from "../../src/domain/ids.ts";
import { ASHA } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

describe("a Confirm whose tap comes again after a crash", () => {
  const world = useWorld();

  it.each([false, true])(
    "is not told that nothing was sent, also where trading was locked since: %s",
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
      await orderLock.freeze(userId(ASHA), isLocked);
      expect(await tap()).toBe(
        "This was confirmed already, and nothing is sent twice. Its card shows what became of it.",
      );
      await orderLock.freeze(userId(ASHA), false);
      const orders = await journal.ofUser(userId(ASHA), {});
      expect(orders.filter(({ confirmedAt }) => confirmedAt !== null)).toHaveLength(isLocked ? 2 : 1);
      expect(chat.lastFromBot()?.text).toContain("Open at the broker");
    },
  );
});
