import { joinCandles } from "../../src/domain/candles.ts";
import type { InstrumentKey } from "../../src/domain/ids.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { istDate, istInstant } from "../../src/domain/market.ts";
import { priceFromRupees, type Price } from "../../src/domain/money.ts";
import type { Candle, Quote } from "../../src/domain/portfolio.ts";
import type { Chart, ChartRow, QuoteRow } from "./schemas.ts";

/** Yahoo's prices are single-precision floats (`2475.800048828125`), so they are rounded to paise. */
const toPrice = (rupees: number): Price => priceFromRupees(rupees.toFixed(2));
const priceOrNull = (rupees: number | null | undefined): Price | null =>
  typeof rupees === "number" && rupees > 0 ? toPrice(rupees) : null;

/** The row as a candle, or null if a price is missing. */
function toCandle(row: ChartRow): Candle | null {
  const [open, high, low, close] = [row.open, row.high, row.low, row.close].map(priceOrNull);
  if (!open || !high || !low || !close) return null;
  return { at: row.date.getTime(), open, high, low, close, volume: row.volume ?? 0 };
}

/**
 * One candle per IST date. Today's row may come twice, once with the time of the last trade: the later row
 * wins.
 */
export function dailyCandles(chart: Pick<Chart, "quotes">): Candle[] {
  const days = new Map<string, Candle>();
  for (const row of chart.quotes) {
    const candle = toCandle(row);
    if (!candle) continue;
    const date = istDate(candle.at);
    days.set(date, { ...candle, at: istInstant(date) });
  }
  return [...days.values()].sort((a, b) => a.at - b.at);
}

/** Bars counted from 09:15 IST. The current row has the time of the last trade, so it is joined into its bar. */
export function intradayCandles(chart: Pick<Chart, "quotes">, widthMs: number): Candle[] {
  const rows = chart.quotes.flatMap((row) => toCandle(row) ?? []).sort((a, b) => a.at - b.at);
  return joinCandles(rows, (at) => {
    const open = istInstant(istDate(at), "09:15");
    return open + Math.floor((at - open) / widthMs) * widthMs;
  });
}

interface QuoteParts {
  readonly key: InstrumentKey;
  readonly symbol: Quote["symbol"];
  readonly ltp: Price;
  readonly open: Price | null;
  readonly high: Price | null;
  readonly low: Price | null;
  readonly prevClose: Price | null;
  readonly volume: number | null;
  readonly at: number | null;
}

/** Yahoo's bid and ask for India are 0, so they are not used. */
const toQuote = (parts: QuoteParts): Quote => ({
  ...parts,
  bid: null,
  ask: null,
  openInterest: null,
  lowerCircuit: null,
  upperCircuit: null,
  source: "yfinance",
});

/** From a chart of the last days. `chartPreviousClose` is the close before the range, so the rows are used instead. */
export function quoteFromChart({ key, symbol }: Instrument, chart: Chart): Quote | null {
  const ltp = priceOrNull(chart.meta.regularMarketPrice);
  if (ltp === null) return null;
  const at = chart.meta.regularMarketTime;
  const today = istInstant(istDate(at));
  const bar = dailyCandles(chart).find((day) => day.at === today);
  return toQuote({
    key,
    symbol,
    ltp,
    open: bar?.open ?? null,
    high: bar?.high ?? null,
    low: bar?.low ?? null,
    // The last row before today, even if it has no close: an older row is not the previous day.
    prevClose: priceOrNull(chart.quotes.findLast(({ date }) => date.getTime() < today)?.close),
    volume: chart.meta.regularMarketVolume ?? bar?.volume ?? null,
    at,
  });
}

export function quoteFromRow({ key, symbol }: Instrument, row: QuoteRow): Quote | null {
  const ltp = priceOrNull(row.regularMarketPrice);
  if (ltp === null) return null;
  return toQuote({
    key,
    symbol,
    ltp,
    open: priceOrNull(row.regularMarketOpen),
    high: priceOrNull(row.regularMarketDayHigh),
    low: priceOrNull(row.regularMarketDayLow),
    prevClose: priceOrNull(row.regularMarketPreviousClose),
    volume: row.regularMarketVolume ?? null,
    at: row.regularMarketTime ?? null,
  });
}
