import { isOfDays, joinDays } from "../../src/domain/candles.ts";
import { istDateTime, istInstant } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import type { Candle, Interval } from "../../src/domain/portfolio.ts";
import type { CandleRaw } from "./schemas.ts";

const DAY_MS = 86_400_000;

interface KiteInterval {
  readonly name: string;
  /** The longest range that one request may ask for. */
  readonly maxDays: number;
}

/** Kite has no weeks and months: those are made of days. */
const INTERVALS: Record<Interval, KiteInterval> = {
  "1m": { name: "minute", maxDays: 60 },
  "5m": { name: "5minute", maxDays: 100 },
  "15m": { name: "15minute", maxDays: 200 },
  "30m": { name: "30minute", maxDays: 200 },
  "1h": { name: "60minute", maxDays: 400 },
  "1d": { name: "day", maxDays: 2_000 },
  "1w": { name: "day", maxDays: 2_000 },
  "1mo": { name: "day", maxDays: 2_000 },
};

/** The requests that cover a range, oldest first, in Kite's words. */
export function candleRanges(interval: Interval, from: number, to: number) {
  const { name, maxDays } = INTERVALS[interval];
  const ranges: { interval: string; from: string; to: string }[] = [];
  let start = from;
  while (start <= to) {
    const end = Math.min(to, start + maxDays * DAY_MS - 1_000);
    ranges.push({ interval: name, from: istDateTime(start), to: istDateTime(end) });
    start = end + 1_000;
  }
  return ranges;
}

/** Kite writes the zone without a colon: `2026-11-20T09:15:00+0530`. */
export function toCandle([time, open, high, low, close, volume]: CandleRaw): Candle {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})\+0530$/.exec(time);
  if (match?.[1] === undefined) throw new RangeError(`not a candle's time: ${time}`);
  return {
    at: istInstant(match[1], match[2]),
    open: priceFromRupees(open),
    high: priceFromRupees(high),
    low: priceFromRupees(low),
    close: priceFromRupees(close),
    volume,
  };
}

/** Days into weeks or months; the other intervals come from Kite as they are. */
export const inInterval = (candles: readonly Candle[], interval: Interval): Candle[] =>
  isOfDays(interval) ? joinDays(candles, interval) : [...candles];
