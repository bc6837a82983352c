import { closingTime, type TradingCalendar } from "../../domain/calendar.ts";
import { listingName, type Instrument } from "../../domain/instrument.ts";
import { addDays, istDate, istInstant, istTime } from "../../domain/market.ts";
import type { Price } from "../../domain/money.ts";
import { INTERVALS, isIntraday, type Candle, type Interval } from "../../domain/portfolio.ts";
import { RANGES } from "../chart-words.ts";
import { html, lines, type Html } from "../html.ts";
import { paperNote } from "../text.ts";
import { changePercent, dateText, mark, quantity, rupeePrice } from "./amounts.ts";
import { describe } from "./market.ts";

const MINUTE_MS = 60_000;
const LATE_MS = 15 * MINUTE_MS;

export interface ChartCaption {
  readonly instrument: Instrument;
  readonly candles: readonly Candle[];
  readonly from: number;
  readonly avgPrice: Price | null;
  /** For each account whose shares are in the average. */
  readonly isPaper: readonly boolean[];
  /** Labels of the accounts that could not be read, so are not in the average. */
  readonly unread: readonly string[];
  /** How many of the user's trades are drawn. */
  readonly marked: number;
  readonly interval: Interval;
  /** The range asked for has more bars than are drawn. */
  readonly isCut: boolean;
  readonly source: string;
  /** Yahoo's prices are about 15 minutes old. */
  readonly isLate: boolean;
  /** When the candles were read from the source. */
  readonly readAt: number;
  readonly calendar: TradingCalendar;
  readonly now: number;
}

/** What the picture shows, in words, also for those who cannot see it. */
export function chartCaption(caption: ChartCaption): Html {
  const { instrument, candles, from, avgPrice, isPaper, unread, marked, isCut, interval } = caption;
  const shown = candles.filter(({ at }) => at >= from);
  const [first, last] = [shown[0], shown.at(-1)];
  return lines(
    html`<b>${listingName(instrument)}</b> ${describe(instrument)}`,
    first &&
      last &&
      html`${mark(last.close - first.open)} <b>${rupeePrice(last.close)}</b> ${changePercent(last.close, first.open)} over the chart`,
    first && isCut && html`<i>From ${dateText(istDate(first.at))}: more ${interval} bars do not fit.</i>`,
    avgPrice !== null &&
      last &&
      html`My average ${rupeePrice(avgPrice)}, ${changePercent(last.close, avgPrice)}${paperNote(isPaper)}`,
    instrument.kind !== "index" &&
      unread.length > 0 &&
      html`<i>${avgPrice === null ? "My average is not known" : "Left out"}, not read: ${unread.join(", ")}.</i>`,
    marked > 0 && html`${quantity(marked)} ${marked === 1 ? "trade" : "trades"} of mine marked`,
    html`<i>${caption.source}${last ? ` · ${ageOf(last, caption)}` : ""}</i>`,
  );
}

const INTRADAY_MINUTES: Readonly<Partial<Record<Interval, number>>> = {
  "1m": 1,
  "5m": 5,
  "15m": 15,
  "30m": 30,
  "1h": 60,
};

/** The time of the newest price: "as of 10:42 IST", "closed 27 Nov 2026", "week from 23 Nov 2026, still running". */
function ageOf({ at }: Candle, caption: ChartCaption): string {
  const { interval, now } = caption;
  if (interval === "1w") return periodText("week", at, addDays(istDate(at), 7), now);
  if (interval === "1mo") return periodText("month", at, addDays(istDate(at), 31).slice(0, 7), now);
  const date = istDate(at);
  const until = lastPriceAt(at, caption);
  const close = closingTime(date, caption.calendar, caption.instrument.segment);
  const isClosed = close === null ? date < istDate(now) && !isIntraday(interval) : until >= istInstant(date, close);
  return isClosed ? `closed ${dateText(date)}` : asOf(until, now);
}

/** The latest time that a bar can have prices of: its own end, or the time of the source's newest data. */
function lastPriceAt(at: number, { interval, readAt, isLate }: ChartCaption): number {
  const minutes = INTRADAY_MINUTES[interval];
  const end = minutes === undefined ? istInstant(addDays(istDate(at), 1)) : at + minutes * MINUTE_MS;
  return Math.max(at, Math.min(end, isLate ? readAt - LATE_MS : readAt));
}

function asOf(at: number, now: number): string {
  const date = istDate(at) === istDate(now) ? "" : `${dateText(istDate(at))} `;
  const minutes = Math.floor((now - at) / MINUTE_MS);
  const age =
    date !== "" || minutes < 2 ? "" : minutes < 60 ? `, ${minutes} min old` : `, ${Math.floor(minutes / 60)} h old`;
  return `as of ${date}${istTime(at)} IST${age}`;
}

/**
 * A week or month has no exact time: only the source knows which of its days the bar has. `next` is the first date after it,
 * or that date's year and month.
 */
const periodText = (name: string, at: number, next: string, now: number): string =>
  `${name} from ${dateText(istDate(at))}${istDate(now) < next ? ", still running" : ""}`;

export const chartText = {
  noPeriod: (word: string): Html =>
    html`I do not know the period “${word}”. Periods: ${Object.keys(RANGES).join(", ")}. Bars: ${INTERVALS.join(", ")}. Like this: <code>/chart SBIN 6mo 1d</code>`,
  empty: (symbol: string, range: string): Html =>
    html`There are no prices of ${symbol} for the last ${range}. A longer range may have some: <code>/chart ${symbol} 1y</code>`,
};
