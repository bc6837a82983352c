import { periodStart } from "../../src/domain/candles.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { addDays, istDate, istDateTime, istInstant, IST_OFFSET_MS, isWeekend } from "../../src/domain/market.ts";
import type { Candle, Interval } from "../../src/domain/portfolio.ts";
import { candleAt, type Span, spansOf } from "../candles.ts";
import type { CandlesRaw } from "./schemas.ts";

const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;
/** Dhan takes at most 90 days of intraday bars per call. */
const MAX_INTRADAY_MS = 90 * DAY_MS;
/** Sessions start at 09:15 IST, so half-hour bars are counted from there. */
const SESSION_OPEN_MS = (9 * 60 + 15) * 60_000;

/** Which of Dhan's bars an interval is made from, and how they are joined where Dhan has no such interval. */
export interface CandlePlan {
  readonly source: "daily" | "1" | "5" | "15" | "60";
  /** Start of the bar that an instant belongs to; null when Dhan's bars are used as they are. */
  readonly startOf: ((at: number) => number) | null;
}

export const CANDLE_PLANS: Readonly<Record<Interval, CandlePlan>> = {
  "1m": { source: "1", startOf: null },
  "5m": { source: "5", startOf: null },
  "15m": { source: "15", startOf: null },
  "30m": { source: "15", startOf: halfHourOf },
  "1h": { source: "60", startOf: null },
  "1d": { source: "daily", startOf: null },
  "1w": { source: "daily", startOf: (at) => periodStart("1w", at) },
  "1mo": { source: "daily", startOf: (at) => periodStart("1mo", at) },
};

function halfHourOf(at: number): number {
  const open = istInstant(istDate(at)) + SESSION_OPEN_MS;
  return open + Math.floor((at - open) / 1_800_000) * 1_800_000;
}

/** Splits a range into calls, oldest first. */
export function splitRange(plan: CandlePlan, { from, to }: Span): Span[] {
  if (plan.source === "daily") return from > to ? [] : [{ from, to }];
  return spansOf({ from, to }, MAX_INTRADAY_MS, SECOND_MS);
}

/** The range fields of a call's body. `toDate` of daily bars is exclusive. */
export const rangeBody = (plan: CandlePlan, { from, to }: Span): Record<string, string | number> =>
  plan.source === "daily"
    ? { expiryCode: 0, fromDate: istDate(from), toDate: addDays(istDate(to), 1) }
    : { interval: plan.source, fromDate: istDateTime(from), toDate: istDateTime(to) };

/** Whether a range has only weekend days: Dhan answers those with an error. */
export function isOnWeekend({ from, to }: Span): boolean {
  if (to - from > 2 * DAY_MS) return false;
  for (let date = istDate(from); date <= istDate(to); date = addDays(date, 1)) if (!isWeekend(date)) return false;
  return true;
}

/** Turns columns into bars, in their order. */
export const toCandles = (raw: CandlesRaw, plan: CandlePlan): Candle[] =>
  raw.timestamp.map((seconds, row) => {
    const at = plan.source === "daily" ? startOfDay(seconds * 1000) : seconds * 1000;
    const [open = NaN, high = NaN, low = NaN, close = NaN] = [raw.open, raw.high, raw.low, raw.close].map(
      (of) => of[row],
    );
    return candleAt(at, open, high, low, close, Math.round(raw.volume[row] ?? 0));
  });

const startOfDay = (at: number): number => Math.floor((at + IST_OFFSET_MS) / DAY_MS) * DAY_MS - IST_OFFSET_MS;

const INDEX_UNDERLYINGS = new Set([
  "NIFTY",
  "BANKNIFTY",
  "FINNIFTY",
  "MIDCPNIFTY",
  "NIFTYNXT50",
  "SENSEX",
  "SENSEX50",
  "BANKEX",
]);

/** Dhan's instrument type, a mandatory field of the chart endpoints. */
export function instrumentType(instrument: Instrument): string {
  switch (instrument.kind) {
    case "equity":
      return "EQUITY";
    case "index":
      return "INDEX";
    case "future":
      return INDEX_UNDERLYINGS.has(instrument.underlying) ? "FUTIDX" : "FUTSTK";
    case "option":
      return INDEX_UNDERLYINGS.has(instrument.underlying) ? "OPTIDX" : "OPTSTK";
  }
}
