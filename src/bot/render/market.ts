import { InlineKeyboard } from "grammy";
import { isDerivative, listingName, ticker, type Instrument } from "../../domain/instrument.ts";
import type { Depth, DepthLevel, Quote } from "../../domain/portfolio.ts";
import { renderPairs, renderTable } from "../../lib/table.ts";
import { callbackData, keyArgument } from "../callbacks.ts";
import { html, lines, type Html } from "../html.ts";
import type { View } from "../view.ts";
import { changePercent, dateText, mark, priceText, quantity, rupeePrice, strikeText, timeText } from "./amounts.ts";
import { PAGE_WIDTH, stamp } from "./page.ts";
import { pricedAt } from "./source.ts";

export interface QuoteCard {
  readonly instrument: Instrument;
  readonly quote: Quote | null;
  /** Where the prices come from, like "Zerodha"; null without an account. */
  readonly source: string | null;
  /** Whether to offer Buy and Sell. */
  readonly mayTrade: boolean;
  readonly now: number;
}

export const noPrice = (): Html => html`No price is available right now.`;

export const noDepth = (): Html =>
  html`None of your accounts gives order books: those come from a real broker. /quote has the price.`;

export const noIndexDepth = ({ symbol }: Instrument): Html =>
  html`${ticker(symbol)} is an index: it is quoted, not traded, and has no order book. /quote has its value.`;

/** "🟢 ₹1,002.35 +1.16%": the change where the previous close is known. */
export const priceLine = ({ ltp, prevClose }: Quote): Html =>
  prevClose === null
    ? html`<b>${rupeePrice(ltp)}</b>`
    : html`${mark(ltp - prevClose)} <b>${rupeePrice(ltp)}</b> ${changePercent(ltp, prevClose)}`;

export function quoteView({ instrument, quote, source, mayTrade, now }: QuoteCard): View {
  const title = html`<b>${listingName(instrument)}</b> ${describe(instrument)}`;
  const keyboard = new InlineKeyboard();
  if (instrument.kind !== "index" && mayTrade)
    keyboard
      .add({ text: "Buy", callback_data: callbackData("tkt", "B", keyArgument(instrument.key)), style: "success" })
      .add({
        text: "Sell",
        callback_data: callbackData("tkt", "S", keyArgument(instrument.key)),
        style: "danger",
      });
  if (instrument.kind !== "index") keyboard.text("Depth", callbackData("dep", keyArgument(instrument.key))).row();
  keyboard.text("Refresh", callbackData("qt", keyArgument(instrument.key)));
  if (!quote) return { html: lines(title, noPrice(), stamp(now)), keyboard };
  return {
    html: lines(
      title,
      priceLine(quote),
      html`<pre>${renderPairs(quotePairs(quote), PAGE_WIDTH)}</pre>`,
      html`<i>${pricedAt(quote, source, now)}</i>`,
    ),
    keyboard,
  };
}

function quotePairs(quote: Quote): [string, string][] {
  const row = (label: string, value: string | null): [string, string][] => (value === null ? [] : [[label, value]]);
  const at = (value: Quote["open"]): string | null => (value === null ? null : priceText(value));
  const range = quote.low === null || quote.high === null ? null : `${priceText(quote.low)} – ${priceText(quote.high)}`;
  const circuit =
    quote.lowerCircuit === null || quote.upperCircuit === null || quote.upperCircuit === 0
      ? null
      : `${priceText(quote.lowerCircuit)} – ${priceText(quote.upperCircuit)}`;
  const spread = quote.bid === null || quote.ask === null ? null : `${priceText(quote.bid)} / ${priceText(quote.ask)}`;
  return [
    ...row("Open", at(quote.open)),
    ...row("Range", range),
    ...row("Previous close", at(quote.prevClose)),
    ...row("Bid / ask", spread),
    ...row("Volume", quote.volume === null || quote.volume === 0 ? null : quantity(quote.volume)),
    ...row(
      "Open interest",
      quote.openInterest === null || quote.openInterest === 0 ? null : quantity(quote.openInterest),
    ),
    ...row("Circuit", circuit),
  ];
}

/** "State Bank of India", "NIFTY future, 24 Nov 2026, lot 75" */
export function describe(instrument: Instrument): string {
  const lot = instrument.lotSize > 1 ? `, lot ${quantity(instrument.lotSize)}` : "";
  if (!isDerivative(instrument)) return `${instrument.name}${lot}`;
  const kind = instrument.kind === "future" ? "future" : `${strikeText(instrument.strike)} ${instrument.optionType}`;
  return `${instrument.underlying} ${kind}, ${dateText(instrument.expiry)}${lot}`;
}

export function depthView(instrument: Instrument, depth: Depth, source: string, now: number): View {
  const isEmpty = depth.bids.length === 0 && depth.asks.length === 0;
  const grouped = depthTable(depth, quantity);
  const fits = grouped.split("\n").every((line) => line.length <= PAGE_WIDTH);
  const table = fits ? grouped : depthTable(depth, String);
  return {
    html: lines(
      html`<b>${listingName(instrument)}</b> depth${depth.ltp === null ? "" : html`, last <b>${rupeePrice(depth.ltp)}</b>`}`,
      isEmpty ? html`The book is empty.` : html`<pre>${table}</pre>`,
      totals(depth),
      html`<i>${source} · ${timeText(now, now)}</i>`,
    ),
    keyboard: new InlineKeyboard()
      .text("Quote", callbackData("qt", keyArgument(instrument.key)))
      .text("Refresh", callbackData("dep", keyArgument(instrument.key))),
  };
}

function depthTable({ bids, asks }: Depth, write: (quantity: number) => string): string {
  const cells = (level: DepthLevel | undefined): string[] =>
    level ? [write(level.quantity), priceText(level.price)] : ["", ""];
  return renderTable(
    [
      { title: "Qty", align: "right" },
      { title: "Bid", align: "right" },
      { title: "Ask", align: "right" },
      { title: "Qty", align: "right" },
    ],
    Array.from({ length: Math.max(bids.length, asks.length) }, (_, at) => [
      ...cells(bids[at]),
      ...cells(asks[at]).reverse(),
    ]),
  );
}

const totals = (depth: Depth): Html | null =>
  depth.totalBidQty === null || depth.totalAskQty === null
    ? null
    : html`All bids ${quantity(depth.totalBidQty)}, all asks ${quantity(depth.totalAskQty)}`;
