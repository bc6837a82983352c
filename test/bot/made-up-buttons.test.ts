import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ASHA, openFuzzWorld, type FuzzWorld } from "../fuzz/world.ts";

describe("a button with made-up data", () => {
  let world: FuzzWorld;
  beforeAll(async () => {
    world = await openFuzzWorld();
    world.telegram.chat(ASHA).send("/start");
    await world.handleAll();
  });
  afterAll(() => world.close());

  const chat = () => world.telegram.chat(ASHA);

  it.each(["bm", "bm:", "bm:nobody", "bm:nobody:1", "bc", "bc:nobody:1", "ak:nobody", "ak:nobody-new"])(
    "“%s” starts nothing at an account that is not the user's",
    async (data) => {
      const target = chat().lastFromBot()?.message_id ?? 0;
      chat().tap(target, data);
      await world.handleAll();
      expect(chat().lastFromBot()?.text).toBe("That account is not linked any more.");
      chat().send("20 @ 812");
      await world.handleAll();
      expect(world.complaints.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
    },
  );
});
