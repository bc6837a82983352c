import { isDayPeriod } from "../../src/domain/candles.ts";
import { istDate, istTime } from "../../src/domain/market.ts";
import type { Candle, Interval } from "../../src/domain/portfolio.ts";
import type { CandleQuery } from "../base.ts";
import { candleAt, spansOf } from "../candles.ts";
import type { CandleRaw } from "./schemas.ts";

type Bar = "1m" | "5m" | "15m" | "30m" | "1h" | "1d";

/** Angel One's interval names and the documented maximum of days per request. */
const BARS: Readonly<Record<Bar, { readonly name: string; readonly maxDays: number }>> = {
  "1m": { name: "ONE_MINUTE", maxDays: 30 },
  "5m": { name: "FIVE_MINUTE", maxDays: 100 },
  "15m": { name: "FIFTEEN_MINUTE", maxDays: 200 },
  "30m": { name: "THIRTY_MINUTE", maxDays: 200 },
  "1h": { name: "ONE_HOUR", maxDays: 400 },
  "1d": { name: "ONE_DAY", maxDays: 2000 },
};
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Angel One has no weeks and months: they are built from days. */
const barOf = (interval: Interval): Bar => (isDayPeriod(interval) ? "1d" : interval);

export interface CandleRequest {
  readonly interval: string;
  /** "YYYY-MM-DD HH:MM" IST */
  readonly fromdate: string;
  readonly todate: string;
}

/** Splits a query into requests within the documented range, oldest first. An end after now was seen refused (AB1012). */
export function candleRequests({ interval, from, to }: CandleQuery, now: number): CandleRequest[] {
  const { name, maxDays } = BARS[barOf(interval)];
  return spansOf({ from, to: Math.min(to, now) }, maxDays * DAY_MS, MINUTE_MS).map((span) => ({
    interval: name,
    fromdate: minute(span.from),
    todate: minute(span.to),
  }));
}

const minute = (at: number): string => `${istDate(at)} ${istTime(at)}`;

export const toCandle = ([time, open, high, low, close, volume]: CandleRaw): Candle =>
  candleAt(Date.parse(time), open, high, low, close, volume);
