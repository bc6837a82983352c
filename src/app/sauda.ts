import { run } from "@grammyjs/runner";
import type { Api } from "grammy";
import { brokerDefinitions } from "../../connectors/index.ts";
import { lateNote } from "../bot/text.ts";
import { createClock } from "../lib/clock.ts";
import { createLog, type Log } from "../lib/log.ts";
import { Secret } from "../lib/secret.ts";
import { randomAlphanumeric } from "../lib/token.ts";
import { createOutbox, type Outbox } from "../notify/outbox.ts";
import { sendNotification } from "../notify/telegram.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { createDigests } from "../services/digests.ts";
import { createJobs } from "../services/jobs.ts";
import { healthRoutes } from "../web/health.ts";
import { oauthRoutes } from "../web/oauth.ts";
import { startWebServer } from "../web/server.ts";
import type { LocalWorld } from "../../playground/start.ts";
import type { Config } from "./config.ts";
import { createContainer, type Container } from "./container.ts";
import { ALLOWED_UPDATES, createBot } from "./create-bot.ts";
import { closingDigest } from "./jobs.ts";
import { announceCommands } from "./menu.ts";
import { openStore } from "./open-store.ts";
import { openPaper } from "./paper.ts";
import { startLoop, startSchedule } from "./schedule.ts";
import { redrawOrder, tellLogin } from "./telegram-out.ts";

const WATCH_EVERY_MS = 500;
const DELIVER_EVERY_MS = 500;
const DRAIN_MS = 8_000;

export interface Sauda {
  readonly port: number;
  /** The local Telegram, when there is no real one. */
  readonly playground: LocalWorld["telegram"] | null;
  /** The levers of the simulated brokers, in the playground. */
  readonly lab: LocalWorld["lab"] | null;
  stop(): Promise<void>;
}

/** Everything, in the order it has to start; `say` prints the few lines that the operator must see. */
export async function startSauda(config: Config, say: (line: string) => void): Promise<Sauda> {
  const log = createLog({ level: config.logLevel });
  const clock = createClock(config.startAt);
  const store = await openStore(config, clock, log);
  const world = config.telegram ? null : await startLocal(config, clock);
  const effective: Config = world
    ? { ...config, roots: { ...config.roots, ...world.roots }, ownerId: config.ownerId ?? world.ownerId }
    : config;
  const ownerCode = await ownerCodeFor(effective, store, clock, say);

  let redraw: (intent: Parameters<typeof redrawOrder>[3]) => Promise<void> = async () => undefined;
  const container = createContainer({
    config: effective,
    store,
    clock,
    log,
    ownerCode,
    definitions: [world ? world.paper : openPaper(effective, clock), ...brokerDefinitions],
    yahoo: null,
    onOrderChange: (intent) => redraw(intent),
  });
  const { deps } = container;
  const telegram = world
    ? { token: new Secret(world.telegram.token), apiRoot: world.telegram.url }
    : required(config.telegram);
  const bot = createBot({ ...telegram, deps, store, log });
  const outbox = createTelegramOutbox(bot.api, { store, clock, log, container });
  redraw = (intent) =>
    redrawOrder(bot.api, deps, outbox, intent).catch((error: unknown) => log.warn({ err: error }, "card not redrawn"));

  await bot.init();
  await announceCommands(bot.api, log);
  const chatUrl = world ? world.telegram.url : `https://t.me/${bot.botInfo.username}`;
  const web = await startWebServer(config.port, [
    healthRoutes({ store: () => store.ping(), telegram: () => bot.api.getMe() }),
    oauthRoutes({ logins: deps.logins, tell: (user, result) => tellLogin(bot.api, deps, user, result), chatUrl, log }),
  ]);
  const jobs = createJobs({ store, clock, users: deps.users, log });
  const digest = closingDigest({ bot: deps, digests: createDigests(deps.accounts), notifier: outbox });
  const schedule = startSchedule(
    [{ name: "closing-digest", at: "* 15-23 * * 1-5", run: () => jobs.runDue(digest) }],
    log,
  );
  const loops = [
    startLoop("orders", WATCH_EVERY_MS, () => deps.watcher.sweep(), log),
    startLoop("outbox", DELIVER_EVERY_MS, () => outbox.deliver(), log),
  ];
  const runner = run(bot, { runner: { fetch: { allowed_updates: [...ALLOWED_UPDATES] } } });
  log.info({ port: web.port, mode: config.mode, store: config.mongoUri ? "mongodb" : "embedded" }, "started");
  if (world) say(`Sauda is running. Open ${world.telegram.url}`);

  return {
    port: web.port,
    playground: world?.telegram ?? null,
    lab: world?.lab ?? null,
    async stop() {
      log.info("stopping");
      if (runner.isRunning()) await runner.stop();
      await drained(() => runner.size() === 0);
      await schedule.stop();
      await Promise.all(loops.map((loop) => loop.stop()));
      await web.close();
      await world?.close();
      await container.close();
      await store.close();
      log.info("stopped");
    },
  };
}

async function startLocal(config: Config, clock: Clock): Promise<LocalWorld> {
  const { startLocalWorld } = await import("../../playground/start.ts");
  return startLocalWorld({
    port: config.port === 0 ? 0 : config.port + 1,
    dataDir: config.dataDir,
    now: () => clock.now(),
    publicUrl: config.publicUrl,
  });
}

/** Without OWNER_ID and without an owner in the store, whoever sends this code becomes the owner. */
async function ownerCodeFor(
  config: Config,
  store: Store,
  clock: Clock,
  say: (line: string) => void,
): Promise<string | null> {
  if (config.ownerId !== null) return null;
  const { createUsers } = await import("../services/users.ts");
  const owner = await createUsers({ store, clock, ownerId: null, ownerCode: null }).owner();
  if (owner) return null;
  const code = randomAlphanumeric(12);
  say(`No owner yet. Send /start ${code} to the bot to own it.`);
  return code;
}

function createTelegramOutbox(
  api: Api,
  { store, clock, log, container }: { store: Store; clock: Clock; log: Log; container: Container },
): Outbox {
  return createOutbox({
    store,
    clock,
    log,
    send: (notification, lateBy) => sendNotification(api, notification, lateBy === null ? null : lateNote(lateBy)),
    onBlocked: async (user) => {
      await container.deps.users.update(user, () => ({ hasStopped: true }));
    },
  });
}

/** Handlers that are still running get their time to end. */
async function drained(isEmpty: () => boolean): Promise<void> {
  const endsAt = Date.now() + DRAIN_MS;
  while (!isEmpty() && Date.now() < endsAt) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function required<T>(value: T | null): T {
  if (value === null) throw new Error("no Telegram settings");
  return value;
}
