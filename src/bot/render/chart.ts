import { ticker, type Instrument } from "../../domain/instrument.ts";
import type { Price } from "../../domain/money.ts";
import { istDate } from "../../domain/market.ts";
import { isIntraday, type Candle, type Interval } from "../../domain/portfolio.ts";
import { html, lines, type Html } from "../html.ts";
import type { TradeMark } from "../pictures/candles.ts";
import { changePercent, dateText, mark, quantity, rupeePrice, timeText } from "./amounts.ts";
import { describe } from "./market.ts";

export interface ChartCaption {
  readonly instrument: Instrument;
  readonly candles: readonly Candle[];
  readonly from: number;
  readonly avgPrice: Price | null;
  readonly trades: readonly TradeMark[];
  readonly interval: Interval;
  readonly source: string;
  readonly now: number;
}

/** What the picture shows, in words, for who cannot see it. */
export function chartCaption(caption: ChartCaption): Html {
  const { instrument, candles, from, avgPrice, trades } = caption;
  const shown = candles.filter(({ at }) => at >= from);
  const [first, last] = [shown[0], shown.at(-1)];
  const marked = trades.filter(({ at }) => at >= from).length;
  return lines(
    html`<b>${ticker(instrument.symbol)}</b> ${describe(instrument)}`,
    first &&
      last &&
      html`${mark(last.close - first.open)} <b>${rupeePrice(last.close)}</b> ${changePercent(last.close, first.open)} over the chart`,
    avgPrice !== null && last && html`My average ${rupeePrice(avgPrice)}, ${changePercent(last.close, avgPrice)}`,
    marked > 0 && html`${quantity(marked)} ${marked === 1 ? "trade" : "trades"} of mine marked`,
    html`<i>${caption.source}${last ? ` · ${lastBar(last.at, caption)}` : ""}</i>`,
  );
}

/** How old the newest bar is: its minute, or its day. */
const lastBar = (at: number, { interval, now }: Pick<ChartCaption, "interval" | "now">): string =>
  isIntraday(interval) ? `bar of ${timeText(at, now)}` : `to ${dateText(istDate(at))}`;

export const chartText = {
  empty: (symbol: string, range: string): Html =>
    html`There are no prices of ${symbol} for the last ${range}. A longer range may have some: <code>/chart ${symbol} 1y</code>`,
};
