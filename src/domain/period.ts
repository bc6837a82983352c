import { addDays, isDate, mondayOf } from "./market.ts";

export type PeriodName = "week" | "month" | "year" | "since" | "named-day" | "last-week" | "named-month" | "last-year";

export type ParsedPeriod =
  | { readonly kind: "today" }
  /** Up to today, or up to the day before `before`. */
  | { readonly kind: "from"; readonly name: PeriodName; readonly from: string; readonly before?: string }
  | { readonly kind: "bad-date" };

const FINANCIAL_YEAR_STARTS = "04-01";
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;

/**
 * `today`, `yesterday`, `2026-10-14`, `2026-10`, `since 2026-04-01`, `week`, `month`, `year` (the financial one, from
 * 1 April), or `last` and one of these three; null when it is none of these.
 */
export function parsePeriod(words: string, today: string): ParsedPeriod | null {
  const [name = "", argument = "", ...rest] = words.trim().toLowerCase().split(/\s+/);
  if (rest.length > 0) return null;
  if (name === "last") return lastPeriod(argument, today);
  if (argument !== "" && name !== "since") return null;
  if (MONTH.test(name)) return monthFrom(`${name}-01`, today);
  if (DAY.test(name)) return dayAt(name, today);
  switch (name) {
    case "":
    case "today":
    case "day":
      return { kind: "today" };
    case "yesterday":
      return dayAt(addDays(today, -1), today);
    case "week":
      return { kind: "from", name, from: weekStart(today) };
    case "month":
      return { kind: "from", name, from: `${today.slice(0, 7)}-01` };
    case "year":
      return { kind: "from", name, from: financialYear(today) };
    case "since":
      return isDate(argument) && argument <= today ? { kind: "from", name, from: argument } : { kind: "bad-date" };
    default:
      return null;
  }
}

function lastPeriod(name: string, today: string): ParsedPeriod | null {
  const [week, year] = [weekStart(today), financialYear(today)];
  switch (name) {
    case "week":
      return { kind: "from", name: "last-week", from: addDays(week, -7), before: week };
    case "month":
      return monthFrom(monthBefore(today), today);
    case "year":
      return { kind: "from", name: "last-year", from: financialYear(addDays(year, -1)), before: year };
    default:
      return null;
  }
}

function dayAt(date: string, today: string): ParsedPeriod {
  if (!isDate(date) || date > today) return { kind: "bad-date" };
  if (date === today) return { kind: "today" };
  return { kind: "from", name: "named-day", from: date, before: addDays(date, 1) };
}

/** First day of the month before the date's. */
const monthBefore = (date: string): string => `${addDays(`${date.slice(0, 7)}-01`, -1).slice(0, 7)}-01`;

function monthFrom(first: string, today: string): ParsedPeriod {
  if (first > today) return { kind: "bad-date" };
  return { kind: "from", name: "named-month", from: first, before: `${addDays(first, 31).slice(0, 7)}-01` };
}

/**
 * Saturday before the date's week: a special session at that weekend comes after Friday's report, so the next one has
 * it.
 */
export const weekStart = (date: string): string => addDays(mondayOf(date), -2);

function financialYear(today: string): string {
  const year = Number(today.slice(0, 4));
  return today.slice(5) >= FINANCIAL_YEAR_STARTS
    ? `${year}-${FINANCIAL_YEAR_STARTS}`
    : `${year - 1}-${FINANCIAL_YEAR_STARTS}`;
}
