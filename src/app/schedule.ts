import { setTimeout as delay } from "node:timers/promises";
import cron from "node-cron";
import type { Log } from "../lib/log.ts";
import { createTrouble, type Trouble } from "../lib/trouble.ts";

const MARKET_ZONE = "Asia/Kolkata";

export interface ScheduledTask {
  readonly name: string;
  /** Cron expression on the Indian clock. */
  readonly at: string;
  readonly run: () => Promise<unknown>;
}

/** Starts every task; one that is still running is not started again, one that throws is logged and goes on next time. */
export function startSchedule(tasks: readonly ScheduledTask[], log: Log): { stop(): Promise<void> } {
  const running = tasks.map(({ name, at, run }) => {
    const words = { met: "scheduled task failed", over: "scheduled task goes on" };
    const attempt = guarded(run, createTrouble(log, words, { task: name }));
    return cron.schedule(at, attempt, { timezone: MARKET_ZONE, noOverlap: true, name });
  });
  return {
    async stop() {
      for (const task of running) await task.destroy();
    },
  };
}

/** Repeats with a pause between, until stopped; a long run is told by its signal, the pause ends at once. */
export function startLoop(
  name: string,
  pauseMs: number,
  run: (signal: AbortSignal) => Promise<unknown>,
  log: Log,
): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const words = { met: "loop failed", over: "loop goes on" };
  const attempt = guarded(() => run(stopped.signal), createTrouble(log, words, { loop: name }));
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

const guarded = (run: () => Promise<unknown>, trouble: Trouble) => (): Promise<void> =>
  run().then(
    () => trouble.over(),
    (error: unknown) => trouble.met(error),
  );

/** Leaves nothing on the signal, which lives as long as the loop. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);
