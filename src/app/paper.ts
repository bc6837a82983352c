import { join } from "node:path";
import type { BrokerConnector, BrokerDefinition, ConnectorDeps, DataSource } from "../../connectors/base.ts";
import type { DaySession } from "../../connectors/paper/exchange/calendar.ts";
import type { KeptExchange } from "../../connectors/paper/exchange/kept.ts";
import type { Exchange } from "../../connectors/paper/exchange/types.ts";
import { createPaper } from "../../connectors/paper/index.ts";
import { mayBeTradingDay, type TradingCalendar } from "../domain/calendar.ts";
import { brokerName, type InstrumentKey } from "../domain/ids.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { OrderOutcome } from "../domain/order.ts";
import type { Quote } from "../domain/portfolio.ts";
import { BrokerError } from "../errors.ts";
import type { FailureLog } from "../lib/failure-log.ts";
import type { Clock } from "../ports/clock.ts";

const NO_PRICE = "Paper fills at real prices only, and there is none for this right now.";
const NO_BOOK = "Paper has no order book of its own.";
const SEED = 20_261_123;
/** Older prices are fetched again before use. */
const FRESH_MS = 15_000;

export interface LivePaper {
  readonly definition: BrokerDefinition;
  /** Reads the paper accounts from disk; otherwise the first call does. Throws ConfigError on an invalid file. */
  open(): Promise<void>;
  /** Saves the paper accounts. */
  close(): Promise<void>;
}

export interface PaperOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly prices: DataSource;
  readonly calendar: () => TradingCalendar;
  /** Told when the accounts could not be saved, which is retried, and when they were. */
  readonly failures: FailureLog;
}

/** The paper broker for use beside real brokers: follows the market's hours and fills only at real prices. */
export function createLivePaper({ dataDir, clock, prices, calendar, failures }: PaperOptions): LivePaper {
  const live = createLivePrices(prices, clock);
  let kept: Promise<KeptExchange> | null = null;
  async function read(): Promise<KeptExchange> {
    const { openKeptExchange } = await import("../../connectors/paper/exchange/kept.ts");
    return openKeptExchange(join(dataDir, "paper.json"), {
      failures,
      seed: SEED,
      now: () => clock.now(),
      isAlwaysOpen: false,
      sessionOn: (date) => sessionOn(date, calendar()),
      priceSource: live.get,
    });
  }
  const exchange = async (): Promise<Exchange> => (await (kept ??= read())).exchange;
  const paper = createPaper({ exchange });
  return {
    definition: {
      ...paper,
      // The paper exchange invents candles and depth, so with real prices both come from other sources.
      capabilities: { ...paper.capabilities, candles: false, depth: false },
      create: async (deps: ConnectorDeps) => atLivePrices(await paper.create(deps), live, await exchange()),
    },
    open: async () => void (await exchange()),
    close: async () => (await kept)?.close(),
  };
}

/** A session whose hours come by circular is not traded on paper until calendar.json has them. */
function sessionOn(date: string, calendar: TradingCalendar): DaySession {
  if (!mayBeTradingDay(date, calendar)) return "closed";
  const named = calendar.days.get(date);
  if (named?.kind !== "special") return "normal";
  return named.hours === "by-circular" ? "closed" : named.hours;
}

interface LivePrices {
  /** Null when the source has no price, undefined when it has not been asked yet. */
  get: (key: InstrumentKey) => Quote | null | undefined;
  /** Fetches prices that are missing or stale. */
  load(instruments: readonly Instrument[]): Promise<void>;
}

/** Real prices, loaded in advance, because the paper exchange matches orders synchronously. */
function createLivePrices(source: DataSource, clock: Clock): LivePrices {
  const quotes = new Map<InstrumentKey, Quote | null>();
  const askedAt = new Map<InstrumentKey, number>();
  let pending: Promise<unknown> = Promise.resolve();

  async function fetch(instruments: readonly Instrument[]): Promise<void> {
    const fetched = await source.getQuotes(instruments).catch(() => new Map<InstrumentKey, Quote>());
    for (const { key } of instruments) quotes.set(key, fetched.get(key) ?? quotes.get(key) ?? null);
  }

  async function load(instruments: readonly Instrument[]): Promise<void> {
    const now = clock.now();
    const stale: Instrument[] = [];
    for (const instrument of instruments) {
      if (Math.abs(now - (askedAt.get(instrument.key) ?? 0)) < FRESH_MS) continue;
      askedAt.set(instrument.key, now);
      stale.push(instrument);
    }
    // Also waits for fetches that earlier calls started. Results are dropped, or each promise would keep all before it.
    if (stale.length > 0) pending = Promise.all([pending, fetch(stale)]).then(() => undefined);
    await pending;
  }

  return { get: (key) => quotes.get(key), load };
}

const noPrice = (endpoint: string): BrokerError =>
  new BrokerError("unavailable", NO_PRICE, { broker: brokerName("paper"), endpoint });
const refused: OrderOutcome = { kind: "rejected", reason: NO_PRICE, raw: NO_PRICE };

/** Wraps the paper connector: loads real prices before each call, and refuses instruments without one. */
function atLivePrices(paper: BrokerConnector, live: LivePrices, exchange: Exchange): BrokerConnector {
  /** Always includes everything held or on order, because every read of the exchange matches its orders. */
  const load = (more: readonly Instrument[]): Promise<void> => live.load([...exchange.valued(), ...more]);
  /** False while a held instrument has no price, as after a restart: the exchange must not be used until it has. */
  async function isPriced(more: readonly Instrument[] = []): Promise<boolean> {
    await load(more);
    return exchange.unpriced().length === 0 && more.every(({ key }) => live.get(key));
  }
  const valued =
    <A extends readonly unknown[], R>(endpoint: string, read: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (!(await isPriced())) throw noPrice(endpoint);
      return read(...args);
    };
  const pricedOrder = async (key: InstrumentKey): Promise<boolean> => {
    // Before `find`, because a look-up matches orders too.
    await load([]);
    const instrument = exchange.find(key);
    return isPriced(instrument ? [instrument] : []);
  };
  return {
    ...paper,
    async generateSession(grant) {
      await load([]);
      return paper.generateSession(grant);
    },
    getPositions: valued("getPositions", (access) => paper.getPositions(access)),
    getHoldings: valued("getHoldings", (access) => paper.getHoldings(access)),
    getFunds: valued("getFunds", (access) => paper.getFunds(access)),
    getOrders: valued("getOrders", (access) => paper.getOrders(access)),
    getOrder: valued("getOrder", (access, orderId, handle) => paper.getOrder(access, orderId, handle)),
    getTrades: valued("getTrades", (access) => paper.getTrades(access)),
    findOrdersByTag: valued("findOrdersByTag", (access, tag) => paper.findOrdersByTag(access, tag)),
    async getQuotes(access, instruments) {
      await load(instruments);
      return paper.getQuotes(
        access,
        instruments.filter(({ key }) => live.get(key)),
      );
    },
    async getQuote(_access, instrument) {
      await load([instrument]);
      const quote = live.get(instrument.key);
      if (quote) return quote;
      throw new BrokerError("rejected", NO_PRICE, { broker: brokerName("paper"), endpoint: "getQuote" });
    },
    async getOrderbook() {
      throw new BrokerError("rejected", NO_BOOK, { broker: brokerName("paper"), endpoint: "getOrderbook" });
    },
    async getOrderCost(access, request) {
      if (paper.getOrderCost && (await pricedOrder(request.key))) return paper.getOrderCost(access, request);
      throw noPrice("getOrderCost");
    },
    placeOrder: async (access, request) =>
      (await pricedOrder(request.key)) ? paper.placeOrder(access, request) : refused,
    modifyOrder: async (access, order, change) =>
      (await isPriced()) ? paper.modifyOrder(access, order, change) : refused,
    cancelOrder: async (access, order) => ((await isPriced()) ? paper.cancelOrder(access, order) : refused),
  };
}
