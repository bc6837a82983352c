import { join } from "node:path";
import { Api, type Bot } from "grammy";
import { brokerDefinitions } from "../../connectors/index.ts";
import { ROOTS as YAHOO_ROOTS } from "../../connectors/yahoo/facts.ts";
import { createYahoo } from "../../connectors/yahoo/index.ts";
import type { LocalWorld } from "../../playground/start.ts";
import type { BotDeps } from "../bot/commands.ts";
import type { SaudaContext } from "../bot/context.ts";
import { keepDayOnLogin } from "../bot/daily/day-keeping.ts";
import { lateNote } from "../bot/text.ts";
import { createClock } from "../lib/clock.ts";
import { createFailureLog, type FailureLog } from "../lib/failure-log.ts";
import type { Log } from "../lib/log.ts";
import { createMetrics, type Metrics } from "../lib/metrics.ts";
import { Secret } from "../lib/secret.ts";
import { randomAlphanumeric } from "../lib/token.ts";
import { createOutbox, type Outbox } from "../notify/outbox.ts";
import { prepareNotification } from "../notify/telegram.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import type { Closes } from "../services/portfolio/closes.ts";
import { createClaims, type Claims } from "../services/claims.ts";
import { withQuietHours } from "../services/digests/delivery.ts";
import type { AuditDeps } from "../services/people/audit.ts";
import { trackCollections } from "../services/people/forget.ts";
import { createUsers, keepOwnerCode } from "../services/people/users.ts";
import type { Link } from "../services/accounts/accounts.ts";
import { createLeases, createLocalLeases, type Leases } from "../services/leases.ts";
import { toldInTime } from "../web/telling.ts";
import { type Config, opensFromChat } from "./config.ts";
import { createContainer, createHttp, type Container } from "./container.ts";
import { createBot } from "./create-bot.ts";
import { createLinkWatch } from "./link-watch.ts";
import { openStore } from "./open-store.ts";
import { createLivePaper, type LivePaper } from "./paper.ts";
import { systemHealth } from "./system-health.ts";
import { redrawLoginCard, redrawOrder } from "./telegram-out.ts";
import { createOutageNotice } from "./outage-notice.ts";
import { createUpdates, type Updates } from "./updates.ts";
import { createWriteProbe, type WriteProbe } from "./write-probe.ts";

export interface Assembled {
  readonly clock: Clock;
  readonly store: Store;
  readonly writes: WriteProbe;
  readonly metrics: Metrics;
  readonly world: LocalWorld | null;
  readonly deps: BotDeps;
  readonly bot: Bot<SaudaContext>;
  readonly outbox: Outbox;
  readonly updates: Updates;
  readonly leases: Leases;
  /** Claims of scheduled work. Created here because `/forget me` must know their collection before jobs are loaded. */
  readonly claims: Claims;
  readonly closes: Closes;
  /** The paper broker with real prices; null in the playground, which has its own. */
  readonly paper: LivePaper | null;
  close(): Promise<void>;
}

/** Creates all parts and starts none of them. `say` prints the few lines that the operator must see. */
export async function assemble(settings: Config, log: Log, say: (line: string) => void): Promise<Assembled> {
  const config = settings.telegram ? settings : withPlaygroundData(settings);
  const clock = createClock(config.startAt);
  const metrics = createMetrics();
  const store = trackCollections(await openStore(config, clock, log));
  const writes = createWriteProbe({ store, clock, log });
  const keepFailures = createFailureLog(log, {
    failed: "a file in DATA_DIR could not be written; retrying",
    recovered: "files in DATA_DIR are written again",
  });
  const world = config.telegram ? null : await startLocal(config, clock, keepFailures);
  const effective: Config = world
    ? { ...config, roots: { ...config.roots, ...world.roots }, ownerId: world.ownerId }
    : config;
  if (effective.ownerId === null) await offerOwnership({ store, clock, log }, say);

  const http = createHttp(clock, log, metrics);
  const yahoo = createYahoo({
    http,
    root: effective.roots["YAHOO_API_ROOT"] ?? YAHOO_ROOTS.YAHOO_API_ROOT,
    now: () => clock.now(),
    warn: (message, fields) => log.warn({ ...fields }, message),
  });
  const paper = world
    ? null
    : createLivePaper({
        dataDir: config.dataDir,
        clock,
        prices: yahoo,
        calendar: () => deps.calendar.current(),
        failures: keepFailures,
      });
  const container = createContainer({
    config: effective,
    store,
    clock,
    log,
    http,
    yahoo,
    definitions: [world ? world.paper : paper?.definition, ...brokerDefinitions].filter(
      (definition) => definition !== undefined,
    ),
    onOrderChange: (intent) => redrawOrder(bot.api, deps, outbox, intent),
    onLogin: async (link) => {
      // Not awaited: the login's reply must not wait until the account's day has been read.
      void keepDay(link).catch((error: unknown) =>
        log.warn({ err: error, link: link._id }, "could not save the day's snapshot after a login"),
      );
      const redrawing = redrawLoginCard(bot.api, deps, outbox, link.user_id).catch((error: unknown) =>
        log.warn({ err: error, user: link.user_id }, "could not redraw the login card"),
      );
      await toldInTime(redrawing);
    },
    notifier: { post: (notification) => outbox.post(notification) },
    linkWatch: createLinkWatch({ now: () => clock.now(), metrics }),
    systemHealth: () => systemHealth({ store, writes, inbox: updates.inbox, outbox }),
    isAlwaysOpen: world !== null,
    isPublic: opensFromChat(config.publicUrl) || (world !== null && config.port !== 0),
  });
  const { deps } = container;
  async function keepDay(link: Link): Promise<void> {
    const { createDigests } = await import("../services/digests/digests.ts");
    const digests = createDigests({ ...deps, closes: container.closes, log });
    await keepDayOnLogin({ bot: deps, digests, snapshots: deps.snapshots }, link);
  }
  const telegram = world
    ? { token: new Secret(world.telegram.token), apiRoot: world.telegram.url }
    : required(config.telegram);
  const bot = createBot({ ...telegram, deps, store, log, metrics });
  // No other process can open the embedded store.
  const leases = config.mongoUri ? createLeases({ store, clock }) : createLocalLeases();
  const outbox = createTelegramOutbox(telegram, { store, leases, clock, log, container });
  const outageNotice = createOutageNotice({ api: bot.api, users: deps.users, clock, log });
  const updates = createUpdates({ bot, token: telegram.token, config, store, leases, clock, log, outageNotice });
  return {
    clock,
    store,
    writes,
    metrics,
    world,
    deps,
    bot,
    outbox,
    updates,
    leases,
    claims: createClaims({ store, clock }),
    closes: container.closes,
    paper,
    async close() {
      await deps.pictures.close();
      await world?.close();
      await paper?.close();
      await http.close();
      await store.close();
    },
  };
}

/** The directory for this process's files: the playground has its own inside DATA_DIR. */
export const dataDirOf = ({ telegram, dataDir }: Pick<Config, "telegram" | "dataDir">): string =>
  telegram ? dataDir : join(dataDir, "playground");

/**
 * The playground must not share data with the real bot: its owner would own the real bot too, and simulated brokers would
 * be asked about real orders.
 */
const withPlaygroundData = (settings: Config): Config => ({
  ...settings,
  dataDir: dataDirOf(settings),
  mongoUri: null,
  masterKey: null,
});

async function startLocal(config: Config, clock: Clock, keepFailures: FailureLog): Promise<LocalWorld> {
  const { startLocalWorld } = await import("../../playground/start.ts");
  return startLocalWorld({
    port: config.port === 0 ? 0 : config.port + 1,
    dataDir: config.dataDir,
    now: () => clock.now(),
    publicUrl: config.publicUrl,
    keepFailures,
  });
}

/** Prints a one-time code that makes its sender the owner, unless the store has an owner. */
async function offerOwnership(deps: AuditDeps, say: (line: string) => void): Promise<void> {
  if (await createUsers({ ...deps, ownerId: null }).owner()) return;
  const code = randomAlphanumeric(12);
  await keepOwnerCode(deps, code);
  say(`No owner yet. Send /start ${code} to the bot to own it.`);
}

/** Telegram's limit per second over all chats. */
const MESSAGES_PER_SECOND = 30;

function createTelegramOutbox(
  telegram: { token: Secret; apiRoot: string },
  {
    store,
    leases,
    clock,
    log,
    container,
  }: { store: Store; leases: Leases; clock: Clock; log: Log; container: Container },
): Outbox {
  // A separate Api without the bot's retrying fetch, because the outbox handles waits and retries itself.
  const api = new Api(telegram.token.reveal(), { apiRoot: telegram.apiRoot, timeoutSeconds: 30 });
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
    prepare: async (notification, lateBy) =>
      prepareNotification(
        sender,
        await withQuietHours(notification, { users: container.deps.users, clock }),
        lateBy === null ? null : lateNote(lateBy),
      ),
    onBlocked: async (user) => {
      const known = await container.deps.users.get(user);
      if (known) await container.deps.users.update(user, () => ({ hasStopped: true }));
    },
  });
}

function required<T>(value: T | null): T {
  if (value === null) throw new Error("no Telegram settings");
  return value;
}
