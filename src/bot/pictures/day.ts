import { grossOf } from "../../domain/day.ts";
import { ticker } from "../../domain/instrument.ts";
import { rupeesFromPaise, sumPaise, ZERO_PAISE, type Paise } from "../../domain/money.ts";
import { dayPnl, holdingDayChange } from "../../domain/totals.ts";
import { barChart } from "../../lib/chart/bars.ts";
import { decimalsOf, type WriteValue } from "../../lib/chart/frame.ts";
import { lineChart } from "../../lib/chart/line.ts";
import { HEADER, label, MARGIN, sheet, type Svg } from "../../lib/chart/svg.ts";
import type { AccountDay } from "../../services/digests/digests.ts";
import type { DayTotal } from "../../services/portfolio/snapshots.ts";
import { dateText } from "../render/amounts.ts";
import type { MoneyText } from "../render/money-text.ts";
import { drawable } from "./drawable.ts";
import { lakhs } from "./lakhs.ts";

const WIDTH = 1_080;
const ROW = 58;
const MAX_BARS = 9;
const CURVE = 400;
const CAPTION = 60;

export interface Move {
  readonly name: string;
  readonly amount: Paise;
}

/** Today's profit or loss by ticker over all accounts, the best first; without those that did not move, unless none did. */
export function movesOf(days: readonly AccountDay[]): Move[] {
  const sums = new Map<string, Paise>();
  const add = (name: string, amount: Paise): void =>
    void sums.set(name, sumPaise([sums.get(name) ?? ZERO_PAISE, amount]));
  for (const { positions, holdings } of days) {
    for (const position of positions) add(ticker(position.symbol), dayPnl(position));
    for (const holding of holdings) add(ticker(holding.symbol), holdingDayChange(holding) ?? ZERO_PAISE);
  }
  const moves = [...sums].map(([name, amount]) => ({ name, amount })).sort((a, b) => b.amount - a.amount);
  const moved = moves.filter(({ amount }) => amount !== 0);
  return moved.length > 0 ? moved : moves;
}

/** At most MAX_BARS moves: the smallest ones are summed up as "… others". */
function shownMoves(moves: readonly Move[]): Move[] {
  if (moves.length <= MAX_BARS) return [...moves];
  const bySize = [...moves].sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount));
  const large = new Set(bySize.slice(0, MAX_BARS - 1));
  const rest = bySize.slice(MAX_BARS - 1);
  const others = { name: `${rest.length} others`, amount: sumPaise(rest.map(({ amount }) => amount)) };
  return [...moves.filter((move) => large.has(move)), others];
}

export interface DayPicture {
  readonly title: string;
  readonly subtitle: string;
  readonly moves: readonly Move[];
  readonly curve: readonly DayTotal[];
  readonly money: MoneyText;
}

/** A bar for each position's day, above the curve of the accounts' value; null when there is nothing to draw. */
export function dayPicture({ title, subtitle, moves, curve, money }: DayPicture): Svg | null {
  const bars = shownMoves(moves).map(({ name, amount }) => ({
    label: name,
    value: rupeesFromPaise(amount),
    text: drawable(money.short(amount)),
  }));
  const hasCurve = curve.length > 1;
  if (bars.length === 0 && !hasCurve) return null;
  const barsHeight = bars.length * ROW;
  const curveTop = HEADER + 20 + (bars.length > 0 ? barsHeight + 50 : 0);
  const height = hasCurve ? curveTop + CAPTION + CURVE + MARGIN : HEADER + 20 + barsHeight + MARGIN;
  const width = WIDTH - 2 * MARGIN;
  return sheet({ width: WIDTH, height, title: drawable(title), subtitle: drawable(subtitle) }, [
    bars.length > 0 ? barChart(bars, { x: MARGIN, y: HEADER + 20, width, height: barsHeight }) : "",
    hasCurve ? curvePart(curve, money, { x: MARGIN, y: curveTop, width, height: CURVE + CAPTION }) : "",
  ]);
}

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function curvePart(curve: readonly DayTotal[], money: MoneyText, area: Area): Svg {
  // Hidden amounts: the change in percent since the first day with any value. An empty day has nothing to be a percentage of.
  const first = curve.find(({ value }) => value > 0)?.value ?? null;
  const points = curve.map(({ date, value }) => ({
    name: dateText(date).replace(/ \d{4}$/, ""),
    value: !money.hides ? rupeesFromPaise(value) : first === null ? 0 : ((value - first) / first) * 100,
  }));
  const share: WriteValue = (value, step) => `${value.toFixed(decimalsOf(step, 1))}%`;
  return (
    label(area.x, area.y + 24, `Value of the accounts, ${curve.length} days`, { size: 30 }) +
    lineChart(points, { ...area, y: area.y + CAPTION, height: area.height - CAPTION }, money.hides ? share : lakhs)
  );
}

export interface PeriodPicture {
  readonly title: string;
  readonly net: Paise;
  readonly days: readonly DayTotal[];
  readonly money: MoneyText;
}

/** A bar for each day of a period, before charges, above the curve of the accounts' value. */
export function periodPicture({ title, net, days, money }: PeriodPicture): Svg | null {
  const moves = days.slice(-MAX_BARS).map(({ date, figures }) => ({
    name: dateText(date).replace(/ \d{4}$/, ""),
    amount: grossOf(figures),
  }));
  const which = days.length > MAX_BARS ? `; bars: the last ${MAX_BARS} days` : "";
  return dayPicture({ title, subtitle: `${money.signed(net)} net of charges${which}`, moves, curve: days, money });
}
