import { istInstant } from "../../domain/market.ts";
import type { Notifier } from "../../ports/notifier.ts";
import type { CalendarSource } from "../../services/calendar.ts";
import type { PerUserJob } from "../../services/jobs.ts";
import * as text from "../daily-text.ts";

const TOLD_AT = "10:00";
const CATCH_UP_MS = 12 * 3_600_000;
/** MM-DD. The exchanges publish the next year's list in mid-December. */
const PUBLISHED_BY = "12-20";
/** MM-DD from which the log at start-up warns of it: earlier, because there may be no start in December. */
export const WATCHED_FROM = "11-01";

/** The year whose holiday list is missing, or null. The next year's counts as missing from `nextFrom` (MM-DD) on. */
export function missingYear(date: string, years: ReadonlySet<number>, nextFrom = PUBLISHED_BY): number | null {
  const year = Number(date.slice(0, 4));
  if (!years.has(year)) return year;
  return date.slice(5) >= nextFrom && !years.has(year + 1) ? year + 1 : null;
}

/**
 * Which half of the month's first 28 days, null after them. The outbox remembers a key for a fortnight only: one in use for
 * longer than that would be sent again.
 */
function fortnightOf(date: string): 1 | 2 | null {
  const day = date.slice(8);
  return day <= "14" ? 1 : day <= "28" ? 2 : null;
}

/** Reminds the owner twice a month while a list of holidays is missing. */
export function calendarCheck(deps: { readonly calendar: CalendarSource; readonly notifier: Notifier }): PerUserJob {
  return {
    name: "calendar-check",
    catchUpMs: CATCH_UP_MS,
    dueAt: (user, date) =>
      user.role === "owner" && fortnightOf(date) !== null && missingYear(date, deps.calendar.current().years) !== null
        ? istInstant(date, TOLD_AT)
        : null,
    async run(user, { date }) {
      const year = missingYear(date, deps.calendar.current().years);
      if (year === null) return;
      await deps.notifier.post({
        key: `calendar-missing:${user._id}:${date.slice(0, 7)}:${fortnightOf(date)}`,
        userId: user._id,
        priority: "reminder",
        html: text.calendar.missingYear(year).toString(),
        silent: true,
      });
    },
  };
}
