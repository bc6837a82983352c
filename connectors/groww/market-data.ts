import type { InstrumentKey } from "../../src/domain/ids.ts";
import { isDerivative, type Instrument } from "../../src/domain/instrument.ts";
import { price, priceFromRupees, type Price } from "../../src/domain/money.ts";
import type { Depth, DepthLevel, Quote } from "../../src/domain/portfolio.ts";
import { BrokerError } from "../../src/errors.ts";
import type { Access, BrokerConnector, ConnectorDeps } from "../base.ts";
import { batchesOf } from "../batches.ts";
import { finishCandles, readCalls } from "../candles.ts";
import { levelsOf, priceOrNull } from "../quotes.ts";
import { candleRanges, toCandles } from "./candles.ts";
import type { Client } from "./client.ts";
import { isUnknownName, mapReply } from "./errors.ts";
import { GROWW } from "./facts.ts";
import type { QuoteRaw, SegmentRaw } from "./schemas.ts";
import { ltpName, venueOf, type Venue } from "./venue.ts";

const NAMES_PER_CALL = 50;
/** A full quote takes one call each. For more instruments than calls fit into a second, only last prices are read. */
const MAX_FULL_QUOTES = 9;
const QUOTE = "GET /v1/live-data/quote";
const LTP = "GET /v1/live-data/ltp";
const CANDLES = "GET /v1/historical/candles";

type MarketData = Pick<BrokerConnector, "getQuotes" | "getQuote" | "getOrderbook" | "getHistoricalData">;

/** Last prices by name (`NSE_SBIN`). One unknown name may fail the whole call (unverified), so each half is retried. */
export async function lastPrices(
  client: Client,
  access: Access,
  { segment, names }: { segment: SegmentRaw; names: readonly string[] },
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Price>> {
  async function ask(batch: readonly string[]): Promise<(readonly [string, number | null])[]> {
    try {
      return Object.entries(await client.getLtp(access, segment, batch, signal));
    } catch (error) {
      if (!isUnknownName(error)) throw error;
      if (batch.length === 1) return [];
      const half = Math.ceil(batch.length / 2);
      return [...(await ask(batch.slice(0, half))), ...(await ask(batch.slice(half)))];
    }
  }

  const batches = [...batchesOf([...new Set(names)], NAMES_PER_CALL)];
  const rows = (await Promise.all(batches.map(ask))).flat();
  return mapReply(
    LTP,
    () =>
      new Map(
        rows.flatMap(([name, rupees]) => {
          const ltp = priceOrNull(rupees);
          return ltp === null ? [] : [[name, ltp] as const];
        }),
      ),
  );
}

export function createMarketData(client: Client, deps: Pick<ConnectorDeps, "instruments">): MarketData {
  /** Null when Groww does not know the instrument. */
  async function rowOf(access: Access, venue: Venue, signal?: AbortSignal): Promise<QuoteRaw | null> {
    const { exchange, segment, trading_symbol } = venue;
    try {
      return await client.getQuote(access, { exchange, segment, trading_symbol }, signal);
    } catch (error) {
      if (isUnknownName(error)) return null;
      throw error;
    }
  }

  interface GrowwInstrument {
    readonly instrument: Instrument;
    readonly venue: Venue;
  }
  async function inMaster(instruments: readonly Instrument[]): Promise<GrowwInstrument[]> {
    if (instruments.length === 0) return [];
    const master = await deps.instruments();
    return instruments.flatMap((instrument) => {
      const listed = master.byKey(instrument.key);
      const venue = listed && venueOf(listed);
      return venue ? [{ instrument, venue }] : [];
    });
  }

  async function fullQuote(
    access: Access,
    { instrument, venue }: GrowwInstrument,
    signal?: AbortSignal,
  ): Promise<Quote | null> {
    const row = await rowOf(access, venue, signal);
    return row && mapReply(QUOTE, () => toQuote(instrument, row));
  }

  async function lastPriceQuotes(
    access: Access,
    requested: readonly GrowwInstrument[],
    signal?: AbortSignal,
  ): Promise<Quote[]> {
    const bySegment = [...Map.groupBy(requested, ({ venue }) => venue.segment)];
    const found = await Promise.all(
      bySegment.map(async ([segment, group]) => {
        const names = group.map(({ venue }) => ltpName(venue));
        const prices = await lastPrices(client, access, { segment, names }, signal);
        return group.flatMap(({ instrument, venue }) => {
          const ltp = prices.get(ltpName(venue));
          return ltp === undefined ? [] : [lastPriceQuote(instrument, ltp)];
        });
      }),
    );
    return found.flat();
  }

  async function getQuotes(access: Access, instruments: readonly Instrument[], signal?: AbortSignal) {
    const requested = await inMaster(instruments);
    const quotes =
      requested.length > MAX_FULL_QUOTES
        ? await lastPriceQuotes(access, requested, signal)
        : await Promise.all(requested.map((each) => fullQuote(access, each, signal)));
    return new Map<InstrumentKey, Quote>(quotes.flatMap((quote) => (quote ? [[quote.key, quote] as const] : [])));
  }

  return {
    getQuotes,
    async getQuote(access, instrument, signal) {
      const quote = (await getQuotes(access, [instrument], signal)).get(instrument.key);
      return quote ?? noPrice(instrument, QUOTE);
    },
    async getOrderbook(access, instrument, signal) {
      const [found] = await inMaster([instrument]);
      const row = found && (await rowOf(access, found.venue, signal));
      return row ? mapReply(QUOTE, () => toDepth(instrument, row)) : noPrice(instrument, QUOTE);
    },
    async getHistoricalData(access, query, signal) {
      const { instrument, interval } = query;
      const [found] = await inMaster([instrument]);
      if (!found) return noPrice(instrument, CANDLES);
      const { exchange, segment, groww_symbol } = found.venue;
      const candles = await readCalls(candleRanges(query), async (range) => {
        const rows = await client.getCandles(access, { exchange, segment, groww_symbol, ...range }, signal);
        return mapReply(CANDLES, () => toCandles(rows.candles ?? [], interval));
      });
      return finishCandles(candles, interval, query);
    },
  };
}

function noPrice({ symbol }: Instrument, endpoint: string): never {
  throw new BrokerError("rejected", `Groww has no price of ${symbol}`, { broker: GROWW, endpoint });
}

const lastPriceQuote = ({ key, symbol }: Instrument, ltp: Price): Quote => ({
  key,
  symbol,
  ltp,
  open: null,
  high: null,
  low: null,
  prevClose: null,
  bid: null,
  ask: null,
  volume: null,
  openInterest: null,
  lowerCircuit: null,
  upperCircuit: null,
  at: null,
  source: "broker",
});

/** Documented in milliseconds, seen in seconds: 1e11 is the year 5138 in seconds, and 1973 in milliseconds. */
function tradedAt({ last_trade_time: at }: QuoteRaw): number | null {
  if (typeof at !== "number" || !Number.isSafeInteger(at) || at <= 0) return null;
  return at < 1e11 ? at * 1_000 : at;
}

/** Best price first: levels were seen the other way round. */
const bidsOf = ({ depth }: QuoteRaw): DepthLevel[] => levelsOf(depth?.buy).toSorted((a, b) => b.price - a.price);
const asksOf = ({ depth }: QuoteRaw): DepthLevel[] => levelsOf(depth?.sell).toSorted((a, b) => a.price - b.price);

/** Null when nothing has traded yet. The previous close is last price less change. */
export function toQuote(instrument: Instrument, row: QuoteRaw): Quote | null {
  const ltp = priceOrNull(row.last_price);
  if (ltp === null) return null;
  const { day_change: change } = row;
  return {
    ...lastPriceQuote(instrument, ltp),
    open: priceOrNull(row.ohlc?.open),
    high: priceOrNull(row.ohlc?.high),
    low: priceOrNull(row.ohlc?.low),
    prevClose: typeof change === "number" ? price(ltp - priceFromRupees(change)) : null,
    bid: priceOrNull(row.bid_price) ?? bidsOf(row)[0]?.price ?? null,
    ask: priceOrNull(row.offer_price) ?? asksOf(row)[0]?.price ?? null,
    // An index is not traded: its volume comes as 0.
    volume: instrument.kind === "index" ? null : (row.volume ?? null),
    openInterest: isDerivative(instrument) ? (row.open_interest ?? null) : null,
    lowerCircuit: priceOrNull(row.lower_circuit_limit),
    upperCircuit: priceOrNull(row.upper_circuit_limit),
    at: tradedAt(row),
  };
}

export const toDepth = (instrument: Instrument, row: QuoteRaw): Depth => ({
  key: instrument.key,
  symbol: instrument.symbol,
  bids: bidsOf(row),
  asks: asksOf(row),
  totalBidQty: row.total_buy_quantity ?? null,
  totalAskQty: row.total_sell_quantity ?? null,
  ltp: priceOrNull(row.last_price),
});
