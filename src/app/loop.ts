import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../lib/log.ts";
import { createFailureLog, type FailureLog } from "../lib/failure-log.ts";

/** Repeats `run` with pauses until stopped. Stopping aborts the signal of a run and ends a pause at once. */
export function startLoop(
  name: string,
  pauseMs: number,
  run: (signal: AbortSignal) => Promise<unknown>,
  log: Log,
): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const words = { failed: "loop failed", recovered: "loop works again" };
  const attempt = guarded(() => run(stopped.signal), createFailureLog(log, words, { loop: name }));
  const turn = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await attempt();
      await pause(pauseMs, stopped.signal);
    }
  };
  const ended = turn();
  return {
    async stop() {
      stopped.abort();
      await ended;
    },
  };
}

/** A run that never rejects: success and failure are reported to the failure log. */
export const guarded = (run: () => Promise<unknown>, failures: FailureLog) => (): Promise<void> =>
  run().then(
    () => failures.recovered(),
    (error: unknown) => failures.failed(error),
  );

/** Uses Node's timer because it removes its abort listener; the signal lives as long as the loop. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);
