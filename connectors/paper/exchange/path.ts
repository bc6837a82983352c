/** The value of a span at any second: noise gives four points of each minute, seconds are interpolated between them. */
import { SECOND_MS } from "./calendar.ts";
import { hash2, signed, unit } from "./noise.ts";
import type { Bar, Span } from "./walk.ts";
import { BLOCK_MINUTES, BLOCK_MS, MINUTE_MS } from "./walk.ts";

const LAST_SECOND = 59;
const MINUTE_LAYER = 1_000;
const SECOND_LAYER = 2_000;

interface Block {
  readonly from: number;
  readonly to: number;
  readonly high: number;
  readonly low: number;
}

const blockOf = (span: Span, index: number): Block => ({
  from: span.knots[index] ?? 0,
  to: span.knots[index + 1] ?? 0,
  high: span.highs[index] ?? 0,
  low: span.lows[index] ?? 0,
});

/** The value at a minute boundary in a block. One boundary is at the block's high and another at its low. */
function edge(span: Span, index: number, block: Block, minute: number): number {
  if (minute === 0) return block.from;
  if (minute === BLOCK_MINUTES) return block.to;
  const inner = BLOCK_MINUTES - 1;
  const highAt = hash2(span.stream, index, MINUTE_LAYER) % inner;
  const lowAt = (highAt + 1 + (hash2(span.stream, index, MINUTE_LAYER + 1) % (inner - 1))) % inner;
  if (minute - 1 === highAt) return block.high;
  if (minute - 1 === lowAt) return block.low;
  const line = block.from + ((block.to - block.from) * minute) / BLOCK_MINUTES;
  const stray = (block.high - block.low) * 0.3 * signed(span.stream, index * BLOCK_MINUTES + minute, MINUTE_LAYER + 2);
  return Math.min(block.high, Math.max(block.low, line + stray));
}

/** A minute's open, its two extremes with the second of each, and its close. */
interface Minute {
  readonly open: number;
  readonly first: number;
  readonly firstAt: number;
  readonly second: number;
  readonly secondAt: number;
  readonly close: number;
}

function minuteOf(span: Span, index: number, minute: number): Minute {
  const block = blockOf(span, index);
  const open = edge(span, index, block, minute);
  const close = edge(span, index, block, minute + 1);
  const place = index * BLOCK_MINUTES + minute;
  const reach = (block.high - block.low) * 0.15;
  const high = Math.min(block.high, Math.max(open, close) + reach * unit(span.stream, place, SECOND_LAYER));
  const low = Math.max(block.low, Math.min(open, close) - reach * unit(span.stream, place, SECOND_LAYER + 1));
  const draw = hash2(span.stream, place, SECOND_LAYER + 2);
  const isHighFirst = draw % 2 === 0;
  return {
    open,
    first: isHighFirst ? high : low,
    firstAt: 5 + ((draw >>> 1) % 20),
    second: isHighFirst ? low : high,
    secondAt: 30 + ((draw >>> 8) % 20),
    close,
  };
}

function atSecond(bar: Minute, second: number): number {
  if (second <= bar.firstAt) return between(bar.open, bar.first, second / bar.firstAt);
  if (second <= bar.secondAt)
    return between(bar.first, bar.second, (second - bar.firstAt) / (bar.secondAt - bar.firstAt));
  return between(bar.second, bar.close, (second - bar.secondAt) / (LAST_SECOND - bar.secondAt));
}

const between = (from: number, to: number, share: number): number => (share >= 1 ? to : from + (to - from) * share);

const locate = (span: Span, at: number): { index: number; minute: number; second: number } => {
  const offset = at - span.start;
  return {
    index: Math.floor(offset / BLOCK_MS),
    minute: Math.floor((offset % BLOCK_MS) / MINUTE_MS),
    second: Math.floor((offset % MINUTE_MS) / SECOND_MS),
  };
};

/** Value in rupees: the previous close before the start, the day's close from the end on. */
export function valueAt(span: Span, at: number): number {
  if (at < span.start) return span.prevClose;
  if (at >= span.end) return span.knots[span.knots.length - 1] ?? span.prevClose;
  const { index, minute, second } = locate(span, at);
  return atSecond(minuteOf(span, index, minute), second);
}

/** Open, high, low and close over the seconds from `from` to `to`, both included and inside the span. */
export function barOf(span: Span, from: number, to: number): Bar {
  const open = valueAt(span, from);
  const close = valueAt(span, to);
  let high = Math.max(open, close);
  let low = Math.min(open, close);
  const include = (top: number, bottom: number): void => {
    if (top > high) high = top;
    if (bottom < low) low = bottom;
  };
  for (let at = from; at <= to && at < span.end;) {
    const { index, minute, second } = locate(span, at);
    const blockEnd = span.start + (index + 1) * BLOCK_MS;
    const minuteStart = span.start + index * BLOCK_MS + minute * MINUTE_MS;
    if (minute === 0 && second === 0 && blockEnd - SECOND_MS <= to) {
      if (at === span.start) {
        // Extremes since the start of the day are precomputed for whole blocks.
        const whole = Math.min(span.highs.length, Math.floor((to + SECOND_MS - span.start) / BLOCK_MS));
        include(span.highBefore[whole] ?? high, span.lowBefore[whole] ?? low);
        at = span.start + whole * BLOCK_MS;
      } else {
        include(span.highs[index] ?? high, span.lows[index] ?? low);
        at = blockEnd;
      }
      continue;
    }
    const bar = minuteOf(span, index, minute);
    const last = Math.min(LAST_SECOND, Math.floor((to - minuteStart) / SECOND_MS));
    if (bar.firstAt >= second && bar.firstAt <= last) include(bar.first, bar.first);
    if (bar.secondAt >= second && bar.secondAt <= last) include(bar.second, bar.second);
    at = minuteStart + MINUTE_MS;
  }
  return { open, high, low, close };
}

/** Share of the day's volume traded before an instant. */
export function volumeShare(span: Span, at: number): number {
  if (at <= span.start) return 0;
  if (at >= span.end) return 1;
  const { index, minute, second } = locate(span, at);
  const before = span.volumeBefore[index] ?? 0;
  const block = (span.volumeBefore[index + 1] ?? 1) - before;
  let done = 0;
  let total = 0;
  for (let each = 0; each < BLOCK_MINUTES; each++) {
    const weight = 0.3 + unit(span.stream, index * BLOCK_MINUTES + each, SECOND_LAYER + 3);
    total += weight;
    if (each < minute) done += weight;
    else if (each === minute) done += (weight * second) / 60;
  }
  return before + (block * done) / total;
}

/** The range of values in the block (or minute) of an instant, so that a search can skip those that stay away. */
export function blockRange(span: Span, at: number): { high: number; low: number; end: number } {
  const { index } = locate(span, at);
  const block = blockOf(span, index);
  return { high: block.high, low: block.low, end: span.start + (index + 1) * BLOCK_MS };
}

export function minuteRange(span: Span, at: number): { high: number; low: number; end: number } {
  const { index, minute } = locate(span, at);
  const bar = minuteOf(span, index, minute);
  return {
    high: Math.max(bar.first, bar.second),
    low: Math.min(bar.first, bar.second),
    end: span.start + index * BLOCK_MS + (minute + 1) * MINUTE_MS,
  };
}
