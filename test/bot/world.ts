import { afterEach, beforeEach } from "vitest";
import { openFuzzWorld, type FuzzWorld } from "../fuzz/world.ts";

/** The whole bot over a local Telegram, opened anew for each test. */
export function useWorld(): () => FuzzWorld {
  let world: FuzzWorld;
  beforeEach(async () => {
    world = await openFuzzWorld();
    await world.settle();
  }, 30_000);
  afterEach(() => world.close());
  return () => world;
}
