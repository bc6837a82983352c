import { setTimeout as delay } from "node:timers/promises";
import type { LocalWorld } from "../../playground/start.ts";
import { createLog } from "../lib/log.ts";
import { startWebServer } from "../web/server.ts";
import { assemble, dataDirOf } from "./assemble.ts";
import type { Config } from "./config.ts";
import { openControl } from "./control.ts";
import { createLeaseHolder } from "./lease-holder.ts";
import { startLoop } from "./loop.ts";
import type { FinishStartOptions } from "./finish-start.ts";
import { waitForTelegram } from "./updates.ts";

/** Time to answer updates sent while the bot was down, before the rest is loaded, which blocks for 100 ms. */
const FIRST_UPDATES_MS = 250;
/** The rest of the start-up waits at most this long for Telegram. */
const TELEGRAM_WAIT_MS = 1_000;
const WATCH_EVERY_MS = 500;
const DELIVER_EVERY_MS = 500;
const ALERTS_EVERY_MS = 15_000;
const PNL_ALERTS_EVERY_MS = 60_000;
const PING_STORE_EVERY_MS = 30_000;

export interface Sauda {
  readonly port: number;
  /** The local Telegram of the playground. */
  readonly playground: LocalWorld["telegram"] | null;
  /** The playground's controls over its simulated brokers. */
  readonly lab: LocalWorld["lab"] | null;
  /** Resolves when everything has started, shortly after the first updates; rejects when the start failed. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

/** Creates all parts and starts them in the required order. */
export async function startSauda(config: Config, say: (line: string) => void): Promise<Sauda> {
  const log = createLog({ level: config.logLevel });
  const web = await startWebServer(config.port);
  const parts = await assemble(config, log, say).catch(async (error: unknown) => {
    await web.close();
    throw error;
  });
  const { bot, clock, deps, leases, metrics, outbox, store, updates, world } = parts;
  const control = openControl(dataDirOf(config));
  metrics.gauge("sauda_outbox_depth", () => outbox.depth());
  metrics.gauge("sauda_inbox_depth", () => updates.inbox.depth());
  metrics.gauge("sauda_inbox_running", () => updates.inbox.running());
  // Not in every process: each sweep asks the brokers for the prices of all users' alerts.
  const alerts = createLeaseHolder(leases, "alerts", () => deps.alerts.sweep());
  const pnlAlerts = createLeaseHolder(leases, "pnl-alerts", () => deps.alerts.sweepPnl());
  // Started first: open orders must be tracked even while Telegram cannot be reached.
  const running: FinishStartOptions["running"] = [
    startLoop("orders", WATCH_EVERY_MS, () => deps.watcher.sweep(), log),
    startLoop("outbox", DELIVER_EVERY_MS, (signal) => outbox.deliver(signal), log),
    startLoop("alerts", ALERTS_EVERY_MS, () => alerts.run(), log),
    startLoop("pnl-alerts", PNL_ALERTS_EVERY_MS, () => pnlAlerts.run(), log),
    startLoop("store", PING_STORE_EVERY_MS, () => store.ping(), log),
  ];
  const stopping = new AbortController();
  const reached = waitForTelegram(bot, { clock, log, signal: stopping.signal });
  // With polling, waiting updates are handled before the rest is loaded. A webhook needs its route first.
  const isWebhook = updates.webhook !== null;
  const taking = isWebhook ? reached : reached.then(() => updates.start());

  async function settle(): Promise<void> {
    await Promise.race([taking.then(() => delay(FIRST_UPDATES_MS)), delay(isWebhook ? 0 : TELEGRAM_WAIT_MS)]);
    if (stopping.signal.aborted) return;
    const { finishStart } = await import("./finish-start.ts");
    await finishStart({ config, parts, web, control, taking, running, stopping: stopping.signal, log });
    if (stopping.signal.aborted) return;
    log.info(
      { port: web.port, mode: config.mode, store: config.mongoUri && !world ? "mongodb" : "embedded" },
      "started",
    );
    if (world) say(`Sauda is running. Open ${world.telegram.url}`);
  }
  const ready = settle().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  // Callers that await `ready` get the error; without this, others would cause an unhandled rejection.
  ready.catch(() => undefined);

  return {
    port: web.port,
    playground: world?.telegram ?? null,
    lab: world?.lab ?? null,
    ready,
    async stop() {
      log.info("stopping");
      stopping.abort();
      control.close();
      await updates.stop();
      await Promise.all(running.map((each) => each.stop()));
      await Promise.all([alerts.release(), pnlAlerts.release()]).catch((error: unknown) =>
        log.warn({ err: error }, "alerts' lease not released"),
      );
      await web.close();
      await parts.close();
      log.info("stopped");
    },
  };
}
