import { join } from "node:path";
import type { Access, BrokerConnector, BrokerDefinition, ConnectorDeps, DataSource } from "../../connectors/base.ts";
import { openKeptExchange } from "../../connectors/paper/exchange/kept.ts";
import { createPaper } from "../../connectors/paper/index.ts";
import { brokerName, type InstrumentKey } from "../domain/ids.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { Quote } from "../domain/portfolio.ts";
import { BrokerError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";

const NO_PRICE = "Paper fills at real prices only, and there is none for this right now.";
const NO_BOOK = "Paper has no order book of its own.";
const SEED = 20_261_123;
/** A price this old is asked for again before it is used. */
const FRESH_MS = 15_000;

export interface PaperBeside {
  readonly definition: BrokerDefinition;
  /** Writes the paper accounts down for good. */
  close(): void;
}

export interface PaperOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly prices: DataSource;
  /** The accounts could not be written down; it is tried again. */
  readonly onFailure: (error: unknown) => void;
}

/** The paper broker beside real ones: open when the market is, and filled at real prices only. */
export function openPaper({ dataDir, clock, prices, onFailure }: PaperOptions): PaperBeside {
  const live = createLivePrices(prices, clock);
  const { exchange, close } = openKeptExchange(join(dataDir, "paper.json"), {
    onFailure,
    seed: SEED,
    now: () => clock.now(),
    isAlwaysOpen: false,
    priceSource: live.get,
  });
  const paper = createPaper({ exchange });
  const find = (key: InstrumentKey): Instrument | undefined => exchange.find(key);
  return {
    definition: {
      ...paper,
      // The exchange's own candles and books are made up: beside real prices, charts come from where the prices do, and
      // books from real brokers alone.
      capabilities: { ...paper.capabilities, candles: false, depth: false },
      create: (deps: ConnectorDeps) => atLivePrices(paper.create(deps), live, find),
    },
    close,
  };
}

interface LivePrices {
  get: (key: InstrumentKey) => Quote | undefined;
  /** Brings these and everything asked for before up to date. */
  load(instruments: readonly Instrument[]): Promise<void>;
}

/** Real prices, fetched before they are needed, because the exchange matches without waiting. */
function createLivePrices(source: DataSource, clock: Clock): LivePrices {
  const quotes = new Map<InstrumentKey, Quote>();
  const wanted = new Map<InstrumentKey, { instrument: Instrument; at: number }>();

  async function load(instruments: readonly Instrument[]): Promise<void> {
    for (const instrument of instruments) {
      if (!wanted.has(instrument.key)) wanted.set(instrument.key, { instrument, at: 0 });
    }
    const now = clock.now();
    const stale = [...wanted.values()].filter((entry) => now - entry.at >= FRESH_MS);
    for (const entry of stale) entry.at = now;
    if (stale.length === 0) return;
    const fetched = await source
      .getQuotes(stale.map((entry) => entry.instrument))
      .catch(() => new Map<InstrumentKey, Quote>());
    for (const [key, quote] of fetched) quotes.set(key, quote);
  }

  return { get: (key) => quotes.get(key), load };
}

/** The paper connector that asks for prices first, and refuses what has no real one. */
function atLivePrices(
  paper: BrokerConnector,
  live: LivePrices,
  find: (key: InstrumentKey) => Instrument | undefined,
): BrokerConnector {
  const fresh =
    <A extends readonly unknown[], R>(read: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await live.load([]);
      return read(...args);
    };
  /** After a restart nobody has asked for these prices yet: the rows themselves say which are needed. */
  const valued =
    <R extends { readonly key: InstrumentKey | null }>(read: (access: Access) => Promise<R[]>) =>
    async (access: Access): Promise<R[]> => {
      const rows = await read(access);
      await live.load(rows.flatMap(({ key }) => (key === null ? [] : (find(key) ?? []))));
      return read(access);
    };
  return {
    ...paper,
    getPositions: valued((access) => paper.getPositions(access)),
    getHoldings: valued((access) => paper.getHoldings(access)),
    getFunds: fresh((access) => paper.getFunds(access)),
    getOrders: fresh((access) => paper.getOrders(access)),
    getOrder: fresh((access, orderId, handle) => paper.getOrder(access, orderId, handle)),
    getTrades: fresh((access) => paper.getTrades(access)),
    async getQuotes(access, instruments) {
      await live.load(instruments);
      return paper.getQuotes(
        access,
        instruments.filter(({ key }) => live.get(key) !== undefined),
      );
    },
    async getQuote(_access, instrument) {
      await live.load([instrument]);
      const quote = live.get(instrument.key);
      if (quote) return quote;
      throw new BrokerError("rejected", NO_PRICE, { broker: brokerName("paper"), endpoint: "getQuote" });
    },
    async getOrderbook() {
      throw new BrokerError("rejected", NO_BOOK, { broker: brokerName("paper"), endpoint: "getOrderbook" });
    },
    async placeOrder(access, request) {
      const instrument = find(request.key);
      if (instrument) await live.load([instrument]);
      if (live.get(request.key) === undefined) {
        return { kind: "rejected", reason: NO_PRICE, raw: NO_PRICE };
      }
      return paper.placeOrder(access, request);
    },
  };
}
