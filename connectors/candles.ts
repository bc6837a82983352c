import { isDayPeriod, joinDays } from "../src/domain/candles.ts";
import { addDays, istDate } from "../src/domain/market.ts";
import { priceFromRupees } from "../src/domain/money.ts";
import type { Candle, Interval } from "../src/domain/portfolio.ts";

/** Epoch ms, both ends included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The calls that cover a span, oldest first, none longer than a broker takes. `stepMs`: the finest time it can be told. */
export function spansOf({ from, to }: Span, longestMs: number, stepMs: number): Span[] {
  const spans: Span[] = [];
  for (let start = from; start <= to; start += longestMs)
    spans.push({ from: start, to: Math.min(to, start + longestMs - stepMs) });
  return spans;
}

/** The same for a broker that is told days, YYYY-MM-DD, both included. */
export function daySpansOf({ from, to }: Span, maxDays: number): { readonly first: string; readonly last: string }[] {
  const end = istDate(to);
  const spans = [];
  for (let first = istDate(from); first <= end; first = addDays(first, maxDays)) {
    const last = addDays(first, maxDays - 1);
    spans.push({ first, last: last < end ? last : end });
  }
  return spans;
}

type Rupees = number | string;

/** Epoch ms, rupees and units. */
export const candleAt = (
  at: number,
  open: Rupees,
  high: Rupees,
  low: Rupees,
  close: Rupees,
  volume: number,
): Candle => ({
  at,
  open: priceFromRupees(open),
  high: priceFromRupees(high),
  low: priceFromRupees(low),
  close: priceFromRupees(close),
  volume,
});

/** Bars that start within both ends, oldest first, each once; days are joined where weeks or months were asked for. */
export function arranged(candles: readonly Candle[], interval: Interval, { from, to }: Span): Candle[] {
  const unique = [...new Map(candles.map((candle) => [candle.at, candle])).values()].sort((a, b) => a.at - b.at);
  const bars = isDayPeriod(interval) ? joinDays(unique, interval) : unique;
  return bars.filter(({ at }) => at >= from && at <= to);
}
