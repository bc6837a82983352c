import { missingYear, WATCHED_FROM } from "../bot/daily/calendar-check.ts";
import { istDate } from "../domain/market.ts";
import type { Log } from "../lib/log.ts";
import type { WebServer } from "../web/server.ts";
import type { Assembled } from "./assemble.ts";
import type { Config } from "./config.ts";
import type { openControl } from "./control.ts";
import { createJobTable } from "./jobs.ts";
import { setCommandMenu } from "./menu.ts";
import { createRoutes } from "./routes.ts";
import { startSchedule } from "./schedule.ts";

export interface FinishStartOptions {
  readonly config: Config;
  readonly parts: Assembled;
  readonly web: WebServer;
  readonly control: ReturnType<typeof openControl>;
  /** Resolves once Telegram answers and, with polling, updates are being taken in. */
  readonly taking: Promise<void>;
  readonly running: { stop(): Promise<void> }[];
  readonly stopping: AbortSignal;
  readonly log: Log;
}

/**
 * The part of the start-up that can wait until the first updates are handled: routes, scheduled jobs, paper accounts.
 */
export async function finishStart(options: FinishStartOptions): Promise<void> {
  const { config, parts, web, control, taking, running, stopping, log } = options;
  const { bot, clock, deps, updates } = parts;
  await parts.paper?.open();
  if (stopping.aborted) return;
  const jobs = createJobTable(parts, log);
  const schedule = startSchedule(jobs.tasks, { clock, log, stopping });
  running.push(schedule);
  const routes = createRoutes({ config, parts, jobs: jobs.table, schedule, controlToken: control.token, log });
  web.serve(routes.own);
  publishControl(control, web.port, log);
  await taking;
  if (stopping.aborted) return;
  web.serve(routes.all);
  if (updates.webhook) await updates.start();
  // Load all connectors now: if the files are updated while the bot runs, a later import would load newer code.
  await Promise.all([...deps.accounts.brokers.values()].map(({ connector }) => connector()));
  const year = missingYear(istDate(clock.now()), deps.calendar.current().years, WATCHED_FROM);
  if (year !== null)
    log.warn({ year }, "trading holidays not known; the exchanges publish them in mid-December: see calendar.json");
  await setCommandMenu(bot.api, log);
}

/** A failure (full disk) is only logged, because open orders must still be tracked. */
function publishControl(control: FinishStartOptions["control"], port: number, log: Log): void {
  try {
    control.publish(port);
  } catch (error) {
    log.error({ err: error }, "control.json could not be written: npm run job will not find this bot");
  }
}
