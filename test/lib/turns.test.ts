import { describe, expect, it } from "vitest";
import { createTurns } from "../../src/lib/turns.ts";

describe("turns", () => {
  it("let callers with the same key in one after another, also after a failure, and those of other keys at once", async () => {
    const turns = createTurns();
    const said: string[] = [];
    const first = Promise.withResolvers<void>();
    const failing = turns.take("a", async () => {
      said.push("first begins");
      await first.promise;
      said.push("first ends");
      throw new Error("failed");
    });
    const second = turns.take("a", async () => (said.push("second"), "its result"));
    await turns.take("b", async () => void said.push("another key"));
    first.resolve();
    await expect(failing).rejects.toThrow("failed");
    expect(await second).toBe("its result");
    expect(said).toEqual(["first begins", "another key", "first ends", "second"]);
  });

  it("are passed over by who does not wait, until all who wait have had theirs", async () => {
    const turns = createTurns();
    const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const held = ends.map(({ promise }) => turns.take("a", () => promise));
    let runs = 0;
    const tryOnce = () => turns.takeIfFree("a", async () => void (runs += 1));
    await tryOnce();
    for (const [at, { resolve }] of ends.entries()) {
      resolve();
      await held[at];
      await tryOnce();
      expect(runs).toBe(at);
    }
  });
});
