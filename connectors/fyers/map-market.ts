import type { Instrument } from "../../src/domain/instrument.ts";
import { istInstant } from "../../src/domain/market.ts";
import type { Candle, Depth, DepthLevel, Interval, Quote } from "../../src/domain/portfolio.ts";
import type { CandleQuery } from "../base.ts";
import { candleAt, daySpansOf, spansOf } from "../candles.ts";
import { levelsOf, priceOrNull } from "../quotes.ts";
import type { CandleRaw, DepthRaw, QuoteRaw } from "./schemas.ts";

/** Null when it has never traded. */
export function toQuote({ key, symbol, kind }: Instrument, row: QuoteRaw): Quote | null {
  const ltp = priceOrNull(row.lp);
  if (ltp === null) return null;
  return {
    key,
    symbol,
    ltp,
    open: priceOrNull(row.open_price),
    high: priceOrNull(row.high_price),
    low: priceOrNull(row.low_price),
    prevClose: priceOrNull(row.prev_close_price),
    bid: priceOrNull(row.bid),
    ask: priceOrNull(row.ask),
    // An index is not traded: its volume comes as 0.
    volume: kind === "index" ? null : (row.volume ?? null),
    openInterest: null,
    lowerCircuit: null,
    upperCircuit: null,
    at: null,
    source: "broker",
  };
}

/** Depth has everything that quotes have, plus open interest, circuit limits and the time of the last trade. */
export function quoteFromDepth(instrument: Instrument, row: DepthRaw): Quote | null {
  const ltp = priceOrNull(row.ltp);
  if (ltp === null) return null;
  return {
    key: instrument.key,
    symbol: instrument.symbol,
    ltp,
    open: priceOrNull(row.o),
    high: priceOrNull(row.h),
    low: priceOrNull(row.l),
    prevClose: priceOrNull(row.c),
    bid: toLevels(row.bids)[0]?.price ?? null,
    ask: toLevels(row.ask)[0]?.price ?? null,
    volume: row.v,
    openInterest: instrument.kind === "future" || instrument.kind === "option" ? row.oi : null,
    lowerCircuit: priceOrNull(row.lower_ckt),
    upperCircuit: priceOrNull(row.upper_ckt),
    at: row.ltt > 0 ? row.ltt * 1_000 : null,
    source: "broker",
  };
}

export const toDepth = ({ key, symbol }: Instrument, row: DepthRaw): Depth => ({
  key,
  symbol,
  bids: toLevels(row.bids),
  asks: toLevels(row.ask),
  totalBidQty: row.totalbuyqty,
  totalAskQty: row.totalsellqty,
  ltp: priceOrNull(row.ltp),
});

const toLevels = (side: DepthRaw["bids"]): DepthLevel[] =>
  levelsOf(side.map(({ price, volume, ord }) => ({ price, quantity: volume, orders: ord })));

/** Weeks and months are joined from days: Fyers' own would be cut in two where a long range is split into calls. */
export const RESOLUTIONS = {
  "1m": "1",
  "5m": "5",
  "15m": "15",
  "30m": "30",
  "1h": "60",
  "1d": "1D",
  "1w": "1D",
  "1mo": "1D",
} as const satisfies Record<Interval, string>;

const isIntraday = (interval: Interval): boolean => !["1d", "1w", "1mo"].includes(interval);

/** Daily bars are stamped 00:00 UTC of the trading date; ours start at 00:00 IST of that date. */
export function toCandle([epoch, open, high, low, close, volume]: CandleRaw, interval: Interval): Candle {
  const at = epoch * 1_000;
  const start = isIntraday(interval) ? at : istInstant(new Date(at).toISOString().slice(0, 10));
  return candleAt(start, open, high, low, close, volume);
}

const INTRADAY_SPAN_MS = 100 * 86_400_000;
const DAILY_SPAN_DAYS = 366;

/** Splits a query into ranges that one call may span: 100 days, or 366 dates for daily and longer bars. */
export function candleRanges({ interval, from, to }: CandleQuery) {
  if (isIntraday(interval))
    return spansOf({ from, to }, INTRADAY_SPAN_MS, 1_000).map((span) =>
      rangeOf("0", seconds(span.from), seconds(span.to)),
    );
  return daySpansOf({ from, to }, DAILY_SPAN_DAYS).map(({ first, last }) => rangeOf("1", first, last));
}

const rangeOf = (date_format: "0" | "1", range_from: string, range_to: string) => ({
  date_format,
  range_from,
  range_to,
});
const seconds = (at: number): string => String(Math.floor(at / 1_000));
