import cron from "node-cron";
import type { Log } from "../lib/log.ts";
import { createTrouble } from "../lib/trouble.ts";
import { guarded } from "./loop.ts";

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
