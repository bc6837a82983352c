import PQueue from "p-queue";

/** At most `count` calls in any `perMs`. */
export interface RateWindow {
  readonly count: number;
  readonly perMs: number;
}

export interface RateLimiter {
  /** Waits for a place under every window, then runs. One `key` is one meter. */
  run<T>(key: string, windows: readonly RateWindow[], call: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

const MAX_METERS = 5_000;

/** Meters are made when first used and dropped, oldest first, when idle and too many. */
export function createRateLimiter(): RateLimiter {
  const meters = new Map<string, PQueue[]>();

  function meter(key: string, windows: readonly RateWindow[]): PQueue[] {
    const known = meters.get(key);
    if (known) return known;
    if (meters.size >= MAX_METERS) dropIdle(meters);
    const made = windows.map(
      ({ count, perMs }) => new PQueue({ intervalCap: count, interval: perMs, strict: true, concurrency: Infinity }),
    );
    meters.set(key, made);
    return made;
  }

  return {
    run: (key, windows, call, signal) =>
      meter(key, windows).reduceRight<() => Promise<unknown>>(
        (inner, queue) => () => queue.add(inner, signal ? { signal } : {}),
        call,
      )() as ReturnType<typeof call>,
  };
}

function dropIdle(meters: Map<string, PQueue[]>): void {
  for (const [key, queues] of meters) {
    if (queues.every((queue) => queue.size === 0 && queue.pending === 0)) {
      meters.delete(key);
      return;
    }
  }
}
