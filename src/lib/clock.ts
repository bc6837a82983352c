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
