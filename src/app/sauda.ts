import type { LocalWorld } from "../../playground/start.ts";
import { missingYear, WATCHED_FROM } from "../bot/daily/calendar-check.ts";
import { userId } from "../domain/ids.ts";
import { istDate } from "../domain/market.ts";
import { createLog, type Log } from "../lib/log.ts";
import { JOB_NAMES } from "../services/jobs.ts";
import { createPostbacks } from "../services/postbacks.ts";
import { healthRoutes, startingRoutes } from "../web/health.ts";
import { jobsRoutes } from "../web/jobs.ts";
import { keysRoutes } from "../web/keys.ts";
import { oauthRoutes } from "../web/oauth.ts";
import { postbackRoutes } from "../web/postback.ts";
import { startWebServer } from "../web/server.ts";
import { assemble, homeOf } from "./assemble.ts";
import type { Config } from "./config.ts";
import { openControl } from "./control.ts";
import type { JobTable } from "./jobs.ts";
import { announceCommands } from "./menu.ts";
import { startLoop, startSchedule } from "./schedule.ts";
import { tellKeys, tellLogin } from "./telegram-out.ts";
import { untilTelegramAnswers } from "./updates.ts";

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
  const web = await startWebServer(config.port, [startingRoutes()], log);
  const parts = await assemble(config, log, say).catch(async (error: unknown) => {
    await web.close();
    throw error;
  });
  const { bot, clock, deps, jobs, metrics, outbox, store, updates, world, writes } = parts;
  const control = openControl(homeOf(config));
  metrics.gauge("sauda_outbox_depth", () => outbox.depth());
  metrics.gauge("sauda_inbox_depth", () => updates.inbox.depth());
  metrics.gauge("sauda_inbox_running", () => updates.inbox.running());
  const chatUrl = (): string =>
    world ? world.telegram.url : bot.isInited() ? `https://t.me/${bot.botInfo.username}` : "https://t.me";
  const isSecure = config.publicUrl.startsWith("https://");
  const health = healthRoutes({
    store: () => Promise.all([store.ping(), writes.check()]),
    telegram: () => bot.api.getMe(),
    metrics,
    now: () => clock.now(),
  });
  const byHand = jobsRoutes({
    token: control.token,
    run: (name, user) => runByHand(jobs.table, name, user),
    log,
  });
  web.serve([health, byHand]);
  leaveWord(control, web.port, log);
  // Orders at the market are followed and messages kept, whether or not Telegram is there.
  const schedule = startSchedule(jobs.tasks, log);
  const loops = [
    startLoop("orders", WATCH_EVERY_MS, () => deps.watcher.sweep(), log),
    startLoop("outbox", DELIVER_EVERY_MS, (signal) => outbox.deliver(signal), log),
    startLoop("alerts", ALERTS_EVERY_MS, () => deps.alerts.sweep(), log),
  ];
  await untilTelegramAnswers(bot, clock, log);
  web.serve([
    health,
    oauthRoutes({
      logins: deps.logins,
      tell: (user, result) => tellLogin(bot.api, deps, user, result),
      chatUrl,
      isSecure,
      log,
    }),
    keysRoutes({
      forms: deps.keyForms,
      tell: (link, subject) => tellKeys(bot.api, deps, link, subject),
      chatUrl,
      isSecure,
      log,
    }),
    postbackRoutes({
      postbacks: createPostbacks({
        accounts: deps.accounts,
        clock,
        recent: (link, limit) => deps.journal.ofUser(link.user_id, { limit, order: "desc" }),
        look: (intent) => deps.watcher.follow(intent),
      }),
      log,
    }),
    byHand,
    ...updates.routes,
  ]);
  const year = missingYear(istDate(clock.now()), deps.calendar.current().years, WATCHED_FROM);
  if (year !== null)
    log.warn({ year }, "trading holidays not known; the exchanges publish them in mid-December: see calendar.json");
  await Promise.all([updates.start(), announceCommands(bot.api, log)]);
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

function runByHand(table: JobTable, name: string, user: string | null): Promise<string> | null {
  const job = JOB_NAMES.find((each) => each === name);
  return job ? table[job](user === null ? null : userId(user)) : null;
}
