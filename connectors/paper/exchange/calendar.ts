import { addDays, isWeekend, istDate, istInstant } from "../../../src/domain/market.ts";
import type { Segment } from "../../../src/domain/instrument.ts";

/** NSE and BSE, equity and derivatives. Years without a list here simply trade on every weekday. */
const HOLIDAYS: ReadonlySet<string> = new Set([
  "2026-01-15",
  "2026-01-26",
  "2026-03-03",
  "2026-03-26",
  "2026-03-31",
  "2026-04-03",
  "2026-04-14",
  "2026-05-01",
  "2026-05-28",
  "2026-06-26",
  "2026-09-14",
  "2026-10-02",
  "2026-10-20",
  "2026-11-10",
  "2026-11-24",
  "2026-12-25",
]);
/** Sundays with normal hours (the Union Budget). */
const SPECIAL_SESSIONS: ReadonlySet<string> = new Set(["2026-02-01"]);

export const DAY_MS = 86_400_000;
export const SECOND_MS = 1_000;

export const isMarketDay = (date: string): boolean =>
  SPECIAL_SESSIONS.has(date) || (!isWeekend(date) && !HOLIDAYS.has(date));

/** The date itself when the market trades on it, else the last one before. */
export function marketDayOnOrBefore(date: string): string {
  let day = date;
  while (!isMarketDay(day)) day = addDays(day, -1);
  return day;
}

export interface Hours {
  /** From then on orders are taken; until `start` they wait. */
  readonly entry: number;
  readonly start: number;
  /** First instant without trading. */
  readonly end: number;
}

/** When the exchange trades: round the clock every day, or in market hours. */
export interface Calendar {
  readonly isAlwaysOpen: boolean;
  isTradingDay(date: string): boolean;
  /** The n-th trading day after the date. */
  tradingDayAfter(date: string, count: number): string;
  hours(date: string, segment: Segment): Hours;
  /** Today's hours if orders for the segment are taken now, else null. */
  openHours(segment: Segment, at: number): Hours | null;
  /** Start of the first session after the instant. */
  nextStart(segment: Segment, at: number): number;
  /** The trading day whose prices are shown: the last one that has started. */
  priceDay(at: number): string;
  /** When intraday positions are closed out on a trading day. */
  squareOffAt(date: string): number;
}

/** A day's trading: none, at the usual hours, or from `start` to `end` (HH:MM IST) in all segments. */
export type DaySession = "closed" | "normal" | { readonly start: string; readonly end: string };

const CASH_END = "15:30";
const DERIVATIVES_END = "15:40";
/** Intraday positions are closed out this long before shares stop trading. */
const SQUARE_OFF_MS = 10 * 60_000;

const ownSessionOn = (date: string): DaySession => (isMarketDay(date) ? "normal" : "closed");

/** `sessionOn`: the days of another calendar; only its trading days and hours, the simulated prices follow their own. */
export function createCalendar(isAlwaysOpen: boolean, sessionOn = ownSessionOn): Calendar {
  const isTradingDay = (date: string): boolean => isAlwaysOpen || sessionOn(date) !== "closed";

  function hours(date: string, segment: Segment): Hours {
    const midnight = istInstant(date);
    if (isAlwaysOpen) return { entry: midnight, start: midnight, end: midnight + DAY_MS };
    const session = sessionOn(date);
    if (typeof session === "object") {
      const start = istInstant(date, session.start);
      return { entry: start, start, end: istInstant(date, session.end) };
    }
    const start = istInstant(date, "09:15");
    if (segment === "NFO" || segment === "BFO") return { entry: start, start, end: istInstant(date, DERIVATIVES_END) };
    return { entry: istInstant(date, "09:00"), start, end: istInstant(date, CASH_END) };
  }

  function tradingDayAfter(date: string, count: number): string {
    let day = date;
    for (let left = count; left > 0;) {
      day = addDays(day, 1);
      if (isTradingDay(day)) left--;
    }
    return day;
  }

  return {
    isAlwaysOpen,
    isTradingDay,
    tradingDayAfter,
    hours,
    openHours(segment, at) {
      const date = istDate(at);
      if (!isTradingDay(date)) return null;
      const today = hours(date, segment);
      return at >= today.entry && at < today.end ? today : null;
    },
    nextStart(segment, at) {
      const date = istDate(at);
      if (isTradingDay(date) && at < hours(date, segment).start) return hours(date, segment).start;
      return hours(tradingDayAfter(date, 1), segment).start;
    },
    priceDay(at) {
      const date = istDate(at);
      if (isAlwaysOpen) return date;
      return marketDayOnOrBefore(at < istInstant(date, "09:15") ? addDays(date, -1) : date);
    },
    squareOffAt: (date) => hours(date, "NSE").end - (isAlwaysOpen ? 0 : SQUARE_OFF_MS),
  };
}
