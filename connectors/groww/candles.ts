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

/** Indices have no volume. */
export const toCandle = ([time, open, high, low, close, volume]: CandleRaw): Candle =>
  candleAt(toTime(time), open, high, low, close, volume ?? 0);
