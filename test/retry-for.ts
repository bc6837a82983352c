import { setTimeout as delay } from "node:timers/promises";

const PAUSE_MS = 500;

/** For what may be done twice: a server that is busy or hangs for a while fails its callers, not the run. */
export async function patiently<T>(forMs: number, run: () => Promise<T>): Promise<T> {
  const until = performance.now() + forMs;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (performance.now() >= until) throw error;
      await delay(PAUSE_MS);
    }
  }
}
