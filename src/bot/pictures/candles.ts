import { listingName, type Instrument } from "../../domain/instrument.ts";
import { istDate, istTime } from "../../domain/market.ts";
import { PRICE_SCALE, rupeesFromPrice, type Price } from "../../domain/money.ts";
import type { Side } from "../../domain/order.ts";
import { isIntraday, type Candle, type Interval } from "../../domain/portfolio.ts";
import { candleChart, type Overlay } from "../../lib/chart/candles.ts";
import { plotOf } from "../../lib/chart/frame.ts";
import { linearScale } from "../../lib/chart/scale.ts";
import { HEADER, INK, label, line, MARGIN, sheet, tag, type Box, type Svg } from "../../lib/chart/svg.ts";
import { changePercent, dateText, priceText } from "../render/amounts.ts";
import { drawable } from "./drawable.ts";

/** Small enough that its text is legible on a phone, which shows it about 380 points wide. */
const SIZE = { width: 960, height: 700 };
const LEGEND_ROOM = 28;
const TOP = HEADER + LEGEND_ROOM;
const BOX: Box = { x: MARGIN, y: TOP, width: SIZE.width - 2 * MARGIN, height: SIZE.height - TOP - MARGIN };
const AVERAGES = [
  { count: 20, stroke: INK.line },
  { count: 50, stroke: INK.second },
] as const;
/** The average price is drawn up to this many times the candles' range away from them: further, it would flatten them. */
const OWN_REACH = 1;

export interface TradeMark {
  /** Epoch ms. */
  readonly at: number;
  readonly side: Side;
  readonly price: Price;
}

export interface CandlePicture {
  readonly instrument: Instrument;
  readonly interval: Interval;
  /** Oldest first; those before `from` only feed the averages. */
  readonly candles: readonly Candle[];
  readonly from: number;
  /** The average that the user paid; null when nothing is held. */
  readonly avgPrice: Price | null;
  readonly trades: readonly TradeMark[];
  readonly source: string;
}

/**
 * Candles with volume, 20 and 50 bar averages, the user's average price and trades. `marked` counts the trades that lie in
 * the plot: one from before a split may not, since candles are adjusted and trade prices are not. Null without candles.
 */
export function candlePicture(picture: CandlePicture): { readonly svg: Svg; readonly marked: number } | null {
  const start = picture.candles.findIndex(({ at }) => at >= picture.from);
  const shown = start === -1 ? [] : picture.candles.slice(start);
  const [first, last] = [shown[0], shown.at(-1)];
  if (!first || !last) return null;
  const overlays = AVERAGES.map(({ count, stroke }): Overlay => ({
    stroke,
    values: movingAverage(picture.candles, count).slice(start),
  }));
  const nameOf = namesFor(picture.interval, istDate(first.at) === istDate(last.at));
  const bars = shown.map((candle) => ({
    name: nameOf(candle.at),
    open: rupeesFromPrice(candle.open),
    high: rupeesFromPrice(candle.high),
    low: rupeesFromPrice(candle.low),
    close: rupeesFromPrice(candle.close),
    volume: candle.volume,
  }));
  const own = ownOverlay(picture.avgPrice, shown);
  const drawn = own ? [...overlays, own] : overlays;
  const change = drawable(changePercent(last.close, first.open));
  const title = `${listingName(picture.instrument)}  ${priceText(last.close)}  ${change}`;
  const subtitle = drawable(`${spanText(first.at, last.at)} · ${picture.interval} · ${picture.source}`);
  const marks = tradeMarks(picture.trades, shown, drawn);
  const svg = sheet({ ...SIZE, title, subtitle }, [
    candleChart(bars, BOX, writePrice, drawn),
    ...marks,
    legend(own === null ? null : picture.avgPrice),
  ]);
  return { svg, marked: marks.length };
}

/** The mean of the last `count` closes at each bar, in rupees; null before there are enough. */
export function movingAverage(candles: readonly Candle[], count: number): (number | null)[] {
  let sum = 0;
  return candles.map(({ close }, at) => {
    sum += close - (candles[at - count]?.close ?? 0);
    return at < count - 1 ? null : sum / count / PRICE_SCALE;
  });
}

function ownOverlay(avgPrice: Price | null, shown: readonly Candle[]): Overlay | null {
  if (avgPrice === null) return null;
  const high = Math.max(...shown.map((candle) => candle.high));
  const low = Math.min(...shown.map((candle) => candle.low));
  const reach = Math.max(high - low, low * 0.01) * OWN_REACH;
  if (avgPrice > high + reach || avgPrice < low - reach) return null;
  return { stroke: INK.own, values: shown.map(() => rupeesFromPrice(avgPrice)) };
}

/** A triangle below each purchase and above each sale, at the bar of its time. */
function tradeMarks(trades: readonly TradeMark[], shown: readonly Candle[], overlays: readonly Overlay[]): Svg[] {
  const plot = plotOf(BOX);
  const values = [
    ...shown.flatMap(({ high, low }) => [rupeesFromPrice(high), rupeesFromPrice(low)]),
    ...overlays.flatMap((overlay) => overlay.values.filter((value) => value !== null)),
  ];
  // Made of the same values as candleChart's own scale, so that both place prices alike.
  const scale = linearScale(values, plot.y + plot.height, plot.y);
  const step = plot.width / shown.length;
  return trades.flatMap((trade) => {
    const at = shown.findLastIndex((candle) => candle.at <= trade.at);
    if (at === -1) return [];
    const x = plot.x + (at + 0.5) * step;
    const y = scale.at(rupeesFromPrice(trade.price));
    if (y < plot.y || y > plot.y + plot.height) return [];
    return [triangle(x, y, trade.side)];
  });
}

function triangle(x: number, y: number, side: Side): Svg {
  const down = side === "BUY" ? 1 : -1;
  const points = [
    [x, y + 4 * down],
    [x - 11, y + 26 * down],
    [x + 11, y + 26 * down],
  ];
  return tag("polygon", {
    points: points.map((point) => point.map((value) => value.toFixed(1)).join(",")).join(" "),
    fill: side === "BUY" ? INK.gain : INK.loss,
    stroke: INK.paper,
    "stroke-width": 2,
  });
}

function legend(avgPrice: Price | null): Svg {
  const entries = [
    ...AVERAGES.map(({ count, stroke }) => ({ name: `SMA ${count}`, stroke })),
    ...(avgPrice === null ? [] : [{ name: `my average ${priceText(avgPrice)}`, stroke: INK.own }]),
  ];
  return entries
    .map(({ name, stroke }, at) => {
      const x = MARGIN + at * 160;
      return line(x, HEADER - 2, x + 36, HEADER - 2, stroke, 6) + label(x + 46, HEADER + 6, name, { size: 22 });
    })
    .join("");
}

const writePrice = (rupees: number): string =>
  rupees.toLocaleString("en-IN", { maximumFractionDigits: Math.abs(rupees) >= 1_000 ? 0 : 2 });

/** The labels under the bars, as short as possible: times within one day, dates for daily bars, else both. */
function namesFor(interval: Interval, isOneDay: boolean): (at: number) => string {
  if (!isIntraday(interval)) return shortDate;
  return isOneDay ? istTime : (at) => `${shortDate(at).slice(0, -3)} ${istTime(at)}`;
}

const spanText = (from: number, to: number): string =>
  shortDate(from) === shortDate(to) ? shortDate(from) : `${shortDate(from)} to ${shortDate(to)}`;
const shortDate = (at: number): string => dateText(istDate(at)).replace(/ \d{2}(\d{2})$/, " $1");
