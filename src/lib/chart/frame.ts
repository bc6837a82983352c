import type { Scale } from "./scale.ts";
import { type Box, INK, label, line, type Svg, textWidth } from "./svg.ts";

/** Font size. A phone shows the sheet at about a third of its size. */
const SIZE = 26;
/** Space for the values right of the plot, and for the names below it. */
const VALUE_ROOM = 150;
const NAME_ROOM = 48;

export const plotOf = (box: Box): Box => ({
  ...box,
  width: box.width - VALUE_ROOM,
  height: box.height - NAME_ROOM,
});

/** Formats an axis value; `step` is the distance between two grid lines. */
export type WriteValue = (value: number, step: number) => string;

/** Number of decimals needed to tell neighbouring grid lines apart: at least `least`, at most four. */
export function decimalsOf(step: number, least: number): number {
  const isWhole = (value: number): boolean => Math.abs(value - Math.round(value)) < 1e-6;
  let places = least;
  while (places < 4 && !isWhole(step * 10 ** places)) places += 1;
  return places;
}

/** Grid lines at the ticks, with their values on the right. */
export function valueGrid(plot: Box, scale: Scale, write: WriteValue): Svg {
  const [first = 0, second = 0] = scale.ticks;
  return scale.ticks
    .map((tick) => {
      const y = scale.at(tick);
      const right = plot.x + plot.width;
      return (
        line(plot.x, y, right, y, INK.grid, 1.5) +
        label(right + 12, y + 9, write(tick, second - first), { size: SIZE, fill: INK.muted })
      );
    })
    .join("");
}

const MAX_NAMES = 5;
/** As many names below the plot as fit, always with the first and the last. `xAt`: x of the i-th point. */
export function nameAxis(plot: Box, names: readonly string[], xAt: (i: number) => number): Svg {
  const widest = Math.max(1, ...names.map((name) => textWidth(name, SIZE))) + SIZE;
  const count = Math.min(MAX_NAMES, names.length, Math.max(2, Math.floor(plot.width / widest)));
  const picked = Array.from({ length: count }, (_, i) =>
    count === 1 ? 0 : Math.round((i * (names.length - 1)) / (count - 1)),
  );
  return picked
    .map((at, i) => {
      const anchor = i === 0 ? "start" : i === count - 1 ? "end" : "middle";
      const y = plot.y + plot.height + NAME_ROOM - 8;
      return label(xAt(at), y, names[at] ?? "", { size: SIZE, anchor, fill: INK.muted });
    })
    .join("");
}
