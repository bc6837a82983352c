import { isOfDays, joinDays } from "../../src/domain/candles.ts";
import { addDays, istDate } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import type { Candle, Interval } from "../../src/domain/portfolio.ts";
import { toTime } from "./map.ts";
import type { CandleRaw } from "./schemas.ts";

interface Bar {
  readonly name: string;
  /** The most dates of one call, a little below what is allowed. */
  readonly maxDays: number;
}
const DAILY: Bar = { name: "1day", maxDays: 175 };

/** Weeks and months are made of days: where Groww begins them and what it has of the running one is not documented. */
const BARS: Readonly<Record<Interval, Bar>> = {
  "1m": { name: "1minute", maxDays: 28 },
  "5m": { name: "5minute", maxDays: 28 },
  "15m": { name: "15minute", maxDays: 85 },
  "30m": { name: "30minute", maxDays: 85 },
  "1h": { name: "1hour", maxDays: 175 },
  "1d": DAILY,
  "1w": DAILY,
  "1mo": DAILY,
};

export interface CandleRange {
  readonly candle_interval: string;
  readonly start_time: string;
  readonly end_time: string;
}

/** The calls that cover both ends, whole days each, oldest first. */
export function candleRanges(interval: Interval, from: number, to: number): CandleRange[] {
  const { name, maxDays } = BARS[interval];
  const last = istDate(to);
  const ranges: CandleRange[] = [];
  for (let first = istDate(from); first <= last; first = addDays(first, maxDays)) {
    const end = addDays(first, maxDays - 1);
    const range = { start_time: `${first} 00:00:00`, end_time: `${end < last ? end : last} 23:59:59` };
    ranges.push({ candle_interval: name, ...range });
  }
  return ranges;
}

/** Indices have no volume. */
export const toCandle = ([time, open, high, low, close, volume]: CandleRaw): Candle => ({
  at: toTime(time),
  open: priceFromRupees(open),
  high: priceFromRupees(high),
  low: priceFromRupees(low),
  close: priceFromRupees(close),
  volume: volume ?? 0,
});

/** Bars that start within both ends, oldest first, each once. */
export function arranged(candles: readonly Candle[], interval: Interval, from: number, to: number): Candle[] {
  const unique = [...new Map(candles.map((candle) => [candle.at, candle])).values()].sort((a, b) => a.at - b.at);
  const bars = isOfDays(interval) ? joinDays(unique, interval) : unique;
  return bars.filter(({ at }) => at >= from && at <= to);
}
