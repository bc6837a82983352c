import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import type { BrokerDefinition } from "../../../connectors/base.ts";
import { createExchange } from "../../../connectors/paper/exchange/exchange.ts";
import { createPaper } from "../../../connectors/paper/index.ts";
import { orderHours } from "../../../src/app/order-hours.ts";
import { hasOpened, nextWeekday } from "../../../src/domain/calendar.ts";
import { type InstrumentKey, type UserId, userId } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { price, priceFromRupees } from "../../../src/domain/money.ts";
import type { Candle, Quote } from "../../../src/domain/portfolio.ts";
import { createKeyring, generateKey, parseKey } from "../../../src/lib/crypto.ts";
import { createRateLimiter } from "../../../src/lib/rate-limit.ts";
import { createAccounts, type Accounts } from "../../../src/services/accounts/accounts.ts";
import { loadCalendar } from "../../../src/services/calendar.ts";
import { createCandles } from "../../../src/services/quotes/candles.ts";
import { createOrderServices, type OrderServices } from "../../../src/services/orders/orders.ts";
import { createQuotes } from "../../../src/services/quotes/quotes.ts";
import { createNiftyShop, type NiftyShop } from "../../../src/services/strategies/nifty-shop/shop.ts";
import { createUsers, type User } from "../../../src/services/people/users.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { asGiven } from "../stub-broker.ts";
import { createLog } from "../../../src/lib/log.ts";

/** The scripted market: the price of each share by day, in rupees. */
export type Script = (ticker: string, date: string, by: "quote" | "candle") => number;

export interface PaperShop {
  readonly shop: NiftyShop;
  readonly orders: OrderServices;
  readonly accounts: Accounts;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
  /** Sells directly at the broker, without the bot. */
  sellByHand(ticker: string, qty: number): Promise<void>;
  user(): Promise<User>;
  goTo(date: string, time: string): void;
  close(): Promise<void>;
}

/** The strategy over the real order path and the paper broker, at scripted prices. */
export async function openPaperShop(
  days: readonly string[],
  tickers: readonly string[],
  script: Script,
  knownUntil = "2026-12-31",
): Promise<PaperShop> {
  const dir = mkdtempSync(join(tmpdir(), "shop-"));
  let now = istInstant(days[0] ?? "", "09:00");
  let date = days[0] ?? "";
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const dayAt = (ago: number): string => days.filter((day) => day <= date).at(-1 - ago) ?? date;
  const tickerOf = new Map<InstrumentKey, string>();
  const shareOf = new Map<InstrumentKey, Instrument>();
  const exchange = createExchange({
    seed: 3,
    now: clock.now,
    isAlwaysOpen: false,
    priceSource: (key) =>
      scriptedQuote(shareOf.get(key), tickerOf.get(key), (ticker, ago) => script(ticker, dayAt(ago), "quote"), now),
  });
  const instrument = (ticker: string): Instrument => {
    const found = exchange.instruments.find(({ symbol }) => symbol === `NSE:${ticker}-EQ`);
    if (!found) throw new Error(`not listed: ${ticker}`);
    return found;
  };
  for (const ticker of tickers) {
    tickerOf.set(instrument(ticker).key, ticker);
    shareOf.set(instrument(ticker).key, instrument(ticker));
  }
  const definition = scriptedPaper(createPaper({ exchange: () => exchange }), days, tickerOf, script, clock.now);
  const connector = await definition.create({
    http: undefined as never,
    limiter: createRateLimiter(),
    instruments: async () => ({ byKey: () => undefined, bySymbol: () => undefined, byVenueSymbol: () => undefined }),
    now: clock.now,
    roots: {},
    warn: () => undefined,
  });
  const store = openSqliteStore({ dir, now: clock.now, keyring: createKeyring({ current: parseKey(generateKey()) }) });
  const log = pino({ level: "silent" });
  const users = createUsers({ log: createLog({ level: "silent" }), store, clock, ownerId: userId(1001) });
  const accounts = createAccounts({
    store,
    clock,
    log,
    brokers: new Map([[definition.name, { definition, connector: async () => connector }]]),
  });
  const added = await accounts.add(userId(1001), definition.name, {});
  const session = await connector.generateSession({
    kind: "token",
    link: added._id,
    credentials: {},
    token: "" as never,
  });
  const link = await accounts.update(added._id, () => ({
    tokens: session,
    is_active: true,
    account_id: session.accountId,
  }));
  await users.ensure(userId(1001), "Asha");
  const quotes = createQuotes({ accounts, clock, yahoo: null });
  const candles = createCandles({ accounts, clock, yahoo: null });
  const instruments = {
    byKey: async (key: InstrumentKey) => exchange.find(key),
    resolve: async (symbol: string) => {
      const found = exchange.instruments.find((each) => each.symbol === symbol);
      return found ? { kind: "one" as const, instrument: found } : { kind: "none" as const, suggestions: [] };
    },
  };
  const orders = createOrderServices({
    store,
    accounts,
    quotes,
    closes: asGiven,
    instruments,
    clock,
    log,
    onChange: async () => undefined,
    mayTrade: async () => true,
    needsEgress: async () => false,
    phaseOf: () => "open",
    nextTradingDay: nextWeekday,
    protectionBasisPoints: async () => 100,
  });
  const calendar = loadCalendar(null);
  const hours = orderHours(() => calendar, false);
  const shop = createNiftyShop({
    store,
    clock,
    users,
    accounts,
    instruments,
    quotes,
    candles,
    constituents: { membersOn: () => tickers, knownUntil },
    phaseOf: (share, at) => hours.phaseOf(share, at),
    hasOpened: (at) => hasOpened(at, calendar),
    ...orders,
  });
  return {
    shop,
    orders,
    accounts,
    clock,
    async sellByHand(ticker, qty) {
      const { key } = instrument(ticker);
      const terms = { type: "LIMIT", price: exchange.quote(key).ltp } as const;
      const order = {
        tag: null,
        key,
        side: "SELL",
        productType: "CNC",
        validity: "DAY",
        qty,
        isAmo: false,
        terms,
      } as const;
      const reply = exchange.account(link._id).place(order);
      if (reply.kind !== "accepted") throw new Error(reply.message);
    },
    user: async () => users.ensure(userId(1001), "Asha"),
    goTo(day, time) {
      date = day;
      now = istInstant(day, time);
    },
    async close() {
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function scriptedQuote(
  instrument: Instrument | undefined,
  ticker: string | undefined,
  rupees: (ticker: string, daysAgo: number) => number,
  at: number,
): Quote | undefined {
  if (!instrument || ticker === undefined) return undefined;
  const [ltp, prevClose] = [priceFromRupees(rupees(ticker, 0)), priceFromRupees(rupees(ticker, 1))];
  const sides = { ltp, open: ltp, high: ltp, low: ltp, prevClose, bid: ltp, ask: ltp };
  const none = { volume: null, openInterest: null, lowerCircuit: null, upperCircuit: null };
  return { key: instrument.key, symbol: instrument.symbol, ...sides, ...none, at, source: "broker" };
}

/** The paper broker with candles from the script. */
function scriptedPaper(
  paper: BrokerDefinition,
  days: readonly string[],
  tickerOf: ReadonlyMap<InstrumentKey, string>,
  script: Script,
  now: () => number,
): BrokerDefinition {
  return {
    ...paper,
    create: async (deps) => ({
      ...(await paper.create(deps)),
      getHistoricalData: async (_access, { instrument, from, to }) => {
        const ticker = tickerOf.get(instrument.key) ?? "";
        return days
          .map((day): Candle => {
            const at = priceFromRupees(script(ticker, day, "candle"));
            return { at: istInstant(day), open: at, high: at, low: at, close: at, volume: price(1) };
          })
          .filter(({ at }) => at >= from && at <= Math.min(to, now()));
      },
    }),
  };
}

export const asha: UserId = userId(1001);
