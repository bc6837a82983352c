import type { Segment } from "./instrument.ts";
import { addDays, isWeekend, istDate, istInstant, istTime, lastOfMonth, weekday } from "./market.ts";

/** Stocks with derivatives close by auction, the others trade on: the exchange's own grouping. */
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

/** HH:MM on the Indian clock; the end does not belong to it. */
export interface Hours {
  readonly start: string;
  readonly end: string;
}
export interface PhaseHours extends Hours {
  readonly phase: Phase;
}

/** The sessions that hold from a date until the next rules do. */
export interface SessionRules {
  readonly from: string;
  readonly groups: Readonly<Record<SessionGroup, readonly PhaseHours[]>>;
}

/** A day that is not what its weekday says. `by-circular`: it trades, at hours that are not in the calendar. */
export type NamedDay =
  | { readonly kind: "holiday"; readonly name: string }
  | { readonly kind: "special"; readonly name: string; readonly hours: "normal" | "by-circular" | Hours }
  | { readonly kind: "normal" };

/** NSE and BSE, equity and equity derivatives, as data. */
export interface TradingCalendar {
  /** Years whose list of holidays is there; of other years nothing is known. */
  readonly years: ReadonlySet<number>;
  readonly days: ReadonlyMap<string, NamedDay>;
  /** Oldest first. */
  readonly sessions: readonly SessionRules[];
}

/** The date lies in a year without a list of holidays. */
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

/** What kind of day it is, `unknown` for years without a list: nothing is guessed. */
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

/** The first trading day after the date. Throws CalendarUnknown when it lies beyond the lists. */
export function nextTradingDay(date: string, calendar: TradingCalendar): string {
  let day = addDays(date, 1);
  while (!isTradingDay(day, calendar)) day = addDays(day, 1);
  return day;
}

/** The day after the date that is none of a weekend: the next trading day where no calendar tells. */
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

/** A weekday after which no trading day follows up to Friday. An unknown weekday counts as one. */
export const endsWeek = (date: string, calendar: TradingCalendar): boolean =>
  !isWeekend(date) && !anyTrading(addDays(date, 1), addDays(date, FRIDAY - weekday(date)), calendar);

/** No trading day follows in the date's month. An unknown weekday counts as one. */
export const endsMonth = (date: string, calendar: TradingCalendar): boolean =>
  !anyTrading(addDays(date, 1), lastOfMonth(date), calendar);

function anyTrading(from: string, to: string, calendar: TradingCalendar): boolean {
  for (let day = from; day <= to; day = addDays(day, 1)) if (mayTrade(day, calendar)) return true;
  return false;
}

/** Trading days, and weekdays of unknown years: for messages, which then say that the calendar is not known. */
export function mayTrade(date: string, calendar: TradingCalendar): boolean {
  const { kind } = dayStatus(date, calendar);
  return kind === "trading" || (kind === "unknown" && !isWeekend(date));
}

/** The date, or the last one before it on which the exchanges may have traded. */
export function lastDayUpTo(date: string, calendar: TradingCalendar): string {
  let day = date;
  while (!mayTrade(day, calendar)) day = addDays(day, -1);
  return day;
}

/** Cash stocks are taken to have derivatives, as all of the Nifty 50 do: they stop earlier. */
export interface Listing {
  readonly hasDerivatives?: boolean;
}

export type MarketSession =
  | {
      readonly kind: "phase";
      readonly phase: Phase;
      /** Epoch ms; the end does not belong to it. */
      readonly startsAt: number;
      readonly endsAt: number;
    }
  | { readonly kind: "closed"; readonly status: DayStatus }
  /** The day trades, at hours that are not in the calendar. */
  | { readonly kind: "hours-unknown"; readonly name: string }
  /** A year without a list, or a segment whose sessions are not in the calendar (commodities, currency). */
  | { readonly kind: "unknown"; readonly what: "year" | "segment" };

/** What the segment is doing at an instant. Indices move with the cash market. */
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

/** The day's phases of a group in order, or null where the hours come by circular. Throws CalendarUnknown on years before the rules. */
export function phasesOf(group: SessionGroup, date: string, calendar: TradingCalendar): readonly PhaseHours[] | null {
  const named = calendar.days.get(date);
  if (named?.kind === "special" && named.hours !== "normal")
    return named.hours === "by-circular" ? null : [{ phase: "continuous", ...named.hours }];
  const rules = calendar.sessions.findLast(({ from }) => from <= date);
  if (!rules) throw new CalendarUnknown(date);
  return rules.groups[group];
}

/** Whether the date's first session, pre-open included, has begun. A day whose hours come by circular counts whole. */
export function hasOpened(at: number, calendar: TradingCalendar): boolean {
  const date = istDate(at);
  if (!mayTrade(date, calendar)) return false;
  const opening = phasesOf("cash", date, calendar)?.[0];
  return opening === undefined || istTime(at) >= opening.start;
}

/**
 * HH:MM at which the day's last price is made, the post-close session not counted: the segment's, or the last of all
 * groups. Null where it comes by circular, and of a segment whose sessions are not in the calendar.
 */
export function closeOf(date: string, calendar: TradingCalendar, segment?: Segment): string | null {
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
