import { setTimeout as delay } from "node:timers/promises";
import type { LocalWorld } from "../../playground/start.ts";
import { missingYear, WATCHED_FROM } from "../bot/daily/calendar-check.ts";
import { istDate } from "../domain/market.ts";
import { createLog, type Log } from "../lib/log.ts";
import { startWebServer } from "../web/server.ts";
import { assemble, homeOf } from "./assemble.ts";
import type { Config } from "./config.ts";
import { openControl } from "./control.ts";
import { announceCommands } from "./menu.ts";
import { startLoop } from "./loop.ts";
import { untilTelegramAnswers } from "./updates.ts";

/** In this time what was sent meanwhile is answered; loading the rest would stand in its way for 100 ms. */
const FIRST_UPDATES_MS = 250;
/** So long the rest waits for Telegram. */
const PATIENCE_MS = 1_000;
const WATCH_EVERY_MS = 500;
const DELIVER_EVERY_MS = 500;
const ALERTS_EVERY_MS = 15_000;

export interface Sauda {
  readonly port: number;
  /** The local Telegram, when there is no real one. */
  readonly playground: LocalWorld["telegram"] | null;
  /** The levers of the simulated brokers, in the playground. */
  readonly lab: LocalWorld["lab"] | null;
  stop(): Promise<void>;
}

/** Puts everything together and sets it going, in the order in which it has to start. */
export async function startSauda(config: Config, say: (line: string) => void): Promise<Sauda> {
  const log = createLog({ level: config.logLevel });
  const web = await startWebServer(config.port);
  const parts = await assemble(config, log, say).catch(async (error: unknown) => {
    await web.close();
    throw error;
  });
  const { bot, clock, deps, jobs, metrics, outbox, updates, world } = parts;
  const control = openControl(homeOf(config));
  metrics.gauge("sauda_outbox_depth", () => outbox.depth());
  metrics.gauge("sauda_inbox_depth", () => updates.inbox.depth());
  metrics.gauge("sauda_inbox_running", () => updates.inbox.running());
  // Orders at the market are followed and messages kept, whether or not Telegram is there.
  const loops = [
    startLoop("orders", WATCH_EVERY_MS, () => deps.watcher.sweep(), log),
    startLoop("outbox", DELIVER_EVERY_MS, (signal) => outbox.deliver(signal), log),
    startLoop("alerts", ALERTS_EVERY_MS, () => deps.alerts.sweep(), log),
  ];
  const reached = untilTelegramAnswers(bot, clock, log);
  // Whoever has written meanwhile comes before what nobody waits for. A webhook must have its route first.
  const isWebhook = updates.webhook !== null;
  const taking = isWebhook ? reached : reached.then(() => updates.start());
  await Promise.race([taking.then(() => delay(FIRST_UPDATES_MS)), delay(isWebhook ? 0 : PATIENCE_MS)]);
  await parts.paper?.open();
  const { startSchedule } = await import("./schedule.ts");
  const schedule = startSchedule(jobs.tasks, log);
  const { createRoutes } = await import("./routes.ts");
  const routes = createRoutes({ config, parts, controlToken: control.token, log });
  web.serve(routes.own);
  leaveWord(control, web.port, log);
  await taking;
  web.serve(routes.all);
  if (isWebhook) await updates.start();
  const year = missingYear(istDate(clock.now()), deps.calendar.current().years, WATCHED_FROM);
  if (year !== null)
    log.warn({ year }, "trading holidays not known; the exchanges publish them in mid-December: see calendar.json");
  await announceCommands(bot.api, log);
  log.info({ port: web.port, mode: config.mode, store: config.mongoUri && !world ? "mongodb" : "embedded" }, "started");
  if (world) say(`Sauda is running. Open ${world.telegram.url}`);

  return {
    port: web.port,
    playground: world?.telegram ?? null,
    lab: world?.lab ?? null,
    async stop() {
      log.info("stopping");
      control.close();
      await updates.stop();
      await schedule.stop();
      await Promise.all(loops.map((loop) => loop.stop()));
      await web.close();
      await parts.close();
      log.info("stopped");
    },
  };
}

/** A full disk is no reason to leave orders at the market alone. */
function leaveWord(control: ReturnType<typeof openControl>, port: number, log: Log): void {
  try {
    control.publish(port);
  } catch (error) {
    log.error({ err: error }, "control.json could not be written: npm run job finds no running bot");
  }
}
