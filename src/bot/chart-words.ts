import { istDate, istInstant } from "../domain/market.ts";
import { INTERVALS, type Candle, type Interval } from "../domain/portfolio.ts";

const DAY_MS = 86_400_000;

/** How far back a chart goes, and the candle interval that reads well on a phone over that range. */
export const RANGES = {
  "1d": { days: 1, interval: "5m" },
  "5d": { days: 5, interval: "15m" },
  "1mo": { days: 31, interval: "1d" },
  "3mo": { days: 92, interval: "1d" },
  "6mo": { days: 183, interval: "1d" },
  "1y": { days: 365, interval: "1d" },
  "2y": { days: 730, interval: "1w" },
  "5y": { days: 1_826, interval: "1w" },
} as const satisfies Record<string, { days: number; interval: Interval }>;
export type RangeName = keyof typeof RANGES;

/** Calendar days that hold about 60 bars: read before the first bar shown, so that its 50-bar average is known. */
const WARM_UP_DAYS: Readonly<Record<Interval, number>> = {
  "1m": 2,
  "5m": 2,
  "15m": 6,
  "30m": 12,
  "1h": 20,
  "1d": 80,
  "1w": 370,
  "1mo": 1_600,
};
/** More bars than this cannot be told apart in the picture. */
const MAX_BARS = 400;
const SESSIONS_A_WEEK = 5;
/** Calendar days read in addition, in case a weekend has holidays beside it. */
const HOLIDAY_DAYS = 4;
/** Per session for intervals within a day, else per calendar day. */
const BARS_A_DAY: Readonly<Record<Interval, number>> = {
  "1m": 375,
  "5m": 75,
  "15m": 25,
  "30m": 13,
  "1h": 7,
  "1d": 0.7,
  "1w": 0.15,
  "1mo": 0.034,
};

export interface ChartWords {
  readonly symbolText: string;
  readonly range: RangeName;
  readonly interval: Interval;
}

const UNITS: Readonly<Record<string, string>> = { day: "d", month: "mo", year: "y" };

/** Writes "6 months" as `6mo`, "weekly" as `1w`. */
const abbreviated = (text: string): string =>
  text
    .replaceAll(
      /\b(\d+)\s*(day|month|year)s?\b/gi,
      (_, count: string, unit: string) => count + UNITS[unit.toLowerCase()],
    )
    .replaceAll(/\bweekly\b/gi, "1w");

/** `SBIN`, `SBIN 6mo`, `nifty50 5d 15m`; null when nothing is named. Range and interval may come in either order. */
export function parseChart(text: string): ChartWords | null {
  const words = abbreviated(text).trim().split(/\s+/).filter(Boolean);
  const modifiers: string[] = [];
  while (words.length > 1 && modifiers.length < 2 && isModifier(words.at(-1) ?? ""))
    modifiers.unshift(words.pop() ?? "");
  if (words.length === 0) return null;
  const [one, two] = modifiers.map((word) => word.toLowerCase());
  // "1d" and "1mo" are ranges and intervals: alone they mean the range, beside a longer range the interval.
  const ranges = [one, two].filter((word): word is RangeName => word !== undefined && isRange(word));
  const range = ranges.toSorted((a, b) => RANGES[b].days - RANGES[a].days)[0] ?? "6mo";
  const rest = [one, two].filter((word) => word !== undefined && word !== range);
  const interval = rest.find((word): word is Interval => word !== undefined && isInterval(word));
  return { symbolText: words.join(" "), range, interval: interval ?? RANGES[range].interval };
}

/** The last word, when it looks like a range or an interval but is none that we offer: "7mo". */
export function unknownPeriod(symbolText: string): string | null {
  const [, word] = /\s(\d+(?:m|h|d|w|mo|y))$/i.exec(symbolText) ?? [];
  return word === undefined || isModifier(word) ? null : word;
}

export const isRange = (word: string): word is RangeName => Object.hasOwn(RANGES, word);
export const isInterval = (word: string): word is Interval => INTERVALS.some((interval) => interval === word);
const isModifier = (word: string): boolean => isRange(word.toLowerCase()) || isInterval(word.toLowerCase());

type Span = Pick<ChartWords, "range" | "interval">;

/** Sessions, not days: on a Sunday or before the opening today has no bars. */
function sessionsIn(range: RangeName): number {
  const { days } = RANGES[range];
  return days <= SESSIONS_A_WEEK ? days : Math.round((days * SESSIONS_A_WEEK) / 7);
}

/** How many sessions an intraday chart shows. */
const sessionCount = ({ range, interval }: Span): number =>
  Math.max(1, Math.min(sessionsIn(range), Math.floor(MAX_BARS / BARS_A_DAY[interval])));

/** Whether the range has more bars than are shown. */
export const isCut = (words: Span): boolean =>
  BARS_A_DAY[words.interval] > 1
    ? sessionCount(words) < sessionsIn(words.range)
    : calendarDays(words) < RANGES[words.range].days;

/** Calendar days that hold the bars shown. */
const calendarDays = ({ range, interval }: Span): number =>
  BARS_A_DAY[interval] > 1
    ? Math.ceil((sessionCount({ range, interval }) * 7) / SESSIONS_A_WEEK) + HOLIDAY_DAYS
    : Math.min(RANGES[range].days, MAX_BARS / BARS_A_DAY[interval]);

/** The time span to read candles of, epoch ms: the bars shown, and earlier ones for the averages. */
export const spanOf = (words: Span, now: number): { readonly from: number; readonly to: number } => ({
  from: now - (calendarDays(words) + WARM_UP_DAYS[words.interval]) * DAY_MS,
  to: now,
});

/** Epoch ms from which bars are shown. A range with too many bars is cut to about `MAX_BARS`. */
export function shownFrom(words: Span, candles: readonly Pick<Candle, "at">[], now: number): number {
  if (BARS_A_DAY[words.interval] <= 1) return now - calendarDays(words) * DAY_MS;
  const dates = [...new Set(candles.map(({ at }) => istDate(at)))];
  const first = dates.at(-sessionCount(words)) ?? dates[0];
  return first === undefined ? now : istInstant(first);
}
