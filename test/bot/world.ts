import { afterAll, beforeAll } from "vitest";
import { openFuzzWorld, type FuzzWorld } from "../fuzz/world.ts";

/** The whole bot over a local Telegram, for the tests of one `describe`. */
export function useWorld(): () => FuzzWorld {
  let world: FuzzWorld;
  beforeAll(async () => {
    world = await openFuzzWorld();
    await world.settle();
  }, 30_000);
  afterAll(() => world.close());
  return () => world;
}
