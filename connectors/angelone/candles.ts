import { isOfDays, joinDays } from "../../src/domain/candles.ts";
import { istDate, istTime } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import type { Candle, Interval } from "../../src/domain/portfolio.ts";
import type { CandleRaw } from "./schemas.ts";

type Bar = "1m" | "5m" | "15m" | "30m" | "1h" | "1d";

/** Angel One's name of a bar and the most days that one request may ask for (card §4.3). */
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

/** Weeks and months are not served: they are folded from days. */
const barOf = (interval: Interval): Bar => (isOfDays(interval) ? "1d" : interval);

export interface CandleRequest {
  readonly interval: string;
  /** "YYYY-MM-DD HH:MM" IST */
  readonly fromdate: string;
  readonly todate: string;
}

/** The requests that cover both ends: longer ranges than allowed are not promised to work, so they are never asked for. */
export function candleRequests(interval: Interval, from: number, to: number): CandleRequest[] {
  const { name, maxDays } = BARS[barOf(interval)];
  const requests: CandleRequest[] = [];
  for (let start = from; start <= to; start += maxDays * DAY_MS) {
    const end = Math.min(to, start + maxDays * DAY_MS - MINUTE_MS);
    requests.push({ interval: name, fromdate: minute(start), todate: minute(end) });
  }
  return requests;
}

const minute = (at: number): string => `${istDate(at)} ${istTime(at)}`;

export function toCandle([time, open, high, low, close, volume]: CandleRaw): Candle {
  return {
    at: Date.parse(time),
    open: priceFromRupees(open),
    high: priceFromRupees(high),
    low: priceFromRupees(low),
    close: priceFromRupees(close),
    volume,
  };
}

/** Bars that start within both ends, oldest first, each once; days made into weeks or months where asked. */
export function arrange(candles: readonly Candle[], interval: Interval, from: number, to: number): Candle[] {
  const unique = [...new Map(candles.map((candle) => [candle.at, candle])).values()].sort((a, b) => a.at - b.at);
  const bars = isOfDays(interval) ? joinDays(unique, interval) : unique;
  return bars.filter((bar) => bar.at >= from && bar.at <= to);
}
