import type { BrokerDefinition, DataSource } from "../../connectors/base.ts";
import { commands } from "../../commands/index.ts";
import type { BotDeps } from "../bot/commands.ts";
import { userId, type BrokerName } from "../domain/ids.ts";
import { createHttpClient, type HttpClient } from "../lib/http.ts";
import type { Log } from "../lib/log.ts";
import { createRateLimiter } from "../lib/rate-limit.ts";
import { randomToken } from "../lib/token.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { createAccounts, type Broker } from "../services/accounts.ts";
import { createInstruments } from "../services/instruments/instruments.ts";
import type { Instruments } from "../services/instruments/types.ts";
import { createKeyCapture } from "../services/key-capture.ts";
import { createLogins } from "../services/logins.ts";
import { createOneTime } from "../services/one-time.ts";
import { createDesk } from "../services/orders/desk.ts";
import { createJournal, type Intent } from "../services/orders/journal.ts";
import { createTickets } from "../services/orders/tickets.ts";
import { createWatcher } from "../services/orders/watcher.ts";
import { createPortfolio } from "../services/portfolio.ts";
import { createQuotes } from "../services/quotes.ts";
import { createUsers } from "../services/users.ts";
import { allows } from "../bot/access.ts";
import type { Config } from "./config.ts";

/** A market order's price may move this far between card and confirmation, in 1/100 percent. */
const DRIFT_BASIS_POINTS = 50;

export interface Container {
  readonly deps: BotDeps;
  readonly http: HttpClient;
  readonly instruments: Instruments;
  close(): Promise<void>;
}

export interface ContainerOptions {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly definitions: readonly BrokerDefinition[];
  readonly yahoo: DataSource | null;
  readonly ownerCode: string | null;
  /** Draws the card of an order that moved on its own. */
  readonly onOrderChange: (intent: Intent) => Promise<void>;
}

/** Wires the services: the one place where implementations meet the ports. */
export function createContainer(options: ContainerOptions): Container {
  const { config, store, clock, log } = options;
  const http = createHttpClient({
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    onCall: ({ scope, method, path, outcome, ms }) =>
      log.debug({ scope, method, path, outcome, ms: Math.round(ms) }, "broker call"),
  });
  const brokers = connectAll(options, http, () => instruments);
  const users = createUsers({
    store,
    clock,
    ownerId: config.ownerId === null ? null : userId(config.ownerId),
    ownerCode: options.ownerCode,
  });
  const accounts = createAccounts({ store, clock, brokers });
  const instruments = createInstruments({ brokers, accounts, clock, log, dataDir: config.dataDir });
  const oneTime = createOneTime({ store, clock });
  const journal = createJournal({ store, clock });
  const quotes = createQuotes({ accounts, clock, yahoo: options.yahoo });
  const watcher = createWatcher({ accounts, journal, clock, log, onChange: options.onOrderChange });
  const mayTrade = async (id: Parameters<typeof users.get>[0]): Promise<boolean> =>
    allows((await users.get(id))?.role ?? "pending", "trader");
  const deps: BotDeps = {
    users,
    accounts,
    instruments,
    quotes,
    journal,
    watcher,
    clock,
    logins: createLogins({ accounts, oneTime, publicUrl: config.publicUrl }),
    keyCapture: createKeyCapture({ store, clock, accounts }),
    portfolio: createPortfolio(accounts),
    tickets: createTickets({ accounts, quotes, journal, clock, guard: { check: async () => [] } }),
    desk: createDesk({
      accounts,
      journal,
      quotes,
      clock,
      log,
      driftBasisPoints: DRIFT_BASIS_POINTS,
      mayTrade,
      newConfirmId: randomToken,
    }),
    publicUrl: config.publicUrl,
    isPublic: config.publicUrl.startsWith("https://"),
    commands: () => commands,
  };
  return { deps, http, instruments, close: () => http.close() };
}

/** Every definition becomes a connector over the one HTTP client and the one limiter. */
function connectAll(
  { config, clock, log, definitions }: ContainerOptions,
  http: HttpClient,
  instruments: () => Instruments,
): ReadonlyMap<BrokerName, Broker> {
  const limiter = createRateLimiter();
  return new Map(
    definitions.map((definition) => {
      const connector = definition.create({
        http,
        limiter,
        instruments: () => instruments().table(definition.name),
        now: () => clock.now(),
        roots: { ...definition.roots, ...pick(config.roots, Object.keys(definition.roots)) },
        warn: (message, fields) => log.warn({ broker: definition.name, ...fields }, message),
      });
      return [definition.name, { definition, connector }];
    }),
  );
}

function pick(from: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
}
