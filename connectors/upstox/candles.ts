import { isOfDays, joinDays } from "../../src/domain/candles.ts";
import { addDays, istDate } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import type { Candle, Interval } from "../../src/domain/portfolio.ts";
import type { CandleRaw } from "./schemas.ts";

interface Bar {
  /** Unit and width, as in the path. */
  readonly name: string;
  /** The most dates of one call: a month up to 15 minutes, a quarter above, a decade of days. */
  readonly maxDays: number;
}
const DAILY: Bar = { name: "days/1", maxDays: 3_650 };

/** Weeks and months are made of days: where Upstox begins them and what it has of the running one is not documented. */
const BARS: Readonly<Record<Interval, Bar>> = {
  "1m": { name: "minutes/1", maxDays: 28 },
  "5m": { name: "minutes/5", maxDays: 28 },
  "15m": { name: "minutes/15", maxDays: 28 },
  "30m": { name: "minutes/30", maxDays: 84 },
  "1h": { name: "hours/1", maxDays: 84 },
  "1d": DAILY,
  "1w": DAILY,
  "1mo": DAILY,
};

export interface CandleRequest {
  readonly bar: string;
  /** `TO/FROM`, both included; null asks for today. */
  readonly range: string | null;
}

/** The calls that cover both ends, oldest first. The historical one does not have today, the other has nothing else. */
export function candleRequests(interval: Interval, { from, to, now }: { from: number; to: number; now: number }) {
  const { name: bar, maxDays } = BARS[interval];
  const today = istDate(now);
  const yesterday = addDays(today, -1);
  const last = istDate(to) < today ? istDate(to) : yesterday;
  const requests: CandleRequest[] = [];
  for (let first = istDate(from); first <= last; first = addDays(first, maxDays)) {
    const end = addDays(first, maxDays - 1);
    requests.push({ bar, range: `${end < last ? end : last}/${first}` });
  }
  if (istDate(from) <= today && istDate(to) >= today) requests.push({ bar, range: null });
  return requests;
}

export const toCandle = ([time, open, high, low, close, volume]: CandleRaw): Candle => ({
  at: Date.parse(time),
  open: priceFromRupees(open),
  high: priceFromRupees(high),
  low: priceFromRupees(low),
  close: priceFromRupees(close),
  volume,
});

/** Upstox sends the newest first. Bars that start within both ends, oldest first, each once. */
export function arranged(candles: readonly Candle[], interval: Interval, from: number, to: number): Candle[] {
  const unique = [...new Map(candles.map((candle) => [candle.at, candle])).values()].sort((a, b) => a.at - b.at);
  const bars = isOfDays(interval) ? joinDays(unique, interval) : unique;
  return bars.filter(({ at }) => at >= from && at <= to);
}
