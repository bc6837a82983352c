import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createRateLimiter } from "../../src/lib/rate-limit.ts";
import type { RateLimiter, RateWindow } from "../../src/lib/rate-limit.ts";

const windows: readonly RateWindow[] = [
  { count: 3, perMs: 1_000 },
  { count: 7, perMs: 10_000 },
];

let limiter: RateLimiter;
let starts: number[];
const call = (): Promise<void> => {
  starts.push(performance.now());
  return Promise.resolve();
};
const start = (times: number, key = "acme:1:order"): Promise<void[]> =>
  Promise.all(Array.from({ length: times }, () => limiter.run(key, windows, call)));

beforeEach(() => {
  vi.useFakeTimers();
  limiter = createRateLimiter();
  starts = [];
});
afterEach(() => {
  vi.useRealTimers();
});

/** The largest number of starts in any interval of this length. */
const mostWithin = (perMs: number): number =>
  Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + perMs).length));

describe("a rate limiter", () => {
  it("lets as many through at once as every window has room for", async () => {
    const all = start(5);
    await vi.advanceTimersByTimeAsync(0);
    expect(starts).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(999);
    expect(starts).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1);
    expect(starts).toHaveLength(5);
    await all;
  });

  it("keeps every window at every moment, also when calls queue up for the long window", async () => {
    const all = start(30);
    await vi.advanceTimersByTimeAsync(60_000);
    await all;
    expect(starts).toHaveLength(30);
    for (const { count, perMs } of windows) expect(mostWithin(perMs)).toBe(count);
    expect(Math.max(...starts) - Math.min(...starts)).toBe(40_000);
  });

  it("keeps the windows whenever the calls come", async () => {
    const all: Promise<void[]>[] = [];
    for (const pause of [0, 400, 300, 299, 1, 700, 5_000, 3_000, 200, 50, 900, 8_000]) {
      await vi.advanceTimersByTimeAsync(pause);
      all.push(start(2));
    }
    await vi.advanceTimersByTimeAsync(60_000);
    await Promise.all(all);
    expect(starts).toHaveLength(24);
    for (const { count, perMs } of windows) expect(mostWithin(perMs)).toBeLessThanOrEqual(count);
  });

  it("makes the calls in the order in which they were requested", async () => {
    const order: number[] = [];
    const all = Array.from({ length: 8 }, (_, index) =>
      limiter.run("k", windows, async () => {
        order.push(index);
      }),
    );
    await vi.advanceTimersByTimeAsync(20_000);
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("counts the starts of calls, not how long they take or how they end", async () => {
    const never = limiter.run("k", windows, () => new Promise<never>(() => undefined));
    const failed = limiter.run("k", windows, () => Promise.reject(new Error("the call's own")));
    await expect(failed).rejects.toThrow("the call's own");
    expect(await limiter.run("k", windows, () => Promise.resolve("third"))).toBe("third");
    void never;
  });

  it("limits each key separately", async () => {
    const all = Promise.all([start(3, "a"), start(3, "b")]);
    await vi.advanceTimersByTimeAsync(0);
    expect(starts).toHaveLength(6);
    await all;
  });

  it("does not hold up calls without windows", async () => {
    await Promise.all(Array.from({ length: 50 }, () => limiter.run("free", [], call)));
    expect(starts).toHaveLength(50);
  });

  it("can wait longer than the maximum of a timer", async () => {
    const day = [{ count: 1, perMs: 86_400_000 * 30 }];
    const all = [limiter.run("k", day, call), limiter.run("k", day, call)];
    await vi.advanceTimersByTimeAsync(86_400_000 * 29);
    expect(starts).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(86_400_000);
    await Promise.all(all);
    expect(starts).toHaveLength(2);
  });
});

describe("a rate-limited call that is aborted", () => {
  it("while waiting is rejected at once with the reason, is never made and does not count", async () => {
    const giveUp = new AbortController();
    await start(3);
    const waiting = limiter.run("acme:1:order", windows, call, giveUp.signal);
    const queued = limiter.run("acme:1:order", windows, call, giveUp.signal);
    const patient = limiter.run("acme:1:order", windows, call);
    const ends = Promise.allSettled([waiting, queued]);
    await vi.advanceTimersByTimeAsync(500);
    const reason = new Error("the user left");
    giveUp.abort(reason);
    expect(await ends).toEqual([
      { status: "rejected", reason },
      { status: "rejected", reason },
    ]);
    await vi.advanceTimersByTimeAsync(500);
    await patient;
    expect(starts).toHaveLength(4);
    await start(2);
    expect(starts).toHaveLength(6);
  });

  it("before it is requested is not made either", async () => {
    const run = limiter.run("k", windows, call, AbortSignal.abort(new Error("too late")));
    await expect(run).rejects.toThrow("too late");
    expect(starts).toEqual([]);
  });
});

it("a rate limiter does not keep the process alive once its calls are made", async () => {
  vi.useRealTimers();
  const program = `
    import { createRateLimiter } from ${JSON.stringify(new URL("../../src/lib/rate-limit.ts", import.meta.url).href)};
    const limiter = createRateLimiter();
    const windows = [{ count: 2, perMs: 60_000 }, { count: 100, perMs: 3_600_000 }];
    await Promise.all([1, 2].map(() => limiter.run("k", windows, async () => {})));
    process.stdout.write("done");`;
  const started = performance.now();
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  expect(stdout).toBe("done");
  expect(performance.now() - started).toBeLessThan(5_000);
});
