import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ASHA, openFuzzWorld, type FuzzWorld } from "../fuzz/world.ts";

describe("the open orders to choose from", () => {
  let world: FuzzWorld;
  beforeAll(async () => {
    world = await openFuzzWorld();
    await world.settle();
  }, 30_000);
  afterAll(() => world.close());

  const chat = () => world.telegram.chat(ASHA);
  async function place(count: number): Promise<void> {
    for (let at = 0; at < count; at += 1) {
      chat().send("/buy SBIN 1 @ 980");
      await world.handleAll();
      chat().tapButton("Confirm buy");
      await world.handleAll();
    }
  }

  it("are twenty at most, and what is left out is said", async () => {
    await place(20);
    chat().send("/cancel");
    await world.handleAll();
    expect(chat().lastFromBot()?.reply_markup?.inline_keyboard).toHaveLength(20);
    expect(chat().lastFromBot()?.text).toBe("Which order shall be cancelled?");
    await place(1);
    chat().send("/cancel");
    await world.handleAll();
    expect(chat().lastFromBot()?.reply_markup?.inline_keyboard).toHaveLength(20);
    expect(chat().lastFromBot()?.text).toContain("These are 20 of the 21 that are open");
  });
});
