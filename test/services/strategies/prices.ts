import { addDays, istInstant, weekday } from "../../../src/domain/market.ts";
import { price, priceFromRupees, type Price } from "../../../src/domain/money.ts";
import type { Candle } from "../../../src/domain/portfolio.ts";

export const flat = (date: string, close: number, open = close): Candle => ({
  at: istInstant(date),
  open: priceFromRupees(open),
  high: priceFromRupees(Math.max(open, close)),
  low: priceFromRupees(Math.min(open, close)),
  close: priceFromRupees(close),
  volume: 1_000,
});

/** Weekdays from a date on. */
export function weekdays(from: string, count: number): string[] {
  const days: string[] = [];
  for (let date = from; days.length < count; date = addDays(date, 1)) if (weekday(date) % 6 !== 0) days.push(date);
  return days;
}

/** Pseudo-random numbers in [0, 1), determined by the seed. */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** Daily candles of a random walk. */
export function walk(days: readonly string[], seed: number, startRupees = 500): Candle[] {
  const next = noise(seed);
  let close: number = priceFromRupees(startRupees);
  return days.map((date) => {
    const open = step(close, next(), 0.01);
    close = step(open, next(), 0.04);
    const [high, low] = [Math.max(open, close), Math.min(open, close)].map((each) => price(each));
    return { at: istInstant(date), open, high: high ?? open, low: low ?? open, close: price(close), volume: 1_000 };
  });
}

const step = (from: number, random: number, reach: number): Price =>
  price(Math.max(500, Math.round((from * (1 + (random - 0.5) * reach)) / 500) * 500));
