import { INTERVALS, type Interval } from "../domain/portfolio.ts";

const DAY_MS = 86_400_000;

/** How far back a chart goes, with the bars that read well on a phone over it. */
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

/** Calendar days that sixty trading bars take, so that the 50-bar average is there from the first bar shown. */
const WARM_UP_DAYS: Readonly<Record<Interval, number>> = {
  "1m": 1,
  "5m": 3,
  "15m": 6,
  "30m": 12,
  "1h": 20,
  "1d": 80,
  "1w": 370,
  "1mo": 1_600,
};
/** More bars than this become a smear. */
const MAX_BARS = 400;
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

/** `SBIN`, `SBIN 6mo`, `nifty50 5d 15m`; null when nothing is named. Range and interval may come in either order. */
export function parseChart(text: string): ChartWords | null {
  const words = text.trim().split(/\s+/).filter(Boolean);
  const modifiers: string[] = [];
  while (words.length > 1 && modifiers.length < 2 && isModifier(words.at(-1) ?? ""))
    modifiers.unshift(words.pop() ?? "");
  if (words.length === 0) return null;
  const [one, two] = modifiers.map((word) => word.toLowerCase());
  // "1d", "1mo" are both: alone they are a range, beside a range they are the interval.
  const range = [one, two].find((word): word is RangeName => word !== undefined && isRange(word)) ?? "6mo";
  const rest = [one, two].filter((word) => word !== undefined && word !== range);
  const interval = rest.find((word): word is Interval => word !== undefined && isInterval(word));
  return { symbolText: words.join(" "), range, interval: interval ?? RANGES[range].interval };
}

export const isRange = (word: string): word is RangeName => Object.hasOwn(RANGES, word);
export const isInterval = (word: string): word is Interval => INTERVALS.some((interval) => interval === word);
const isModifier = (word: string): boolean => isRange(word.toLowerCase()) || isInterval(word.toLowerCase());

/** Where the candles to read and the bars to show begin. A range of so many bars is cut to what can be drawn. */
export function spanOf({ range, interval }: Pick<ChartWords, "range" | "interval">, now: number) {
  const days = Math.min(RANGES[range].days, MAX_BARS / BARS_A_DAY[interval]);
  const from = now - days * DAY_MS;
  return { from, readFrom: from - WARM_UP_DAYS[interval] * DAY_MS, to: now };
}
