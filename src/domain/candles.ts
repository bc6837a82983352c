import { istDate, istInstant, mondayOf } from "./market.ts";
import { price, type Price } from "./money.ts";
import type { Candle, Interval } from "./portfolio.ts";

/**
 * Bars that we join from daily ones: sources lack them, start them on other days, or mix in parts of the current one.
 */
export type DayPeriod = Extract<Interval, "1w" | "1mo">;
export const isDayPeriod = (interval: Interval): interval is DayPeriod => interval === "1w" || interval === "1mo";

/** Epoch ms of 00:00 IST on the Monday of the week, or on the 1st of the month, that holds an instant. */
export function periodStart(period: DayPeriod, at: number): number {
  const date = istDate(at);
  return istInstant(period === "1w" ? mondayOf(date) : `${date.slice(0, 7)}-01`);
}

/** Joins bars (oldest first) into longer ones; `startOf` maps an instant to the start of its longer bar. */
export function joinCandles(candles: readonly Candle[], startOf: (at: number) => number): Candle[] {
  const bars: Candle[] = [];
  for (const candle of candles) {
    const at = startOf(candle.at);
    const last = bars.at(-1);
    if (last?.at === at) bars[bars.length - 1] = extended(last, candle);
    else bars.push({ ...candle, at });
  }
  return bars;
}

export const joinDays = (days: readonly Candle[], period: DayPeriod): Candle[] =>
  joinCandles(days, (at) => periodStart(period, at));

/** How far a source's high or low may differ from the exchange's, as a fraction. */
const RANGE_TOLERANCE = 0.02;

/**
 * Detects a split or bonus since a price was paid: the day's candle is adjusted for it and the price is not, so it is outside
 * the day's range.
 */
export const isRebasedSince = (paid: Price, day: Candle): boolean =>
  paid > day.high * (1 + RANGE_TOLERANCE) || paid < day.low * (1 - RANGE_TOLERANCE);

const extended = (bar: Candle, next: Candle): Candle => ({
  ...bar,
  high: price(Math.max(bar.high, next.high)),
  low: price(Math.min(bar.low, next.low)),
  close: next.close,
  volume: bar.volume + next.volume,
});
