import { setTimeout as delay } from "node:timers/promises";

/** The machine's time, or time that started elsewhere and runs at the same pace. */
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
 * The same time, but for the way back: what waits for an instant does not wait longer because the machine's clock was
 * set back meanwhile.
 */
export function neverBack<C extends { now(): number; sleep(ms: number, signal?: AbortSignal): Promise<void> }>(
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
