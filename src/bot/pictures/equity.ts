import { rupeesFromPaise, ZERO_PAISE, type Paise } from "../../domain/money.ts";
import { nameAxis, plotOf, valueGrid } from "../../lib/chart/frame.ts";
import { linearScale } from "../../lib/chart/scale.ts";
import { HEADER, INK, label, line, MARGIN, sheet, tag, type Box, type Svg } from "../../lib/chart/svg.ts";
import type { BacktestResult } from "../../services/strategies/nifty-shop/backtest.ts";
import { dateText, percent } from "../render/amounts.ts";
import { drawable } from "./drawable.ts";
import { lakhs } from "./lakhs.ts";

const SIZE = { width: 960, height: 700 };
/** More points than this are not visible and only take time to draw. */
const MAX_POINTS = 600;
const LEGEND_ROOM = 36;
const KEY_WIDTH = 340;

interface Series {
  readonly values: readonly number[];
  readonly stroke: string;
  readonly name: string;
}

/** The strategy's value against the index bought with the same money. */
export function equityPicture(result: BacktestResult): Svg {
  const step = Math.max(1, Math.ceil(result.curve.length / MAX_POINTS));
  const thin = <T>(all: readonly T[]): T[] => all.filter((_, at) => at % step === 0 || at === all.length - 1);
  const own = thin(result.curve);
  const index = new Map(result.indexCurve.map(({ date, equity }) => [date, equity]));
  const series: Series[] = [
    {
      name: `Nifty Shop ${share(result.totalReturn)}`,
      stroke: INK.line,
      values: own.map(({ equity }) => rupeesFromPaise(equity)),
    },
    ...(result.indexCurve.length === 0
      ? []
      : [
          {
            name: result.indexReturn === null ? "Nifty 50" : `Nifty 50 ${share(result.indexReturn)}`,
            stroke: INK.muted,
            values: carriedForward(own.map(({ date }) => index.get(date))).map(rupeesFromPaise),
          },
        ]),
  ];
  const span = `${dateText(result.from)} to ${dateText(result.to)}`;
  const top = HEADER + LEGEND_ROOM;
  const box = { x: MARGIN, y: top, width: SIZE.width - 2 * MARGIN, height: SIZE.height - top - MARGIN };
  return sheet({ ...SIZE, title: "Nifty Shop, backtest", subtitle: span }, [
    lines(
      series,
      own.map(({ date }) => dateText(date)),
      box,
    ),
  ]);
}

/** A ratio as percent: 0.125 is +12.50%. */
export const share = (ratio: number): string => percent(Math.round(ratio * 10_000));

/** A day without an index value gets the previous one. */
function carriedForward(values: readonly (Paise | undefined)[]): Paise[] {
  let last = values.find((value) => value !== undefined) ?? ZERO_PAISE;
  return values.map((value) => (last = value ?? last));
}

function lines(series: readonly Series[], names: readonly string[], box: Box): Svg {
  const plot = plotOf(box);
  const bottom = plot.y + plot.height;
  const scale = linearScale(
    series.flatMap(({ values }) => values),
    bottom,
    plot.y,
  );
  const xAt = (i: number): number => plot.x + (i * plot.width) / Math.max(1, names.length - 1);
  const path = ({ values, stroke }: Series): Svg =>
    tag("polyline", {
      points: values.map((value, i) => `${xAt(i).toFixed(1)},${scale.at(value).toFixed(1)}`).join(" "),
      fill: "none",
      stroke,
      "stroke-width": 4,
      "stroke-linejoin": "round",
    });
  const key = series.map(
    ({ name, stroke }, at) =>
      line(plot.x + at * KEY_WIDTH, plot.y - 26, plot.x + at * KEY_WIDTH + 40, plot.y - 26, stroke, 6) +
      label(plot.x + at * KEY_WIDTH + 52, plot.y - 18, drawable(name), { size: 24 }),
  );
  return [valueGrid(plot, scale, lakhs), ...series.map(path).reverse(), ...key, nameAxis(plot, names, xAt)].join("");
}
