import { setTimeout as delay } from "node:timers/promises";
import cron from "node-cron";
import type { Log } from "../lib/log.ts";
import { createFailureLog } from "../lib/failure-log.ts";
import type { Clock } from "../ports/clock.ts";
import { guarded } from "./loop.ts";

const MARKET_ZONE = "Asia/Kolkata";
const MINUTE_MS = 60_000;
/** Counted from the moment that tasks are told to stop. */
const DRAIN_MS = 8_000;

export interface ScheduledTask {
  readonly name: string;
  /** Cron expression in IST. */
  readonly at: string;
  /** Once the signal is aborted, it begins nothing more and ends soon. */
  readonly run: (signal: AbortSignal) => Promise<unknown>;
}

export interface Schedule {
  /** Runs a task at once, for a caller who waits for its result. */
  runNow<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Tells what is running to end, and waits for it, but not for ever. */
  stop(): Promise<void>;
}

/**
 * Runs tasks by their cron expressions. A task that is still running is not started again; one that throws is logged.
 * node-cron only matches expressions: its timer stalls after the clock is set back, and replays every missed minute after
 * the clock is set forward or the machine slept.
 */
export function startSchedule(
  tasks: readonly ScheduledTask[],
  { clock, log, stopping }: { clock: Clock; log: Log; stopping?: AbortSignal },
): Schedule {
  const stopped = new AbortController();
  let endsAt = Infinity;
  const beginStop = (): void => {
    endsAt = Math.min(endsAt, performance.now() + DRAIN_MS);
    stopped.abort();
  };
  stopping?.addEventListener("abort", beginStop, { once: true });
  const running = new Set<Promise<unknown>>();
  const track = <T>(run: Promise<T>): Promise<T> => {
    const ended = run.finally(() => running.delete(ended));
    running.add(ended);
    return ended;
  };
  const planned = tasks.map(({ name, at, run }) => {
    const words = { failed: "scheduled task failed", recovered: "scheduled task works again" };
    const attempt = guarded(() => run(stopped.signal), createFailureLog(log, words, { task: name }));
    return {
      plan: cron.createTask(at, attempt, { timezone: MARKET_ZONE, name }),
      start: oneAtATime(() => track(attempt())),
    };
  });
  const minuteNow = (): number => clock.now() - (clock.now() % MINUTE_MS);
  const turns = async (): Promise<void> => {
    for (let last = minuteNow(); !stopped.signal.aborted;) {
      await clock.sleep(MINUTE_MS - (clock.now() % MINUTE_MS), stopped.signal).catch(() => undefined);
      const minute = minuteNow();
      if (stopped.signal.aborted || minute === last) continue;
      last = minute;
      for (const { plan, start } of planned) if (plan.match(new Date(minute))) start();
    }
  };
  const ended = turns();
  return {
    runNow: (run) => track(run(stopped.signal)),
    async stop() {
      beginStop();
      await ended;
      await Promise.race([Promise.allSettled(running), delay(endsAt - performance.now(), undefined, { ref: false })]);
      for (const { plan } of planned) await plan.destroy();
    },
  };
}

function oneAtATime(attempt: () => Promise<void>): () => void {
  let isRunning = false;
  return () => {
    if (isRunning) return;
    isRunning = true;
    void attempt().finally(() => (isRunning = false));
  };
}
