import { isDayPeriod, joinDays } from "../src/domain/candles.ts";
import { addDays, istDate } from "../src/domain/market.ts";
import { priceFromRupees } from "../src/domain/money.ts";
import type { Candle, Interval } from "../src/domain/portfolio.ts";

/** Epoch ms, both ends included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Splits a span into calls of `longestMs` at most, oldest first. `stepMs`: the resolution of the broker's times. */
export function spansOf({ from, to }: Span, longestMs: number, stepMs: number): Span[] {
  const spans: Span[] = [];
  for (let start = from; start <= to; start += longestMs)
    spans.push({ from: start, to: Math.min(to, start + longestMs - stepMs) });
  return spans;
}

/** The same for brokers that take dates (YYYY-MM-DD, both included). */
export function daySpansOf({ from, to }: Span, maxDays: number): { readonly first: string; readonly last: string }[] {
  const end = istDate(to);
  const spans = [];
  for (let first = istDate(from); first <= end; first = addDays(first, maxDays)) {
    const last = addDays(first, maxDays - 1);
    spans.push({ first, last: last < end ? last : end });
  }
  return spans;
}

/** The candles of all calls, made one after another. A spread into `push` overflows the stack at some 100,000 of them. */
export async function readCalls<C>(
  calls: readonly C[],
  read: (call: C) => Promise<readonly Candle[]>,
): Promise<Candle[]> {
  const candles: Candle[] = [];
  for (const call of calls) for (const candle of await read(call)) candles.push(candle);
  return candles;
}

type Rupees = number | string;

/** `at` in epoch ms, prices in rupees, volume in units. */
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

/** Bars that start within the span, oldest first, each once; days are joined where weeks or months were asked for. */
export function finishCandles(candles: readonly Candle[], interval: Interval, { from, to }: Span): Candle[] {
  const within = (bars: readonly Candle[]): Candle[] => bars.filter(({ at }) => at >= from && at <= to);
  const unique = [...new Map(within(candles).map((candle) => [candle.at, candle])).values()];
  const bars = unique.sort((a, b) => a.at - b.at);
  return isDayPeriod(interval) ? within(joinDays(bars, interval)) : bars;
}
