import { addDays } from "../../../src/domain/market.ts";
import type { Calendar } from "./calendar.ts";
import { DAY_MS, SECOND_MS, marketDayOnOrBefore } from "./calendar.ts";
import { signed, smooth, streamOf, unit } from "./noise.ts";

/** One price process in rupees: a share or an index. Derivatives are priced from one. */
export interface Walk {
  readonly id: string;
  /** Rupees; the walk stays around this level. */
  readonly base: number;
  /** 1 is that of an average large share. */
  readonly volatility: number;
  /** Name of its noise stream: its own id, or that of the walk it follows. */
  readonly moves: string;
}

export interface Bar {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** One day of a walk, in blocks of 15 minutes with precomputed extremes. */
export interface Span {
  readonly walk: Walk;
  readonly start: number;
  readonly end: number;
  readonly prevClose: number;
  readonly stream: number;
  /** Values at the block boundaries: one more than blocks. */
  readonly knots: Float64Array;
  readonly highs: Float64Array;
  readonly lows: Float64Array;
  /** Extremes and share of the day's volume before each block. */
  readonly highBefore: Float64Array;
  readonly lowBefore: Float64Array;
  readonly volumeBefore: Float64Array;
}

export const MINUTE_MS = 60 * SECOND_MS;
export const BLOCK_MINUTES = 15;
export const BLOCK_MS = BLOCK_MINUTES * MINUTE_MS;
const DAILY_SIGMA = 0.009;
/** A day stays within this fraction of the previous close, inside the 10 % circuit limits. */
const DAY_LIMIT = 0.095;
/** Period in days and amplitude of each noise layer of daily closes; a day's change is at most 4.5 %. */
const LAYERS = [
  [1, 0.009],
  [5, 0.025],
  [23, 0.06],
  [97, 0.12],
] as const;
const MARKET_SHARE = 0.6;
const OWN_SHARE = 0.8;
const MAX_SPANS = 4_000;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

export interface Walks {
  closeOf(walk: Walk, date: string): number;
  span(walk: Walk, date: string): Span;
  /** The same without caching, for reading long histories. */
  spanOnce(walk: Walk, date: string): Span;
}

export function createWalks(seed: number, calendar: Calendar): Walks {
  const market = streamOf(seed, "market");
  const streams = new Map<string, number>();
  const spans = new Map<string, Span>();

  function streamFor(name: string): number {
    let stream = streams.get(name);
    if (stream === undefined) streams.set(name, (stream = streamOf(seed, name)));
    return stream;
  }

  function closeOf(walk: Walk, date: string): number {
    // On weekends and holidays the close does not move, so that an always-open exchange agrees with its daily bars.
    const day = Date.parse(marketDayOnOrBefore(date)) / DAY_MS;
    const own = streamFor(walk.moves);
    let drift = 0;
    LAYERS.forEach(([period, reach], layer) => {
      const x = day / period;
      drift += reach * (MARKET_SHARE * smooth(market, x, layer) + OWN_SHARE * smooth(own, x, layer));
    });
    return walk.base * Math.exp(walk.volatility * drift);
  }

  function spanOnce(walk: Walk, date: string): Span {
    const { start, end } = calendar.hours(date, "NSE");
    const prevClose = closeOf(walk, addDays(date, -1));
    const close = closeOf(walk, date);
    const gap = marketDayOnOrBefore(date) === date ? signed(streamFor(`${walk.moves} gap`), start / DAY_MS) : 0;
    const sigma = DAILY_SIGMA * walk.volatility;
    const open = prevClose * (1 + gap * sigma * 0.5);
    const stream = streamOf(seed, `${walk.moves} ${date}`);
    return buildSpan({ walk, start, end, prevClose, stream, open, close, sigma });
  }

  return {
    closeOf,
    spanOnce,
    span(walk, date) {
      const name = `${walk.id} ${date}`;
      const known = spans.get(name);
      if (known) return known;
      if (spans.size >= MAX_SPANS) spans.clear();
      const made = spanOnce(walk, date);
      spans.set(name, made);
      return made;
    },
  };
}

interface SpanPlan {
  readonly walk: Walk;
  readonly start: number;
  readonly end: number;
  readonly prevClose: number;
  readonly stream: number;
  readonly open: number;
  readonly close: number;
  readonly sigma: number;
}

function buildSpan({ walk, start, end, prevClose, stream, open, close, sigma }: SpanPlan): Span {
  const count = Math.ceil((end - start) / BLOCK_MS);
  const floor = prevClose * (1 - DAY_LIMIT);
  const roof = prevClose * (1 + DAY_LIMIT);
  const knots = new Float64Array(count + 1);
  for (let index = 0; index <= count; index++) {
    const x = index / count;
    const swing = 0.7 * smooth(stream, x * 3, 1) + 0.35 * smooth(stream, x * 11, 2) + 0.2 * signed(stream, index, 3);
    const bridge = 2 * Math.sqrt(x * (1 - x)) * sigma * swing;
    knots[index] = clamp((open + (close - open) * x) * (1 + bridge), floor, roof);
  }
  const highs = new Float64Array(count);
  const lows = new Float64Array(count);
  const highBefore = new Float64Array(count + 1).fill(-Infinity);
  const lowBefore = new Float64Array(count + 1).fill(Infinity);
  const volumeBefore = new Float64Array(count + 1);
  for (let index = 0; index < count; index++) {
    const from = knots[index] ?? open;
    const to = knots[index + 1] ?? close;
    highs[index] = Math.min(roof, Math.max(from, to) * (1 + sigma * 0.25 * unit(stream, index, 4)));
    lows[index] = Math.max(floor, Math.min(from, to) * (1 - sigma * 0.25 * unit(stream, index, 5)));
    highBefore[index + 1] = Math.max(highBefore[index] ?? -Infinity, highs[index] ?? from);
    lowBefore[index + 1] = Math.min(lowBefore[index] ?? Infinity, lows[index] ?? from);
    // Volume is higher at both ends of the day.
    const busy = 0.6 + 1.6 * (2 * ((index + 0.5) / count) - 1) ** 2;
    volumeBefore[index + 1] = (volumeBefore[index] ?? 0) + busy * (0.5 + unit(stream, index, 6));
  }
  const total = volumeBefore[count] ?? 1;
  for (let index = 0; index <= count; index++) volumeBefore[index] = (volumeBefore[index] ?? 0) / total;
  return { walk, start, end, prevClose, stream, knots, highs, lows, highBefore, lowBefore, volumeBefore };
}
