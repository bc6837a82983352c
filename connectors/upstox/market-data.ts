import type { InstrumentKey } from "../../src/domain/ids.ts";
import { isDerivative, type Instrument } from "../../src/domain/instrument.ts";
import { price, priceFromRupees } from "../../src/domain/money.ts";
import type { Depth, Quote } from "../../src/domain/portfolio.ts";
import { BrokerError } from "../../src/errors.ts";
import type { Access, BrokerConnector, ConnectorDeps } from "../base.ts";
import { batchesOf } from "../batches.ts";
import { finishCandles, readCalls } from "../candles.ts";
import { levelsOf, priceOrNull } from "../quotes.ts";
import { candleRequests, DAILY, toCandle, type CandleRequest } from "./candles.ts";
import type { Client } from "./client.ts";
import { INVALID_BAR, INVALID_KEY, mapReply } from "./errors.ts";
import type { CandleRaw, QuoteRaw } from "./schemas.ts";
import { UPSTOX } from "./facts.ts";

const QUOTES_PER_CALL = 500;
const QUOTES = "GET /v2/market-quote/quotes";
const CANDLES = "GET /v3/historical-candle";

type MarketData = Pick<BrokerConnector, "getQuotes" | "getQuote" | "getOrderbook" | "getHistoricalData">;

export function createMarketData(client: Client, deps: Pick<ConnectorDeps, "instruments" | "now">): MarketData {
  /** One key that Upstox no longer has may fail the whole call, so each half is asked for, down to that key. */
  async function quotesOf(access: Access, keys: readonly string[], signal?: AbortSignal): Promise<QuoteRaw[]> {
    try {
      return Object.values(await client.getQuotes(access, keys, signal));
    } catch (error) {
      if (!hasCode(error, INVALID_KEY)) throw error;
      if (keys.length === 1) return [];
      const half = Math.ceil(keys.length / 2);
      const first = await quotesOf(access, keys.slice(0, half), signal);
      return [...first, ...(await quotesOf(access, keys.slice(half), signal))];
    }
  }

  /** Rows are matched by the key within them: the names in the reply are not the ones in the request. */
  async function rowsOf(access: Access, instruments: readonly Instrument[], signal?: AbortSignal) {
    const master = await deps.instruments();
    const wanted = new Map<string, Instrument>();
    for (const instrument of instruments) {
      const venue = master.byKey(instrument.key);
      if (venue) wanted.set(venue.venueSymbol, instrument);
    }
    const found: { instrument: Instrument; row: QuoteRaw }[] = [];
    for (const keys of batchesOf([...wanted.keys()], QUOTES_PER_CALL)) {
      for (const row of await quotesOf(access, keys, signal)) {
        const instrument = wanted.get(row.instrument_token);
        if (instrument) found.push({ instrument, row });
      }
    }
    return found;
  }

  async function getQuotes(access: Access, instruments: readonly Instrument[], signal?: AbortSignal) {
    const rows = await rowsOf(access, instruments, signal);
    const quotes = mapReply(QUOTES, () => rows.map(({ instrument, row }) => toQuote(instrument, row)));
    return new Map<InstrumentKey, Quote>(quotes.flatMap((quote) => (quote ? [[quote.key, quote] as const] : [])));
  }

  /** Unverified: whether the endpoint for today has daily bars. If it refuses them, today's bar is left out. */
  async function candlesOf(access: Access, key: string, request: CandleRequest, signal?: AbortSignal) {
    try {
      return (await client.getCandles(access, { key, ...request }, signal)).candles;
    } catch (error) {
      const isToday = request.range === null && request.bar === DAILY.name;
      if (isToday && INVALID_BAR.some((code) => hasCode(error, code))) return [] satisfies CandleRaw[];
      throw error;
    }
  }

  return {
    getQuotes,
    async getQuote(access, instrument, signal) {
      const quote = (await getQuotes(access, [instrument], signal)).get(instrument.key);
      return quote ?? noPrice(instrument, QUOTES);
    },
    async getOrderbook(access, instrument, signal) {
      const [found] = await rowsOf(access, [instrument], signal);
      if (!found) return noPrice(instrument, QUOTES);
      return mapReply(QUOTES, () => toDepth(instrument, found.row));
    },
    async getHistoricalData(access, query, signal) {
      const venue = (await deps.instruments()).byKey(query.instrument.key);
      if (!venue) return noPrice(query.instrument, CANDLES);
      const candles = await readCalls(candleRequests(query, deps.now()), async (request) => {
        const rows = await candlesOf(access, venue.venueSymbol, request, signal);
        return mapReply(CANDLES, () => rows.map(toCandle));
      });
      return finishCandles(candles, query.interval, query);
    },
  };
}

const hasCode = (error: unknown, code: string): boolean => error instanceof BrokerError && error.brokerCode === code;

function noPrice({ symbol }: Instrument, endpoint: string): never {
  throw new BrokerError("rejected", `Upstox has no price of ${symbol}`, { broker: UPSTOX, endpoint });
}

/** Null when nothing has traded yet. `ohlc.close` is today's: the previous close is last price less change. */
export function toQuote(instrument: Instrument, row: QuoteRaw): Quote | null {
  const ltp = priceOrNull(row.last_price);
  if (ltp === null) return null;
  const change = row.net_change ?? null;
  const at = Number(row.last_trade_time ?? 0);
  return {
    key: instrument.key,
    symbol: instrument.symbol,
    ltp,
    open: priceOrNull(row.ohlc?.open),
    high: priceOrNull(row.ohlc?.high),
    low: priceOrNull(row.ohlc?.low),
    prevClose: change === null ? null : price(ltp - priceFromRupees(change)),
    bid: levelsOf(row.depth?.buy)[0]?.price ?? null,
    ask: levelsOf(row.depth?.sell)[0]?.price ?? null,
    // An index is not traded: its volume comes as 0.
    volume: instrument.kind === "index" ? null : (row.volume ?? null),
    openInterest: isDerivative(instrument) ? (row.oi ?? null) : null,
    lowerCircuit: priceOrNull(row.lower_circuit_limit),
    upperCircuit: priceOrNull(row.upper_circuit_limit),
    at: Number.isSafeInteger(at) && at > 0 ? at : null,
    source: "broker",
  };
}

export const toDepth = (instrument: Instrument, row: QuoteRaw): Depth => ({
  key: instrument.key,
  symbol: instrument.symbol,
  bids: levelsOf(row.depth?.buy),
  asks: levelsOf(row.depth?.sell),
  totalBidQty: row.total_buy_quantity ?? null,
  totalAskQty: row.total_sell_quantity ?? null,
  ltp: priceOrNull(row.last_price),
});
