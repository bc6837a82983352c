import { nameAxis, plotOf, valueGrid } from "./frame.ts";
import { linearScale } from "./scale.ts";
import { type Box, INK, line, rectangle, type Svg, tag } from "./svg.ts";

export interface CandleBar {
  readonly name: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** A line drawn over the candles; null where it has no value. */
export interface Overlay {
  readonly values: readonly (number | null)[];
  readonly stroke: string;
}

const VOLUME_SHARE = 0.18;

/** Candles with faint volume bars behind and overlay lines in front. Falling bodies are filled, rising ones hollow. */
export function candleChart(
  bars: readonly CandleBar[],
  box: Box,
  write: (value: number) => string,
  overlays: readonly Overlay[] = [],
): Svg {
  const plot = plotOf(box);
  const bottom = plot.y + plot.height;
  const step = plot.width / Math.max(1, bars.length);
  const width = Math.max(1, Math.min(24, step * 0.7));
  const xAt = (i: number): number => plot.x + (i + 0.5) * step;
  const drawn = overlays.flatMap(({ values }) => values.filter((value) => value !== null));
  const scale = linearScale([...bars.flatMap(({ high, low }) => [high, low]), ...drawn], bottom, plot.y);
  const mostVolume = Math.max(1, ...bars.map(({ volume }) => volume));
  const candle = (bar: CandleBar, i: number): Svg => {
    const isUp = bar.close >= bar.open;
    const ink = isUp ? INK.gain : INK.loss;
    const top = scale.at(Math.max(bar.open, bar.close));
    const height = Math.max(1.5, scale.at(Math.min(bar.open, bar.close)) - top);
    const volume = (bar.volume / mostVolume) * plot.height * VOLUME_SHARE;
    const body = { x: xAt(i) - width / 2, y: top, width, height };
    return (
      tag("rect", { x: body.x, y: bottom - volume, width, height: volume, fill: ink, "fill-opacity": 0.18 }) +
      line(xAt(i), scale.at(bar.high), xAt(i), scale.at(bar.low), ink, 2) +
      (isUp && width > 4
        ? tag("rect", { ...body, fill: INK.paper, stroke: ink, "stroke-width": 2 })
        : rectangle(body, ink))
    );
  };
  return [
    valueGrid(plot, scale, write),
    ...bars.map(candle),
    ...overlays.map(({ values, stroke }) =>
      tag("path", { d: pathOf(values, xAt, (value) => scale.at(value)), fill: "none", stroke, "stroke-width": 3 }),
    ),
    nameAxis(
      plot,
      bars.map(({ name }) => name),
      xAt,
    ),
  ].join("");
}

/** SVG path through the values, interrupted where a value is null. */
function pathOf(
  values: readonly (number | null)[],
  xAt: (i: number) => number,
  yAt: (value: number) => number,
): string {
  let isPenDown = false;
  return values
    .flatMap((value, i) => {
      if (value === null) {
        isPenDown = false;
        return [];
      }
      const move = isPenDown ? "L" : "M";
      isPenDown = true;
      return [`${move}${xAt(i).toFixed(1)} ${yAt(value).toFixed(1)}`];
    })
    .join("");
}
