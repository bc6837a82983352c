import { type Box, fittedName, fittingSize, INK, label, line, rectangle, type Svg } from "./svg.ts";

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The formatted value, shown beside the bar. */
  readonly text: string;
}

const LABEL_SHARE = 0.3;
const TEXT_SHARE = 0.23;
const MAX_ROW = 62;
const SIZE = 30;
/** Contract names are long and differ at the end, so they are shrunk down to this size before they are cut. */
const LEAST_SIZE = 22;

/** One row per bar: name, bar from a common zero line, value. Losses extend left, so the chart works without colour. */
export function barChart(bars: readonly Bar[], box: Box): Svg {
  const row = Math.min(MAX_ROW, box.height / Math.max(1, bars.length));
  const size = Math.min(SIZE, row * 0.55);
  const left = box.x + box.width * LABEL_SHARE;
  const room = box.width * (1 - LABEL_SHARE - TEXT_SHARE);
  const most = Math.max(0, ...bars.map(({ value }) => value));
  const least = Math.min(0, ...bars.map(({ value }) => value));
  const unit = most === least ? 0 : room / (most - least);
  const zero = left - least * unit;
  const rows = bars.map((bar, i) => {
    const y = box.y + i * row;
    const length = Math.max(bar.value === 0 ? 0 : 2, Math.abs(bar.value) * unit);
    const x = bar.value < 0 ? zero - length : zero;
    const baseline = y + row / 2 + size * 0.36;
    const fill = bar.value < 0 ? INK.loss : INK.gain;
    const nameRoom = box.width * LABEL_SHARE - 12;
    const nameSize = fittingSize(bar.label, nameRoom, size, Math.min(size, LEAST_SIZE));
    return [
      label(box.x, baseline, fittedName(bar.label, nameRoom, nameSize), { size: nameSize }),
      rectangle({ x, y: y + row * 0.18, width: length, height: row * 0.64 }, fill),
      label(box.x + box.width, baseline, bar.text, { size, anchor: "end", fill: bar.value === 0 ? INK.muted : fill }),
    ].join("");
  });
  return [line(zero, box.y, zero, box.y + row * bars.length, INK.muted), ...rows].join("");
}
