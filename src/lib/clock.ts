import { setTimeout as delay } from "node:timers/promises";

/** The machine's time, or a time that starts at `startAt` and runs at the same speed. */
export function createClock(startAt: number | null): {
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
} {
  const offset = startAt === null ? 0 : startAt - Date.now();
  return {
    now: () => Date.now() + offset,
    async sleep(ms, signal) {
      await delay(ms, undefined, signal ? { signal } : {});
    },
  };
}

/**
 * A view of the clock that never goes back, so that setting the machine's clock back does not prolong waits and
 * deadlines.
 */
export function monotonic<C extends { now(): number; sleep(ms: number, signal?: AbortSignal): Promise<void> }>(
  clock: C,
): Pick<C, "now" | "sleep"> {
  let ahead = 0;
  let latest = -Infinity;
  return {
    now() {
      const at = clock.now();
      ahead = Math.max(ahead, latest - at);
      return (latest = at + ahead);
    },
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}
