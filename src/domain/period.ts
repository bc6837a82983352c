import { addDays, isDate, mondayOf } from "./market.ts";

const PERIOD_NAMES = ["week", "month", "year", "since", "named-month"] as const;
export type PeriodName = (typeof PERIOD_NAMES)[number];

export type ParsedPeriod =
  | { readonly kind: "today" }
  /** Up to today, or up to the day before `before`. */
  | { readonly kind: "from"; readonly name: PeriodName; readonly from: string; readonly before?: string }
  | { readonly kind: "bad-date" };

const FINANCIAL_YEAR_STARTS = "04-01";
const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;

/**
 * `today`, `week`, `month`, `year` (the financial one, from 1 April), `since 2026-04-01`, `2026-10`, `last month`; null when
 * it is none of these.
 */
export function parsePeriod(words: string, today: string): ParsedPeriod | null {
  const [name = "", argument = "", ...rest] = words.trim().toLowerCase().split(/\s+/);
  if (MONTH.test(name) && argument === "") return monthFrom(`${name}-01`, today);
  if (name === "last" && argument === "month" && rest.length === 0) return monthFrom(monthBefore(today), today);
  if (rest.length > 0 || (argument !== "" && name !== "since")) return null;
  switch (name) {
    case "":
    case "today":
    case "day":
      return { kind: "today" };
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
