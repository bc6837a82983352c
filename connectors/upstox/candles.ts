import { istDate, istInstant } from "../../src/domain/market.ts";
import type { Candle, Interval } from "../../src/domain/portfolio.ts";
import type { CandleQuery } from "../base.ts";
import { candleAt, daySpansOf } from "../candles.ts";
import type { CandleRaw } from "./schemas.ts";

interface Bar {
  /** Unit and width, as in the path: `minutes/5`. */
  readonly name: string;
  /** Dates per call. Allowed: a month up to 15 minutes, a quarter above, a decade for days. */
  readonly maxDays: number;
}
export const DAILY: Bar = { name: "days/1", maxDays: 3_650 };

/** Weeks and months are built from days: how Upstox delimits them and reports the current one is not documented. */
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

/** Splits a query into calls, oldest first. Past days and today are different endpoints. */
export function candleRequests({ interval, from, to }: Omit<CandleQuery, "instrument">, now: number): CandleRequest[] {
  const { name: bar, maxDays } = BARS[interval];
  const today = istDate(now);
  const past = daySpansOf({ from, to: Math.min(to, istInstant(today) - 1) }, maxDays);
  const requests: CandleRequest[] = past.map(({ first, last }) => ({ bar, range: `${last}/${first}` }));
  if (istDate(from) <= today && istDate(to) >= today) requests.push({ bar, range: null });
  return requests;
}

export const toCandle = ([time, open, high, low, close, volume]: CandleRaw): Candle =>
  candleAt(Date.parse(time), open, high, low, close, volume);
