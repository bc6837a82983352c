import { describe, expect, it } from "vitest";
import type { Panic } from "../../../src/services/orders/panic.ts";
import { ASHA } from "../../fuzz/world.ts";
import { useWorld } from "../world.ts";

describe("a panic whose process was killed in the middle", () => {
  const world = useWorld();

  const chat = () => world().telegram.chat(ASHA);
  async function act(what: () => unknown): Promise<string> {
    what();
    await world().handleAll();
    return chat().lastFromBot()?.text ?? "";
  }

  it.each([
    ["a moment", 1_000],
    ["an hour", 3_600_000],
  ])(
    "asks again when Telegram repeats its tap after %s, instead of looking as if it were still running",
    async (_, ms) => {
      await act(() => chat().send("/buy SBIN 1 @ 980"));
      await act(() => chat().tapButton("Confirm buy"));
      await act(() => chat().send("/panic"));
      const panic = world().deps.panic as { run: Panic["run"] };
      const { run } = panic;
      const begun = new Promise<void>((resolve) => {
        panic.run = () => new Promise(() => resolve());
      });
      chat().tapButton("Cancel all orders");
      void world().handleAll();
      await begun;
      expect(chat().lastFromBot()?.text).toContain("Cancelling every open order");
      panic.run = run;
      world().pass(ms);
      expect(await act(() => undefined)).toMatch(/stopped in the middle.*\n.*\n.*1 open order/);
      expect(await act(() => chat().tapButton("Cancel all orders"))).toMatch(/what became of it\n✅/);
    },
  );

  it.each([
    ["before it began", "panic"],
    ["before its report", "panic-running"],
  ])("also when killed %s, tells the user", async (_, action) => {
    await act(() => chat().send("/panic"));
    const asked = chat().lastFromBot()?.message_id;
    const { oneTime } = world().deps;
    const whole = { ...oneTime };
    const killed = new Promise<void>((resolve) => {
      oneTime.claim = async (id, asked, user) => {
        const claim = await whole.claim(id, asked, user);
        if (asked !== action) return claim;
        resolve();
        return new Promise(() => undefined);
      };
    });
    chat().tapButton("Cancel all orders");
    void world().handleAll();
    await killed;
    Object.assign(oneTime, whole);
    await act(() => undefined);
    const card = chat()
      .messages()
      .find(({ message_id: id }) => id === asked);
    expect(card?.text).toMatch(/stopped in the middle|what became of it/);
  });

  it("was never started when its tap comes too late, and the reply says so", async () => {
    await act(() => chat().send("/panic"));
    chat().tapButton("Cancel all orders");
    world().pass(20 * 60_000);
    expect(await act(() => undefined)).toContain("or is too old. /panic asks again");
  });

  it("is done and reported also when the store cannot record that it runs", async () => {
    const { oneTime } = world().deps;
    const whole = { ...oneTime };
    await act(() => chat().send("/panic"));
    const failing = async (): Promise<never> => {
      throw new Error("the store does not answer");
    };
    oneTime.issue = failing;
    oneTime.claim = (id, action, user) => (action === "panic" ? whole.claim(id, action, user) : failing());
    expect(await act(() => chat().tapButton("Cancel all orders"))).toContain("what became of it");
    Object.assign(oneTime, whole);
  });

  it('answers a second tap with "used" when it was not killed but finished', async () => {
    const card = chat().lastFromBot()?.message_id ?? 0;
    await act(() => chat().send("/panic"));
    const data = chat().lastFromBot()?.reply_markup?.inline_keyboard.flat()[0]?.callback_data ?? "";
    const report = await act(() => chat().tapButton("Cancel all orders"));
    expect(report).not.toContain("stopped in the middle");
    const again = chat().tap(card, data);
    await world().handleAll();
    expect((await chat().answer(again)).text).toContain("used already");
  });
});
