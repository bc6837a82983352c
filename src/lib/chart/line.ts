import { nameAxis, plotOf, valueGrid, type WriteValue } from "./frame.ts";
import { linearScale } from "./scale.ts";
import { type Box, INK, type Svg, tag } from "./svg.ts";

export interface Point {
  readonly name: string;
  readonly value: number;
}

/** A line with the area below it filled and the last point marked. A single point is a dot. */
export function lineChart(points: readonly Point[], box: Box, write: WriteValue): Svg {
  const plot = plotOf(box);
  const bottom = plot.y + plot.height;
  const scale = linearScale(
    points.map(({ value }) => value),
    bottom,
    plot.y,
  );
  const xAt = (i: number): number =>
    points.length < 2 ? plot.x + plot.width / 2 : plot.x + (i * plot.width) / (points.length - 1);
  const dots = points.map(({ value }, i) => `${xAt(i).toFixed(1)},${scale.at(value).toFixed(1)}`);
  const last = points.at(-1);
  return [
    valueGrid(plot, scale, write),
    points.length > 1 &&
      tag("polygon", {
        points: `${xAt(0)},${bottom} ${dots.join(" ")} ${xAt(points.length - 1)},${bottom}`,
        fill: INK.area,
      }),
    tag("polyline", {
      points: dots.join(" "),
      fill: "none",
      stroke: INK.line,
      "stroke-width": 4,
      "stroke-linejoin": "round",
    }),
    last && tag("circle", { cx: xAt(points.length - 1), cy: scale.at(last.value), r: 8, fill: INK.line }),
    nameAxis(
      plot,
      points.map(({ name }) => name),
      xAt,
    ),
  ]
    .filter((part) => typeof part === "string")
    .join("");
}
