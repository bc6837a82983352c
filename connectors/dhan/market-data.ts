import { joinCandles } from "../../src/domain/candles.ts";
import type { InstrumentKey } from "../../src/domain/ids.ts";
import { isDerivative, type Instrument } from "../../src/domain/instrument.ts";
import { istDate, istTime, parseIst } from "../../src/domain/market.ts";
import { price, priceFromRupees, type Price } from "../../src/domain/money.ts";
import type { Depth, Quote } from "../../src/domain/portfolio.ts";
import { BrokerError } from "../../src/errors.ts";
import type { Access, BrokerConnector, CandleQuery, InstrumentTable } from "../base.ts";
import { batchesOf } from "../batches.ts";
import { readCalls, type Span } from "../candles.ts";
import { levelsOf, priceOrNull } from "../quotes.ts";
import { CANDLE_PLANS, splitRange, instrumentType, isOnWeekend, rangeBody, toCandles } from "./candles.ts";
import type { DhanClient } from "./client.ts";
import { mapReply } from "./errors.ts";
import { INDEX_IDS } from "./instruments.ts";
import type { QuoteRaw } from "./schemas.ts";
import { EXCHANGE_SEGMENT_OF, venueId } from "./venue.ts";
import { DHAN } from "./facts.ts";

const MAX_QUOTES_PER_CALL = 1000;
/** IST. From then on `ohlc.close` is today's close, no longer the previous one. */
const CLOSE_IS_TODAYS_FROM = "15:30";
const NO_DATA = "DH-907";
const QUOTES = "POST /marketfeed/quote";

export interface MarketDataParts {
  readonly client: DhanClient;
  /** Null when the master could not be loaded. */
  readonly table: () => Promise<InstrumentTable | null>;
  readonly now: () => number;
}

interface DhanInstrument {
  readonly instrument: Instrument;
  readonly exchangeSegment: string;
  readonly securityId: string;
}

/** Quotes, depth and candles, which need Dhan's paid data plan. */
export function createMarketData({
  client,
  table,
  now,
}: MarketDataParts): Pick<BrokerConnector, "getQuotes" | "getQuote" | "getOrderbook" | "getHistoricalData"> {
  /** Indices have ids of Dhan's own, which are in the master. */
  async function identify(instruments: readonly Instrument[]): Promise<DhanInstrument[]> {
    const master = instruments.some(({ kind }) => kind === "index") ? await table() : null;
    return instruments.flatMap((instrument): DhanInstrument[] => {
      if (instrument.kind !== "index") return [{ instrument, ...venueId(instrument.key) }];
      const securityId = master?.byKey(instrument.key)?.venueToken ?? INDEX_IDS.get(instrument.key);
      return securityId === undefined ? [] : [{ instrument, exchangeSegment: EXCHANGE_SEGMENT_OF.INDEX, securityId }];
    });
  }

  async function rawQuotes(
    access: Access,
    instruments: readonly Instrument[],
    signal?: AbortSignal,
  ): Promise<{ instrument: Instrument; raw: QuoteRaw }[]> {
    const asked = await identify(instruments);
    const found: { instrument: Instrument; raw: QuoteRaw }[] = [];
    for (const batch of batchesOf(asked, MAX_QUOTES_PER_CALL)) {
      const { data } = await client.postMarketfeedQuote(access, idsBySegment(batch), signal);
      for (const { instrument, exchangeSegment, securityId } of batch) {
        const raw = data[exchangeSegment]?.[securityId];
        if (raw) found.push({ instrument, raw });
      }
    }
    return found;
  }

  async function rawQuote(access: Access, instrument: Instrument, signal?: AbortSignal): Promise<QuoteRaw> {
    const [found] = await rawQuotes(access, [instrument], signal);
    if (found) return found.raw;
    throw noQuote(instrument);
  }

  async function candlesIn(
    access: Access,
    asked: DhanInstrument,
    query: CandleQuery,
    range: Span,
    signal?: AbortSignal,
  ) {
    const plan = CANDLE_PLANS[query.interval];
    const { exchangeSegment, securityId, instrument } = asked;
    const body = { securityId, exchangeSegment, instrument: instrumentType(instrument), oi: false };
    const post = plan.source === "daily" ? client.postChartsHistorical : client.postChartsIntraday;
    const endpoint = plan.source === "daily" ? "POST /charts/historical" : "POST /charts/intraday";
    try {
      const raw = await post(access, { ...body, ...rangeBody(plan, range) }, signal);
      return mapReply(endpoint, () => toCandles(raw, plan));
    } catch (error) {
      if (error instanceof BrokerError && isNoData(error, range)) return [];
      throw error;
    }
  }

  return {
    async getQuotes(access, instruments, signal) {
      const quotes = new Map<InstrumentKey, Quote>();
      const found = await rawQuotes(access, instruments, signal);
      for (const { instrument, raw } of found.filter(({ raw }) => raw.last_price > 0))
        quotes.set(
          instrument.key,
          mapReply(QUOTES, () => toQuote(raw, instrument, now())),
        );
      return quotes;
    },

    async getQuote(access, instrument, signal) {
      const raw = await rawQuote(access, instrument, signal);
      if (raw.last_price <= 0) throw noQuote(instrument);
      return mapReply(QUOTES, () => toQuote(raw, instrument, now()));
    },

    async getOrderbook(access, instrument, signal) {
      const raw = await rawQuote(access, instrument, signal);
      return mapReply(QUOTES, () => toDepth(raw, instrument));
    },

    async getHistoricalData(access, query, signal) {
      const plan = CANDLE_PLANS[query.interval];
      const [asked] = await identify([query.instrument]);
      if (!asked) return [];
      const candles = await readCalls(splitRange(plan, query), (range) =>
        candlesIn(access, asked, query, range, signal),
      );
      const bars = plan.startOf ? joinCandles(candles, plan.startOf) : candles;
      return bars.filter(({ at }) => at >= query.from && at <= query.to);
    },
  };
}

/** Last prices of shares. Those that Dhan does not know are absent. */
export async function lastPrices(
  client: DhanClient,
  access: Access,
  keys: readonly InstrumentKey[],
  signal?: AbortSignal,
): Promise<Map<InstrumentKey, Price>> {
  const asked = [...new Set(keys)].map((key) => ({ key, ...venueId(key) }));
  const prices = new Map<InstrumentKey, Price>();
  for (const batch of batchesOf(asked, MAX_QUOTES_PER_CALL)) {
    const { data } = await client.postMarketfeedLtp(access, idsBySegment(batch), signal);
    for (const { key, exchangeSegment, securityId } of batch) {
      const ltp = mapReply("POST /marketfeed/ltp", () => priceOrNull(data[exchangeSegment]?.[securityId]?.last_price));
      if (ltp !== null) prices.set(key, ltp);
    }
  }
  return prices;
}

const noQuote = (instrument: Instrument): BrokerError =>
  new BrokerError("rejected", `Dhan has no quote for ${instrument.symbol}`, { broker: DHAN, endpoint: QUOTES });

/** The request's body takes integers; the reply's keys are strings. */
function idsBySegment(
  asked: readonly Pick<DhanInstrument, "exchangeSegment" | "securityId">[],
): Record<string, number[]> {
  const ids: Record<string, number[]> = {};
  for (const { exchangeSegment, securityId } of asked) (ids[exchangeSegment] ??= []).push(Number(securityId));
  return ids;
}

/** DH-907 is "no data". A range of only weekend days may be refused as a bad request (unverified: with which code). */
const isNoData = (error: BrokerError, range: Span): boolean =>
  error.brokerCode === NO_DATA || (error.kind === "invalid-request" && isOnWeekend(range));

export function toQuote(raw: QuoteRaw, instrument: Instrument, now: number): Quote {
  const at = tradeTime(raw.last_trade_time);
  return {
    key: instrument.key,
    symbol: instrument.symbol,
    ltp: priceFromRupees(raw.last_price),
    open: priceOrNull(raw.ohlc.open),
    high: priceOrNull(raw.ohlc.high),
    low: priceOrNull(raw.ohlc.low),
    prevClose: previousClose(raw, at, now),
    bid: priceOrNull(raw.depth?.buy[0]?.price),
    ask: priceOrNull(raw.depth?.sell[0]?.price),
    // An index is not traded: its volume comes as 0.
    volume: instrument.kind === "index" ? null : (raw.volume ?? null),
    openInterest: isDerivative(instrument) ? (raw.oi ?? null) : null,
    lowerCircuit: priceOrNull(raw.lower_circuit_limit),
    upperCircuit: priceOrNull(raw.upper_circuit_limit),
    at,
    source: "broker",
  };
}

/** Null when it has never traded: Dhan sends `01/01/1980 00:00:00` then. */
function tradeTime(text: string | null | undefined): number | null {
  return !text || text === "NA" || text.startsWith("01/01/1980") ? null : parseIst(text);
}

/** After the close `ohlc.close` equals the last price, so the previous close is computed from the day's change. */
function previousClose(raw: QuoteRaw, tradedAt: number | null, now: number): Price | null {
  const { close } = raw.ohlc;
  const isSession = tradedAt !== null && istDate(tradedAt) === istDate(now) && istTime(now) < CLOSE_IS_TODAYS_FROM;
  if (close !== raw.last_price || isSession) return priceOrNull(close);
  return raw.net_change ? price(priceFromRupees(raw.last_price) - priceFromRupees(raw.net_change)) : null;
}

export const toDepth = (raw: QuoteRaw, instrument: Instrument): Depth => ({
  key: instrument.key,
  symbol: instrument.symbol,
  bids: levelsOf(raw.depth?.buy),
  asks: levelsOf(raw.depth?.sell),
  totalBidQty: raw.buy_quantity ?? null,
  totalAskQty: raw.sell_quantity ?? null,
  ltp: priceOrNull(raw.last_price),
});
