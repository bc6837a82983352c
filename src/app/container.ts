import type { BrokerDefinition, DataSource } from "../../connectors/base.ts";
import { commands } from "../../commands/index.ts";
import type { BotDeps } from "../bot/commands.ts";
import { hasOpened, pastSession } from "../domain/calendar.ts";
import { userId, type UserId } from "../domain/ids.ts";
import { createHttpClient, type HttpClient } from "../lib/http.ts";
import type { Log } from "../lib/log.ts";
import type { Metrics } from "../lib/metrics.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notifier } from "../ports/notifier.ts";
import { createAccounts, type Link } from "../services/accounts/accounts.ts";
import { createInstruments } from "../services/instruments/instruments.ts";
import type { Instruments } from "../services/instruments/types.ts";
import { createAdmission } from "../services/people/admission.ts";
import { createAudit } from "../services/people/audit.ts";
import { forgetUser, type TrackedStore } from "../services/people/forget.ts";
import { createKeyCapture } from "../services/accounts/key-capture.ts";
import { createKeyForms } from "../services/accounts/key-forms.ts";
import { createOrderLock } from "../services/people/lock.ts";
import { withLoginListener } from "../services/accounts/login-listener.ts";
import { createLogins } from "../services/accounts/logins.ts";
import { createCalendar } from "../services/calendar.ts";
import { createOneTime } from "../services/one-time.ts";
import { createOrderServices } from "../services/orders/orders.ts";
import type { Intent, Origin } from "../services/orders/journal.ts";
import { createCloses, type Closes } from "../services/portfolio/closes.ts";
import { createPortfolio } from "../services/portfolio/portfolio.ts";
import { createQuotes } from "../services/quotes/quotes.ts";
import { createSnapshots } from "../services/portfolio/snapshots.ts";
import { createUsers, DEFAULT_SETTINGS } from "../services/people/users.ts";
import { allows } from "../bot/updates/access.ts";
import { letInNotification, roleNotification } from "../bot/people.ts";
import type { Config } from "./config.ts";
import { connectAll } from "./connect.ts";
import { createMarketServices } from "./market-services.ts";
import type { LinkWatch } from "./link-watch.ts";
import { orderHours } from "./order-hours.ts";

export interface Container {
  readonly deps: BotDeps;
  readonly closes: Closes;
}

export interface ContainerOptions {
  readonly config: Config;
  readonly store: TrackedStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly definitions: readonly BrokerDefinition[];
  readonly yahoo: DataSource;
  readonly http: HttpClient;
  readonly notifier: Notifier;
  readonly linkWatch: LinkWatch;
  readonly systemHealth: BotDeps["systemHealth"];
  /** Whether a person's browser can open PUBLIC_URL. */
  readonly isPublic: boolean;
  /** The playground's exchange never closes. */
  readonly isAlwaysOpen: boolean;
  /** Called after each login; marks the account on the morning's login card. */
  readonly onLogin: (link: Link) => Promise<void>;
  /** Redraws the card of an order that changed without a tap: at the broker, or because it lapsed. */
  readonly onOrderChange: (intent: Intent) => Promise<void>;
}

/** The HTTP client shared by all brokers and Yahoo. */
export const createHttp = (clock: Clock, log: Log, metrics: Metrics): HttpClient =>
  createHttpClient({
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    onCall({ scope, method, path, outcome, ms }) {
      metrics.count("sauda_http_calls_total", { method, outcome });
      metrics.time("sauda_http_call_seconds", ms, { method });
      log.debug({ scope, method, path, outcome, ms: Math.round(ms) }, "broker call");
    },
  });

/** Creates the services and wires them to their ports. */
export function createContainer(options: ContainerOptions): Container {
  const { config, store, clock, log } = options;
  const brokers = connectAll(options, (broker) => instruments.table(broker));
  const users = createUsers({
    store,
    clock,
    log,
    ownerId: config.ownerId === null ? null : userId(config.ownerId),
  });
  const accounts = createAccounts({ store, clock, brokers, log });
  const calendar = createCalendar({ dataDir: config.dataDir, clock, log });
  const hours = orderHours(
    () => calendar.current(),
    options.isAlwaysOpen,
    (share) => instruments.hasFutures(share),
  );
  const { firstExpiry } = hours;
  const instruments: Instruments = createInstruments({
    brokers,
    accounts,
    clock,
    log,
    dataDir: config.dataDir,
    firstExpiry,
  });
  const oneTime = createOneTime({ store, clock });
  const audit = createAudit({ store, clock, log });
  const quotes = createQuotes({ accounts, clock, yahoo: options.yahoo });
  const closes = createCloses({
    clock,
    quotes,
    table: (broker) => instruments.table(broker),
    hasOpened: (at) => hasOpened(at, calendar.current()),
  });
  const orderLock = createOrderLock({ store, clock, log });
  // A freeze blocks all orders except those of /panic, which only reduce risk.
  const mayTrade = async (id: UserId, origin: Origin): Promise<boolean> =>
    allows((await users.get(id))?.role ?? "pending", "trader") &&
    (origin === "panic" || !(await orderLock.state(id)).isFrozen);
  const orders = createOrderServices({
    ...hours,
    store,
    accounts,
    quotes,
    closes,
    instruments,
    clock,
    log,
    mayTrade,
    needsEgress: async (id) => (await users.get(id))?.needsEgress ?? false,
    onChange: options.onOrderChange,
    protectionBasisPoints: async (id) => ((await users.get(id))?.settings ?? DEFAULT_SETTINGS).protectionBasisPoints,
  });
  const shared = { users, accounts, closes, instruments, quotes, calendar, ...orders };
  const deps: BotDeps = {
    ...createMarketServices({ ...options, ...shared, phaseOf: hours.phaseOf }),
    users,
    accounts,
    instruments,
    quotes,
    calendar,
    ...orders,
    notifier: options.notifier,
    clock,
    snapshots: createSnapshots({ store, clock }),
    logins: withLoginListener(
      createLogins({ accounts, oneTime, users, publicUrl: config.publicUrl, opensHere: options.isPublic }),
      async (link) => {
        await audit.record(link.user_id, { what: "logged-in", account: link.label });
        await options.onLogin(link);
      },
    ),
    keyForms: createKeyForms({ accounts, oneTime, users }),
    orderLock,
    audit,
    oneTime,
    admission: createAdmission({
      users,
      oneTime,
      audit,
      clock,
      tellOwner: (owner, about, key) => options.notifier.post(letInNotification(owner, about, key)),
      tellUser: (user, before, key) => options.notifier.post(roleNotification(user, before, key)),
    }),
    forget: async (user) => {
      const links = await accounts.all(user);
      for (const link of links) await brokers.get(link.broker_name)?.definition.forget?.(link._id);
      return forgetUser(
        store,
        user,
        links.map((link) => link._id),
      );
    },
    linkHealth: (link) => options.linkWatch.of(link),
    systemHealth: options.systemHealth,
    keyCapture: createKeyCapture({ store, clock, accounts }),
    portfolio: createPortfolio({ accounts, closes, log }),
    pastSession: () => (options.isAlwaysOpen ? null : pastSession(clock.now(), calendar.current())),
    publicUrl: config.publicUrl,
    isPublic: options.isPublic,
    commands: () => commands,
  };
  return { deps, closes };
}
