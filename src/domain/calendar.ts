import type { Segment } from "./instrument.ts";
import { addDays, isWeekend, istDate, istInstant, istTime, lastOfMonth, weekday } from "./market.ts";

/**
 * The exchange's own grouping: since August 2026 stocks with derivatives end the day in an auction, other stocks do
 * not.
 */
const SESSION_GROUPS = ["cash-with-derivatives", "cash", "derivatives"] as const;
export type SessionGroup = (typeof SESSION_GROUPS)[number];

export const PHASES = [
  "pre-open",
  "pre-open-matching",
  "continuous",
  "auction-reference",
  "auction",
  "auction-limit-only",
  "auction-matching",
  "post-close",
] as const;
export type Phase = (typeof PHASES)[number];

/** HH:MM in IST; the end is exclusive. */
export interface Hours {
  readonly start: string;
  readonly end: string;
}
export interface PhaseHours extends Hours {
  readonly phase: Phase;
}

/** Session times in force from a date until the next entry's date. */
export interface SessionRules {
  readonly from: string;
  readonly groups: Readonly<Record<SessionGroup, readonly PhaseHours[]>>;
}

/** An exception to the weekday rule. `by-circular`: it trades, at hours the exchange announces later by circular. */
export type NamedDay =
  | { readonly kind: "holiday"; readonly name: string }
  | { readonly kind: "special"; readonly name: string; readonly hours: "normal" | "by-circular" | Hours }
  | { readonly kind: "normal" };

/** Holidays and session times of NSE and BSE, for equity and equity derivatives. */
export interface TradingCalendar {
  /** Years whose holiday list is known. */
  readonly years: ReadonlySet<number>;
  readonly days: ReadonlyMap<string, NamedDay>;
  /** Oldest first. */
  readonly sessions: readonly SessionRules[];
}

/** The date lies in a year whose holiday list or session times are not known. */
export class CalendarUnknown extends RangeError {
  override readonly name = "CalendarUnknown";

  constructor(date: string) {
    super(`calendar not known for ${date}`);
  }
}

export type DayStatus =
  | { readonly kind: "trading"; readonly special: string | null }
  | { readonly kind: "holiday"; readonly name: string }
  | { readonly kind: "weekend" }
  | { readonly kind: "unknown" };

const SATURDAY = 6;
const FRIDAY = 5;

/** What kind of day it is; `unknown` for years without a holiday list, never a guess. */
export function dayStatus(date: string, calendar: TradingCalendar): DayStatus {
  const named = calendar.days.get(date);
  if (named?.kind === "holiday") return named;
  if (named) return { kind: "trading", special: named.kind === "special" ? named.name : null };
  if (!calendar.years.has(Number(date.slice(0, 4)))) return { kind: "unknown" };
  return isWeekend(date) ? { kind: "weekend" } : { kind: "trading", special: null };
}

/** Whether the exchanges trade on the date. Throws CalendarUnknown. */
export function isTradingDay(date: string, calendar: TradingCalendar): boolean {
  const status = dayStatus(date, calendar);
  if (status.kind === "unknown") throw new CalendarUnknown(date);
  return status.kind === "trading";
}

/** The first trading day after the date. Throws CalendarUnknown when it lies beyond the known years. */
export function nextTradingDay(date: string, calendar: TradingCalendar): string {
  let day = addDays(date, 1);
  while (!isTradingDay(day, calendar)) day = addDays(day, 1);
  return day;
}

/** The next day that is not a weekend: a stand-in for `nextTradingDay` where the calendar is unknown. */
export function nextWeekday(date: string): string {
  const day = weekday(date);
  return addDays(date, day === FRIDAY ? 3 : day === SATURDAY ? 2 : 1);
}

/** The first holiday after the date that falls on a weekday, or null when the lists name none. */
export function nextHoliday(date: string, calendar: TradingCalendar): { date: string; name: string } | null {
  const later = [...calendar.days].flatMap(([day, named]) =>
    named.kind === "holiday" && day > date && !isWeekend(day) ? [{ date: day, name: named.name }] : [],
  );
  return later.sort((a, b) => (a.date < b.date ? -1 : 1))[0] ?? null;
}

/** Whether a weekday has no trading day after it up to Friday. Weekdays of unknown years count as trading days. */
export const endsWeek = (date: string, calendar: TradingCalendar): boolean =>
  !isWeekend(date) && tradingDays(addDays(date, 1), addDays(date, FRIDAY - weekday(date)), calendar).length === 0;

/** Whether no later day of the month trades. Weekdays of unknown years count as trading days. */
export const endsMonth = (date: string, calendar: TradingCalendar): boolean =>
  tradingDays(addDays(date, 1), lastOfMonth(date), calendar).length === 0;

/** The days from one date to another, both included, on which the exchanges may have traded. */
export function tradingDays(from: string, to: string, calendar: TradingCalendar): string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) if (mayBeTradingDay(day, calendar)) days.push(day);
  return days;
}

/**
 * Trading days, and weekdays of unknown years. For messages (which then say that the calendar is not known), snapshots and
 * proposals; whether an order may go is never decided by it.
 */
export function mayBeTradingDay(date: string, calendar: TradingCalendar): boolean {
  const { kind } = dayStatus(date, calendar);
  return kind === "trading" || (kind === "unknown" && !isWeekend(date));
}

/** The date, or the last one before it on which the exchanges may have traded. */
export function lastTradingDayUpTo(date: string, calendar: TradingCalendar): string {
  let day = date;
  while (!mayBeTradingDay(day, calendar)) day = addDays(day, -1);
  return day;
}

/**
 * By default a stock has derivatives, as all of the Nifty 50 do: the safe guess, because its continuous session ends
 * earlier.
 */
export interface Listing {
  readonly hasDerivatives?: boolean;
}

export type MarketSession =
  | {
      readonly kind: "phase";
      readonly phase: Phase;
      /** Epoch ms; the end is exclusive. */
      readonly startsAt: number;
      readonly endsAt: number;
    }
  | { readonly kind: "closed"; readonly status: DayStatus }
  /** The exchanges trade that day, at hours that are not in the calendar. */
  | { readonly kind: "hours-unknown"; readonly name: string }
  /** A year without a holiday list, or a segment whose sessions are not in the calendar (commodities, currency). */
  | { readonly kind: "unknown"; readonly what: "year" | "segment" };

/** The segment's session at an instant. Indices follow the cash market. */
export function sessionAt(
  segment: Segment,
  at: number,
  calendar: TradingCalendar,
  listing: Listing = {},
): MarketSession {
  const group = groupOf(segment, listing);
  if (group === null) return { kind: "unknown", what: "segment" };
  const date = istDate(at);
  const status = dayStatus(date, calendar);
  if (status.kind === "unknown") return { kind: "unknown", what: "year" };
  if (status.kind !== "trading") return { kind: "closed", status };
  const phases = phasesOf(group, date, calendar);
  if (phases === null) return { kind: "hours-unknown", name: status.special ?? "" };
  const now = phases.find(({ start, end }) => at >= istInstant(date, start) && at < istInstant(date, end));
  if (!now) return { kind: "closed", status };
  return { kind: "phase", phase: now.phase, startsAt: istInstant(date, now.start), endsAt: istInstant(date, now.end) };
}

/**
 * A group's phases on the date, in order; null when the hours come by circular. Throws CalendarUnknown before the first
 * rules.
 */
export function phasesOf(group: SessionGroup, date: string, calendar: TradingCalendar): readonly PhaseHours[] | null {
  const named = calendar.days.get(date);
  if (named?.kind === "special" && named.hours !== "normal")
    return named.hours === "by-circular" ? null : [{ phase: "continuous", ...named.hours }];
  const rules = calendar.sessions.findLast(({ from }) => from <= date);
  if (!rules) throw new CalendarUnknown(date);
  return rules.groups[group];
}

/**
 * Whether the day's first session (pre-open included) has begun. When the hours are unknown, it counts from midnight.
 */
export function hasOpened(at: number, calendar: TradingCalendar): boolean {
  const date = istDate(at);
  if (!mayBeTradingDay(date, calendar)) return false;
  const opening = phasesOf("cash", date, calendar)?.[0];
  return opening === undefined || istTime(at) >= opening.start;
}

/** The date of the last session, if none has begun on the day of `at`; null once one has. */
export const pastSession = (at: number, calendar: TradingCalendar): string | null =>
  hasOpened(at, calendar) ? null : lastTradingDayUpTo(addDays(istDate(at), -1), calendar);

/**
 * HH:MM of the day's last price, before the post-close session: of the segment, or the latest of all groups.
 * Null when the hours come by circular, and for segments whose sessions are not in the calendar.
 */
export function closingTime(date: string, calendar: TradingCalendar, segment?: Segment): string | null {
  const group = segment && groupOf(segment, {});
  if (group === null) return null;
  const phases = (group ? [group] : SESSION_GROUPS).map((each) => phasesOf(each, date, calendar));
  if (phases.includes(null)) return null;
  return phases
    .flatMap((each) => each ?? [])
    .filter(({ phase }) => phase !== "post-close")
    .reduce((latest, { end }) => (end > latest ? end : latest), "00:00");
}

function groupOf(segment: Segment, { hasDerivatives = true }: Listing): SessionGroup | null {
  switch (segment) {
    case "NSE":
    case "BSE":
      return hasDerivatives ? "cash-with-derivatives" : "cash";
    case "INDEX":
      return "cash";
    case "NFO":
    case "BFO":
      return "derivatives";
    case "MCX":
    case "CDS":
    case "BCD":
    case "NCO":
    case "NCDEX":
      return null;
  }
}
