import {
  dayStatus,
  nextHoliday,
  nextTradingDay,
  phasesOf,
  sessionAt,
  type SessionGroup,
  type TradingCalendar,
} from "../../domain/calendar.ts";
import type { Segment } from "../../domain/instrument.ts";
import { istDate, istTime } from "../../domain/market.ts";
import { renderPairs } from "../../lib/table.ts";
import * as text from "../daily-text.ts";
import { html, lines, type Html } from "../html.ts";
import { dateText } from "./amounts.ts";
import { PAGE_WIDTH } from "./page.ts";

const GROUPS: readonly { group: SessionGroup; segment: Segment; hasDerivatives: boolean; title: string }[] = [
  { group: "cash-with-derivatives", segment: "NSE", hasDerivatives: true, title: "Shares with F&O (Nifty 50)" },
  { group: "cash", segment: "NSE", hasDerivatives: false, title: "Other shares" },
  { group: "derivatives", segment: "NFO", hasDerivatives: true, title: "Futures and options" },
];

const PHASE_NAMES = {
  "pre-open": "pre-open",
  "pre-open-matching": "matching",
  continuous: "trading",
  "auction-reference": "auction reference",
  auction: "auction, limit, market",
  "auction-limit-only": "auction, limit only",
  "auction-matching": "auction matching",
  "post-close": "post-close",
} as const;

/** The exchanges' day: the current phase and today's sessions of each group, the next trading day and holiday. */
export function marketText(calendar: TradingCalendar, now: number): Html {
  const date = istDate(now);
  return lines(
    html`<b>Market, ${dateText(date)}</b>`,
    dayLine(date, calendar),
    ...(dayStatus(date, calendar).kind === "trading" ? GROUPS.flatMap((each) => groupLines(each, calendar, now)) : []),
    nextLine(date, calendar),
    holidayLine(date, calendar),
  );
}

function dayLine(date: string, calendar: TradingCalendar): Html | null {
  const status = dayStatus(date, calendar);
  switch (status.kind) {
    case "trading":
      return status.special === null ? null : html`Special session: ${status.special}.`;
    case "holiday":
      return html`Closed: ${status.name}.`;
    case "weekend":
      return html`Closed: weekend.`;
    case "unknown":
      return html`⚠️ The calendar is not known for that date: the list of ${date.slice(0, 4)} is missing.`;
  }
}

function groupLines(
  { group, segment, hasDerivatives, title }: (typeof GROUPS)[number],
  calendar: TradingCalendar,
  now: number,
): Html[] {
  const session = sessionAt(segment, now, calendar, { hasDerivatives });
  const until = session.kind === "phase" ? istTime(session.endsAt) : "";
  const phases = phasesOf(group, istDate(now), calendar);
  const next = session.kind === "closed" && phases?.find(({ start }) => start > istTime(now));
  const head = html`<b>${title}</b>: ${text.sessionText(session, until)}${next && `, ${PHASE_NAMES[next.phase]} from ${next.start}`}`;
  if (phases === null) return [head];
  const rows = phases.map(({ phase, start, end }) => [`${start}–${end}`, PHASE_NAMES[phase]] as const);
  return [head, html`<pre>${renderPairs(rows, PAGE_WIDTH)}</pre>`];
}

function nextLine(date: string, calendar: TradingCalendar): Html {
  try {
    return html`Next trading day: ${dateText(nextTradingDay(date, calendar))}`;
  } catch (error) {
    if (error instanceof RangeError) return text.calendar.nextUnknown(date);
    throw error;
  }
}

function holidayLine(date: string, calendar: TradingCalendar): Html | null {
  const next = nextHoliday(date, calendar);
  if (next) return html`Next holiday: ${dateText(next.date)}, ${next.name}`;
  const years = Math.max(...calendar.years);
  return html`No holiday is known after this one; the lists end with ${years}.`;
}
