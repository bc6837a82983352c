import { istDateTime, istInstant } from "../../src/domain/market.ts";
import type { Candle, Interval } from "../../src/domain/portfolio.ts";
import type { CandleQuery } from "../base.ts";
import { candleAt, spansOf } from "../candles.ts";
import type { CandleRaw } from "./schemas.ts";

const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;

interface KiteInterval {
  readonly name: string;
  /** The longest range that one request may ask for. */
  readonly maxDays: number;
}

/** Kite has no weeks and months: they are built from days. */
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

/** The requests that cover a range, oldest first, with Kite's parameters. */
export function candleRanges({ interval, from, to }: CandleQuery) {
  const { name, maxDays } = INTERVALS[interval];
  return spansOf({ from, to }, maxDays * DAY_MS, SECOND_MS).map((span) => ({
    interval: name,
    from: istDateTime(span.from),
    to: istDateTime(span.to),
  }));
}

/** Kite writes the zone without a colon: `2026-11-20T09:15:00+0530`. */
export function toCandle([time, open, high, low, close, volume]: CandleRaw): Candle {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})\+0530$/.exec(time);
  if (match?.[1] === undefined) throw new RangeError(`not a candle's time: ${time}`);
  return candleAt(istInstant(match[1], match[2]), open, high, low, close, volume);
}
