import { setTimeout as delay } from "node:timers/promises";

const PAUSE_MS = 500;

/** Repeats a call that is safe to repeat until it succeeds or `forMs` have passed, so that a busy server does not end the run. */
export async function retryFor<T>(forMs: number, run: () => Promise<T>): Promise<T> {
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
