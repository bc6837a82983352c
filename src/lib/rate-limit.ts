import PQueue from "p-queue";

/** At most `count` calls in any period of `perMs`. */
export interface RateWindow {
  readonly count: number;
  readonly perMs: number;
}

export interface RateLimiter {
  /**
   * Waits until every window allows a call, then makes it. Calls with the same `key` share a meter. When the signal fires
   * first, rejects with its reason, and `call` is never made.
   */
  run<T>(key: string, windows: readonly RateWindow[], call: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

const MAX_METERS = 5_000;
/** Node fires longer timers immediately. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Meters are created on first use. When there are too many, the least recently used idle one is dropped. */
export function createRateLimiter(): RateLimiter {
  const meters = new Map<string, Meter>();

  function meterFor(key: string, windows: readonly RateWindow[]): Meter {
    const meter = meters.get(key) ?? createMeter(windows);
    meters.delete(key);
    meters.set(key, meter);
    if (meters.size > MAX_METERS) dropIdle(meters);
    return meter;
  }

  return {
    async run(key, windows, call, signal) {
      if (windows.length > 0) await meterFor(key, windows).enter(signal);
      return call();
    },
  };
}

interface Meter {
  /** Resolves when a call may start; first come, first served. */
  enter(signal?: AbortSignal): Promise<void>;
  isIdle(): boolean;
}

/**
 * Checks all windows together. With one queue per window, calls past the short window would pile up at the long one and
 * leave it in a burst. A timer runs only while a call waits.
 */
function createMeter(windows: readonly RateWindow[]): Meter {
  const gate = new PQueue({ concurrency: 1 });
  const kept = Math.max(...windows.map(({ count }) => count));
  /** Start times of the latest calls, oldest first. */
  const starts: number[] = [];

  function waitMs(now: number): number {
    const waits = windows.map(({ count, perMs }) => (starts.at(-count) ?? -Infinity) + perMs - now);
    return Math.max(0, ...waits);
  }

  async function take(signal?: AbortSignal): Promise<void> {
    for (let ms = waitMs(performance.now()); ms > 0; ms = waitMs(performance.now())) {
      await pause(Math.ceil(ms), signal);
      signal?.throwIfAborted();
    }
    starts.push(performance.now());
    if (starts.length > kept) starts.shift();
  }

  return {
    enter: (signal) => gate.add(() => take(signal), signal ? { signal } : {}),
    isIdle: () => gate.size === 0 && gate.pending === 0,
  };
}

function dropIdle(meters: Map<string, Meter>): void {
  for (const [key, meter] of meters) {
    if (!meter.isIdle()) continue;
    meters.delete(key);
    return;
  }
}

/** Waits; resolves early and clears the timer when the signal fires. */
function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, MAX_TIMER_MS));
    signal?.addEventListener("abort", end);
  });
}
