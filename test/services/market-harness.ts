import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrokerConnector, DataSource } from "../../connectors/base.ts";
import { createExchange } from "../../connectors/paper/exchange/exchange.ts";
import { createPaper } from "../../connectors/paper/index.ts";
import { brokerName, userId, type BrokerName, type InstrumentKey, type UserId } from "../../src/domain/ids.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { istInstant } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import type { Quote } from "../../src/domain/portfolio.ts";
import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { createKeyring, generateKey, parseKey } from "../../src/lib/crypto.ts";
import { createRateLimiter } from "../../src/lib/rate-limit.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Store } from "../../src/ports/store.ts";
import { createLog } from "../../src/lib/log.ts";
import { createAccounts, type Accounts, type Link } from "../../src/services/accounts/accounts.ts";
import { createUsers, type Users } from "../../src/services/people/users.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";

const ACME = brokerName("acme");
const PAPER = brokerName("paper");

/** Test harness: a broker and a Yahoo with settable prices, and a record of every call to them. */
export interface MarketHarness {
  readonly store: Store;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
  readonly accounts: Accounts;
  readonly users: Users;
  readonly yahoo: DataSource;
  /** "broker getQuotes 2" and the like, in order. */
  readonly calls: string[];
  /** The prices of each source, in rupees. */
  readonly prices: { broker: number; yahoo: number; prevClose: number };
  /** The day's high and low at each source, in rupees; null where it has none. */
  readonly range: { high: number | null; low: number | null };
  /** Epoch ms of every price; null for now. */
  pricedAt: number | null;
  /** Errors to throw, by link id, or for "yahoo" or "all". */
  readonly failures: Map<string, BrokerErrorKind>;
  pass(ms: number): void;
  link(user: UserId): Promise<Link>;
  /** Links a paper account, whose prices are Yahoo's. */
  linkPaper(user: UserId): Promise<Link>;
  instrument(ticker: string): Instrument;
  close(): Promise<void>;
}

const rangeOf = ({ high, low }: MarketHarness["range"]): Pick<Quote, "high" | "low"> => ({
  high: high === null ? null : priceFromRupees(high),
  low: low === null ? null : priceFromRupees(low),
});

export async function openMarketHarness(): Promise<MarketHarness> {
  const dir = mkdtempSync(join(tmpdir(), "market-"));
  let now = istInstant("2026-11-23", "11:00");
  const clock = { now: () => now, sleep: async () => undefined };
  const exchange = createExchange({ seed: 5, now: clock.now });
  const calls: string[] = [];
  const prices = { broker: 100, yahoo: 99, prevClose: 100 };
  const range: MarketHarness["range"] = { high: null, low: null };
  const failures = new Map<string, BrokerErrorKind>();
  const quoteOf = ({ key, symbol }: Instrument, source: Quote["source"]): Quote => {
    const ltp = priceFromRupees(source === "broker" ? prices.broker : prices.yahoo);
    const at = harness.pricedAt ?? now;
    const prevClose = priceFromRupees(prices.prevClose);
    return { ...exchange.quote(key), key, symbol, ltp, ...rangeOf(range), prevClose, at, source };
  };
  const quotesOf = (instruments: readonly Instrument[], source: Quote["source"]) =>
    new Map<InstrumentKey, Quote>(instruments.map((each) => [each.key, quoteOf(each, source)]));
  const paper = createPaper({ exchange: () => exchange });
  const definition = { ...paper, name: ACME, title: "Acme", isPaper: false };
  const wanted = await paper.create({
    http: undefined as never,
    limiter: createRateLimiter(),
    instruments: async () => ({ byKey: () => undefined, bySymbol: () => undefined, byVenueSymbol: () => undefined }),
    now: clock.now,
    roots: {},
    warn: () => undefined,
  });
  const failing = async (link: string): Promise<void> => {
    await Promise.resolve();
    const kind = failures.get(link) ?? failures.get("all");
    if (kind) throw new BrokerError(kind, "no", { broker: ACME, endpoint: "test" });
  };
  const connector: BrokerConnector = {
    ...wanted,
    async getQuotes(access, instruments) {
      calls.push(`broker getQuotes ${instruments.length}`);
      await failing(access.link);
      return quotesOf(instruments, "broker");
    },
    async getQuote(access, instrument) {
      calls.push("broker getQuote");
      await failing(access.link);
      return quoteOf(instrument, "broker");
    },
    async getPositions(access) {
      await failing(access.link);
      return wanted.getPositions(access);
    },
    async getHistoricalData(access, query) {
      calls.push("broker candles");
      await failing(access.link);
      return wanted.getHistoricalData(access, query);
    },
  };
  const beside: BrokerConnector = { ...wanted, getQuotes: async (_access, wanted) => quotesOf(wanted, "yfinance") };
  const yahoo: DataSource = {
    name: "yfinance",
    async getQuotes(instruments) {
      calls.push(`yahoo getQuotes ${instruments.length}`);
      await failing("yahoo");
      return quotesOf(instruments, "yfinance");
    },
    async getHistoricalData({ instrument, interval, from, to }) {
      calls.push("yahoo candles");
      await failing("yahoo");
      return exchange.candles(instrument.key, interval, from, to);
    },
  };
  const store = openSqliteStore({ dir, now: clock.now, keyring: createKeyring({ current: parseKey(generateKey()) }) });
  const accounts = createAccounts({
    store,
    clock,
    log: createLog({ level: "silent" }),
    brokers: new Map([
      [ACME, { definition, connector: async () => connector }],
      [PAPER, { definition: paper, connector: async () => beside }],
    ]),
  });
  const users = createUsers({ log: createLog({ level: "silent" }), store, clock, ownerId: userId(1) });
  async function linkAt(broker: BrokerName, user: UserId): Promise<Link> {
    await users.ensure(user, "Somebody");
    await users.update(user, () => ({ role: "trader" }));
    const { _id } = await accounts.add(user, broker, {});
    const tokens = { accessToken: new Secret("t"), accountId: "A1", issuedAt: now, expiresAt: now + 86_400_000 };
    return accounts.update(_id, () => ({ tokens, is_active: true, account_id: "A1" }));
  }
  const harness: MarketHarness = {
    store,
    clock,
    accounts,
    users,
    yahoo,
    calls,
    prices,
    range,
    pricedAt: null,
    failures,
    pass: (ms) => void (now += ms),
    link: (user) => linkAt(ACME, user),
    linkPaper: (user) => linkAt(PAPER, user),
    instrument(ticker) {
      const found = exchange.instruments.find(({ symbol }) => symbol === `NSE:${ticker}`);
      if (!found) throw new Error(`not listed: ${ticker}`);
      return found;
    },
    async close() {
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return harness;
}
