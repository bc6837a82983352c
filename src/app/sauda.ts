import { Api } from "grammy";
import { createYahoo, REAL_ROOT } from "../../connectors/yahoo/index.ts";
import { brokerDefinitions } from "../../connectors/index.ts";
import { lateNote } from "../bot/text.ts";
import { createClock } from "../lib/clock.ts";
import { createLog, type Log } from "../lib/log.ts";
import { createMetrics } from "../lib/metrics.ts";
import { Secret } from "../lib/secret.ts";
import { randomAlphanumeric } from "../lib/token.ts";
import { createOutbox, type Outbox } from "../notify/outbox.ts";
import { sendNotification } from "../notify/telegram.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { createDigests } from "../services/digests.ts";
import { rememberCollections } from "../services/forget.ts";
import { niftyShopJob } from "../bot/nifty-shop-job.ts";
import { createClaims } from "../services/claims.ts";
import { createJobs } from "../services/jobs.ts";
import { createLeases } from "../services/leases.ts";
import { createPostbacks } from "../services/postbacks.ts";
import { healthRoutes } from "../web/health.ts";
import { keysRoutes } from "../web/keys.ts";
import { oauthRoutes } from "../web/oauth.ts";
import { postbackRoutes } from "../web/postback.ts";
import { startWebServer } from "../web/server.ts";
import type { LocalWorld } from "../../playground/start.ts";
import type { Config } from "./config.ts";
import { createContainer, createHttp, type Container } from "./container.ts";
import { createBot } from "./create-bot.ts";
import { closingDigest } from "./jobs.ts";
import { announceCommands } from "./menu.ts";
import { createLinkWatch } from "./observed.ts";
import { openStore } from "./open-store.ts";
import { openPaper } from "./paper.ts";
import { startLoop, startSchedule } from "./schedule.ts";
import { redrawOrder, tellKeys, tellLogin } from "./telegram-out.ts";
import { systemHealth } from "./system-health.ts";
import { createUpdates, untilTelegramAnswers } from "./updates.ts";

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

/** Everything, in the order it has to start; `say` prints the few lines that the operator must see. */
export async function startSauda(config: Config, say: (line: string) => void): Promise<Sauda> {
  const log = createLog({ level: config.logLevel });
  const clock = createClock(config.startAt);
  const metrics = createMetrics();
  const store = rememberCollections(await openStore(config, clock, log));
  const world = config.telegram ? null : await startLocal(config, clock);
  const effective: Config = world
    ? { ...config, roots: { ...config.roots, ...world.roots }, ownerId: config.ownerId ?? world.ownerId }
    : config;
  const ownerCode = await ownerCodeFor(effective, store, clock, say);

  let redraw: (intent: Parameters<typeof redrawOrder>[3]) => Promise<void> = async () => undefined;
  const http = createHttp(clock, log, metrics);
  const yahoo = createYahoo({
    http,
    root: effective.roots["YAHOO_API_ROOT"] ?? REAL_ROOT,
    now: () => clock.now(),
    warn: (message, fields) => log.warn({ ...fields }, message),
  });
  const paper = world ? null : openPaper(effective, clock, yahoo);
  const container = createContainer({
    config: effective,
    store,
    clock,
    log,
    ownerCode,
    http,
    yahoo,
    definitions: [world ? world.paper : paper?.definition, ...brokerDefinitions].filter(
      (definition) => definition !== undefined,
    ),
    onOrderChange: (intent) => redraw(intent),
    notifier: { post: (notification) => outbox.post(notification) },
    linkWatch: createLinkWatch({ now: () => clock.now(), metrics }),
    systemHealth: () => systemHealth(store, updates.inbox, outbox),
    isAlwaysOpen: world !== null,
    isPublic: config.publicUrl.startsWith("https://") || (world !== null && config.port !== 0),
  });
  const { deps } = container;
  const telegram = world
    ? { token: new Secret(world.telegram.token), apiRoot: world.telegram.url }
    : required(config.telegram);
  const bot = createBot({ ...telegram, deps, store, log, metrics });
  const outbox = createTelegramOutbox(telegram, { store, clock, log, container });
  redraw = (intent) =>
    redrawOrder(bot.api, deps, outbox, intent).catch((error: unknown) => log.warn({ err: error }, "card not redrawn"));

  const updates = createUpdates({ bot, token: telegram.token, config, store, clock, log });
  metrics.gauge("sauda_outbox_depth", () => outbox.depth());
  metrics.gauge("sauda_inbox_depth", () => updates.inbox.depth());
  const chatUrl = (): string =>
    world ? world.telegram.url : bot.isInited() ? `https://t.me/${bot.botInfo.username}` : "https://t.me";
  const isSecure = config.publicUrl.startsWith("https://");
  const web = await startWebServer(
    config.port,
    [
      healthRoutes({ store: () => store.ping(), telegram: () => bot.api.getMe(), metrics, now: () => clock.now() }),
      oauthRoutes({
        logins: deps.logins,
        tell: (user, result) => tellLogin(bot.api, deps, user, result),
        chatUrl,
        isSecure,
        log,
      }),
      keysRoutes({ forms: deps.keyForms, tell: (link) => tellKeys(bot.api, deps, link), chatUrl, isSecure, log }),
      postbackRoutes({
        postbacks: createPostbacks({
          accounts: deps.accounts,
          clock,
          recent: (link, limit) => deps.journal.ofUser(link.user_id, { limit, order: "desc" }),
          look: (intent) => deps.watcher.look(intent),
        }),
        log,
      }),
      ...updates.routes,
    ],
    log,
  );
  await untilTelegramAnswers(bot, clock, log);
  await announceCommands(bot.api, log);
  const claims = createClaims({ store, clock });
  const jobs = createJobs({ claims, clock, users: deps.users, log });
  const digest = closingDigest({ bot: deps, digests: createDigests(deps.accounts), notifier: outbox });
  const schedule = startSchedule(
    [
      { name: "closing-digest", at: "* 15-23 * * *", run: () => jobs.runDue(digest) },
      {
        name: "nifty-shop",
        at: "* 9-15 * * *",
        run: async () =>
          jobs.runDue(
            niftyShopJob({ bot: deps, notifier: outbox, calendar: deps.calendar }, await deps.niftyShop.times()),
          ),
      },
    ],
    log,
  );
  const loops = [
    startLoop("orders", WATCH_EVERY_MS, () => deps.watcher.sweep(), log),
    startLoop("outbox", DELIVER_EVERY_MS, (signal) => outbox.deliver(signal), log),
    startLoop("alerts", ALERTS_EVERY_MS, () => deps.alerts.sweep(), log),
  ];
  await updates.start();
  log.info({ port: web.port, mode: config.mode, store: config.mongoUri ? "mongodb" : "embedded" }, "started");
  if (world) say(`Sauda is running. Open ${world.telegram.url}`);

  return {
    port: web.port,
    playground: world?.telegram ?? null,
    lab: world?.lab ?? null,
    async stop() {
      log.info("stopping");
      await updates.stop();
      await schedule.stop();
      await Promise.all(loops.map((loop) => loop.stop()));
      await web.close();
      await world?.close();
      paper?.close();
      await http.close();
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

/** Telegram's bound over all chats. */
const MESSAGES_PER_SECOND = 28;

function createTelegramOutbox(
  telegram: { token: Secret; apiRoot: string },
  { store, clock, log, container }: { store: Store; clock: Clock; log: Log; container: Container },
): Outbox {
  // An Api of its own, without the bot's repeating fetch: waiting out Telegram is the outbox's business.
  const api = new Api(telegram.token.reveal(), { apiRoot: telegram.apiRoot, timeoutSeconds: 30 });
  const leases = createLeases({ store, clock });
  const sender = {
    api,
    draw: (svg: string) => container.deps.pictures.draw(svg),
    onDrawFailure: (error: unknown) => log.warn({ err: error }, "picture not drawn"),
  };
  return createOutbox({
    store,
    clock,
    log,
    perSecond: MESSAGES_PER_SECOND,
    takeLease: () => leases.take("outbox"),
    send: (notification, lateBy) => sendNotification(sender, notification, lateBy === null ? null : lateNote(lateBy)),
    onBlocked: async (user) => {
      await container.deps.users.update(user, () => ({ hasStopped: true }));
    },
  });
}

function required<T>(value: T | null): T {
  if (value === null) throw new Error("no Telegram settings");
  return value;
}
