import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { startLoop } from "../../src/app/loop.ts";
import { createLog } from "../../src/lib/log.ts";

describe("a loop", () => {
  const said: { msg: string }[] = [];
  const log = createLog({ level: "info", destination: { write: (line: string) => void said.push(JSON.parse(line)) } });

  it("leaves no listener on its signal, however many turns it makes", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    let turns = 0;
    const loop = startLoop(
      "test",
      0,
      async (signal) => {
        turns += 1;
        if (turns === 20) resolve(getEventListeners(signal, "abort").length);
      },
      log,
    );
    expect(await promise).toBe(0);
    await loop.stop();
  });

  it("stops at once in the middle of its pause, and goes on after a turn that failed", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let turns = 0;
    const failing = startLoop(
      "test",
      0,
      async () => {
        turns += 1;
        if (turns === 3) resolve();
        throw new Error("once more");
      },
      log,
    );
    await promise;
    await failing.stop();
    expect(said.map(({ msg }) => msg)).toEqual(["loop failed"]);
    const resting = startLoop("test", 3_600_000, async () => undefined, log);
    await resting.stop();
    expect(turns).toBeGreaterThanOrEqual(3);
  });
});
