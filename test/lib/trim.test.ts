import { expect, it } from "vitest";
import { trim } from "../../src/lib/trim.ts";

it("a cache above its limit keeps the newest entries", () => {
  const cache = new Map(["a", "b", "c", "d", "e"].map((key) => [key, key]));
  trim(cache, 3);
  expect([...cache.keys()]).toEqual(["c", "d", "e"]);
  trim(cache, 3);
  expect(cache.size).toBe(3);
});
