import type { BrokerDefinition, InstrumentTable, VenueInstrument } from "../../connectors/base.ts";
import { nextWeekday } from "../../src/domain/calendar.ts";
import type { BrokerName, UserId } from "../../src/domain/ids.ts";
import { userId } from "../../src/domain/ids.ts";
import { createClock } from "../../src/lib/clock.ts";
import { createKeyring, parseKey } from "../../src/lib/crypto.ts";
import { createHttpClient } from "../../src/lib/http.ts";
import { createLog } from "../../src/lib/log.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Store } from "../../src/ports/store.ts";
import { type Accounts, type Broker, createAccounts } from "../../src/services/accounts/accounts.ts";
import { createOrderServices, type OrderServices } from "../../src/services/orders/orders.ts";
import type { OrderTiming } from "../../src/services/orders/timing.ts";
import { createQuotes } from "../../src/services/quotes/quotes.ts";
import { openMongoStore } from "../../src/store/mongo/store.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { DEFINITIONS } from "./street.ts";
import { asGiven } from "../services/stub-broker.ts";

export const ASHA: UserId = userId(1001);

export interface BotConfig {
  readonly store: { readonly engine: "sqlite" | "mongo"; readonly place: string; readonly database: string };
  readonly key: string;
  /** How far the pretended clock is ahead of the machine's; the same for every process of a run. */
  readonly offsetMs: number;
  readonly roots: Readonly<Record<string, string>>;
}

/** Shorter than in production, because the simulated books show an order at once. */
const TIMING: OrderTiming = { sendWithinMs: 1_000, callMs: 1_200, leaseMs: 3_000 };
const BELIEVED_AFTER_MS = 1_500;

export function openStore({ store, key }: BotConfig, clock: Clock): Promise<Store> | Store {
  const keyring = createKeyring({ current: parseKey(key) });
  const now = (): number => clock.now();
  if (store.engine === "sqlite") return openSqliteStore({ dir: store.place, now, keyring });
  return openMongoStore({ uri: new Secret(store.place), now, keyring, database: store.database });
}

export interface ChaosBot extends OrderServices {
  readonly accounts: Accounts;
  readonly instruments: InstrumentTable;
}

/** The real services over the real connectors, without Telegram. */
export async function openBot(config: BotConfig, store: Store, clock: Clock): Promise<ChaosBot> {
  const http = createHttpClient({ now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms, signal) });
  const tables = new Map<string, Promise<InstrumentTable>>();
  const brokers = new Map<BrokerName, Broker>();
  for (const definition of DEFINITIONS) {
    const connector = await definition.create({
      http,
      // The simulated brokers enforce no rate limits here, so waiting for them would only make the run longer.
      limiter: { run: (_key, _windows, call) => call() },
      instruments: () => tables.get(definition.name) ?? Promise.reject(new Error("no master")),
      now: () => clock.now(),
      roots: config.roots,
      warn: () => undefined,
    });
    tables.set(definition.name, tableOf(connector.getInstruments?.({ onSkipped: () => undefined })));
    const shortened: BrokerDefinition = { ...definition, notFoundBelievedAfterMs: BELIEVED_AFTER_MS };
    brokers.set(definition.name, { definition: shortened, connector: async () => connector });
  }
  const all = await Promise.all(tables.values());
  const [instruments] = all;
  if (!instruments) throw new Error("no masters");
  const accounts = createAccounts({ store, clock, brokers, log: createLog({ level: "silent" }) });
  const services = createOrderServices({
    store,
    accounts,
    quotes: createQuotes({ accounts, clock, yahoo: null }),
    closes: asGiven,
    instruments: {
      byKey: async (key) => instruments.byKey(key)?.instrument,
      resolve: async () => ({ kind: "none", suggestions: [] }),
    },
    clock,
    log: createLog({ level: "silent" }),
    onChange: async () => undefined,
    mayTrade: async () => true,
    needsEgress: async () => false,
    phaseOf: () => "open",
    nextTradingDay: nextWeekday,
    protectionBasisPoints: async () => 100,
    timing: TIMING,
  });
  return { ...services, accounts, instruments };
}

async function tableOf(rows: AsyncIterable<VenueInstrument> | undefined): Promise<InstrumentTable> {
  const byKey = new Map<string, VenueInstrument>();
  const bySymbol = new Map<string, VenueInstrument>();
  const byVenueSymbol = new Map<string, VenueInstrument>();
  for await (const row of rows ?? []) {
    byKey.set(row.instrument.key, row);
    bySymbol.set(row.instrument.symbol, row);
    byVenueSymbol.set(`${row.instrument.segment}:${row.venueSymbol}`, row);
  }
  return {
    byKey: (key) => byKey.get(key),
    bySymbol: (symbol) => bySymbol.get(symbol),
    byVenueSymbol: (segment, symbol) => byVenueSymbol.get(`${segment}:${symbol}`),
  };
}

export const clockOf = ({ offsetMs }: Pick<BotConfig, "offsetMs">): Clock => createClock(Date.now() + offsetMs);
