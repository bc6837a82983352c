import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPacer } from "../../src/notify/pacer.ts";
import { setClock } from "./temp-store.ts";

const START = "2026-11-23T10:20:00Z";

/** The times of `count` turns; `stall` gives how long everything is held up after a turn, in ms. */
async function turns(count: number, perSecond: number, stall: (turn: number) => number = () => 0): Promise<number[]> {
  const clock = setClock(START);
  const pacer = createPacer({ clock, perSecond });
  const came: number[] = [];
  await Promise.all(
    Array.from({ length: count }, async (_, turn) => {
      await pacer.turn();
      came.push(clock.now());
      clock.at += stall(turn);
    }),
  );
  return came;
}

const mostInASecond = (times: readonly number[]): number =>
  Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));

describe("the pace over all chats", () => {
  it("is kept over many messages", async () => {
    const came = await turns(600, 30);
    const seconds = ((came.at(-1) ?? 0) - (came[0] ?? 0)) / 1_000;
    expect(600 / seconds).toBeGreaterThan(29);
    expect(600 / seconds).toBeLessThan(30);
  });

  it("is caught up after a stall of 600 ms except for a sixth of it, without a burst", async () => {
    const came = await turns(120, 30, (turn) => (turn === 40 ? 600 : 0));
    expect((came.at(-1) ?? 0) - (came[0] ?? 0)).toBeLessThan(119 * 34.4 + 150);
    const gaps = came.slice(42).map((at, i) => at - (came[41 + i] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(15);
  });

  it("is never exceeded in any second, whatever stalls in between", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 40 }), async (stalls) => {
        const came = await turns(90, 30, (turn) => (turn % 7 === 0 ? (stalls[turn % stalls.length] ?? 0) : 0));
        expect(mostInASecond(came)).toBeLessThanOrEqual(30);
      }),
      { numRuns: 40 },
    );
  });

  it("stops for everybody at once when paused, and goes on right after the pause", async () => {
    const clock = setClock(START);
    const pacer = createPacer({ clock, perSecond: 10 });
    const waiting = Array.from({ length: 20 }, () => pacer.turn());
    await waiting[1];
    const askedAt = clock.now();
    pacer.pause(5_000);
    await Promise.all(waiting);
    expect(clock.now()).toBe(askedAt);
    expect(pacer.isPaused()).toBe(true);
    clock.at = askedAt + 5_000;
    await pacer.turn();
    expect(clock.now()).toBe(askedAt + 5_000);
    await pacer.turn();
    expect(clock.now() - askedAt - 5_000).toBeGreaterThan(90);
  });
});
