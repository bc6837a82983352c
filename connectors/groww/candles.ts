import type { Candle, Interval } from "../../src/domain/portfolio.ts";
import type { CandleQuery } from "../base.ts";
import { candleAt, daySpansOf } from "../candles.ts";
import { toTime } from "./map.ts";
import type { CandleRaw } from "./schemas.ts";

interface Bar {
  readonly name: string;
  /** Dates per call, a little below what is allowed. */
  readonly maxDays: number;
}
const DAILY: Bar = { name: "1day", maxDays: 175 };

/** Weeks and months are built from days: how Groww delimits them and reports the current one is not documented. */
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

/** Splits a query into calls of whole days, oldest first. */
export function candleRanges({ interval, from, to }: CandleQuery): CandleRange[] {
  const { name, maxDays } = BARS[interval];
  return daySpansOf({ from, to }, maxDays).map(({ first, last }) => ({
    candle_interval: name,
    start_time: `${first} 00:00:00`,
    end_time: `${last} 23:59:59`,
  }));
}

/** A row of these that has no open was traded before the session only. */
const SHORT_BARS: ReadonlySet<Interval> = new Set(["1m", "5m", "15m"]);

/**
 * Indices have no volume. Rows were seen without an open: those before the session, the day's first of 30 minutes and
 * of an hour, and most days. Without the longer ones there would be gaps, so these cannot be read.
 */
export const toCandles = (rows: readonly CandleRaw[], interval: Interval): Candle[] =>
  rows.flatMap(([time, open, high, low, close, volume]) => {
    if (open !== null) return [candleAt(toTime(time), open, high, low, close, volume ?? 0)];
    if (SHORT_BARS.has(interval)) return [];
    throw new RangeError(`no open at ${time}`);
  });
