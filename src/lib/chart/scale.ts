/** A linear scale from values to pixels with round ticks that cover the values. */
export interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

const STEPS = [1, 2, 2.5, 5, 10];

/** `from` and `to` are the pixel positions of the lowest and the highest tick. Values must be finite. */
export function linearScale(values: readonly number[], from: number, to: number, wanted = 5): Scale {
  const [low, high] = spread(values);
  const step = niceStep((high - low) / Math.max(1, wanted - 1));
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  const [bottom, top] = [first * step, last * step];
  return { ticks, at: (value) => from + ((value - bottom) / (top - bottom)) * (to - from) };
}

/** Lowest and highest value; a flat series gets a margin on both sides. */
function spread(values: readonly number[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) throw new RangeError(`cannot be drawn: ${value}`);
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  if (low < high) return [low, high];
  const room = Math.max(1, Math.abs(low) * 0.01);
  return [low - room, high + room];
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = STEPS.find((candidate) => candidate * power >= rough) ?? 10;
  return step * power;
}
