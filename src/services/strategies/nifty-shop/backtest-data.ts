import PQueue from "p-queue";
import type { InstrumentKey } from "../../../domain/ids.ts";
import { equitySymbol, type Equity, type Index, indexInstrument, INDICES } from "../../../domain/instrument.ts";
import { addDays, isDate, istDate, istInstant, lastOfMonth } from "../../../domain/market.ts";
import { paiseFromRupees, priceFromRupees, sumPaise, ZERO_PAISE } from "../../../domain/money.ts";
import { chargesOf } from "../../../domain/charges.ts";
import type { Candle } from "../../../domain/portfolio.ts";
import type { CandleQuery } from "../../../../connectors/base.ts";
import type { BacktestInput } from "./backtest.ts";

/** Shares read at the same time. Calls wait in line at a broker: whatever else is asked there would wait behind them. */
const CONCURRENCY = 4;
/** Calendar days read before the range, so that the twenty-day average exists on its first day. */
const WARM_UP_DAYS = 45;

export interface Range {
  /** YYYY-MM-DD, both included. */
  readonly from: string;
  readonly to: string;
}

/** `2020-01..2025-07` or `2020-01-15..2025-07-31`; null when it is no range. */
export function parseRange(text: string): Range | null {
  const match = /^(\d{4}-\d{2})(-\d{2})?\.\.(\d{4}-\d{2})(-\d{2})?$/.exec(text.trim());
  if (!match) return null;
  const [, fromMonth = "", fromDay, toMonth = "", toDay] = match;
  const range = {
    from: `${fromMonth}${fromDay ?? "-01"}`,
    to: toDay === undefined ? lastOfMonth(toMonth) : toMonth + toDay,
  };
  return isDate(range.from) && isDate(range.to) && range.from < range.to ? range : null;
}

/**
 * Cuts the range off at yesterday: sources have a candle of today too, whose close is the price of the moment. Throws when
 * nothing of it is left.
 */
export function untilYesterday({ from, to }: Range, now: number): Range {
  const yesterday = addDays(istDate(now), -1);
  if (from > yesterday) throw new RangeError(`${from} is not over yet`);
  return { from, to: to < yesterday ? to : yesterday };
}

/** A stand-in share that has only its NSE ticker, for sources that look shares up by name, such as Yahoo. */
export const shareNamed = (ticker: string): Equity => ({
  kind: "equity",
  segment: "NSE",
  series: "EQ",
  key: `NSE:by-name-${ticker}` as InstrumentKey,
  symbol: equitySymbol("NSE", ticker, "EQ"),
  name: ticker,
  lotSize: 1,
  tickSize: priceFromRupees("0.05"),
});

export const NIFTY_50: Index = indexInstrument(INDICES[0]);

/** Daily candles of every ticker and of the index. A ticker without candles has an empty series. */
export async function readSeries(
  tickers: readonly string[],
  { from, to }: Range,
  read: {
    readonly share: (ticker: string, query: Omit<CandleQuery, "instrument">) => Promise<readonly Candle[]>;
    readonly index: (query: Omit<CandleQuery, "instrument">) => Promise<readonly Candle[]>;
  },
): Promise<Pick<BacktestInput, "series" | "index">> {
  const query = {
    interval: "1d" as const,
    from: istInstant(addDays(from, -WARM_UP_DAYS)),
    to: istInstant(to, "23:59"),
  };
  const queue = new PQueue({ concurrency: CONCURRENCY });
  const [entries, index] = await Promise.all([
    queue.addAll(tickers.map((ticker) => async () => [ticker, await read.share(ticker, query)] as const)),
    read.index(query),
  ]);
  return { series: new Map(entries), index };
}

/**
 * DP (depository participant) charge per share sold and day: ₹13 plus 18 % GST at Zerodha,
 * https://support.zerodha.com/category/account-opening/charges-at-zerodha/articles/what-do-dp-charges-mean (November 2026).
 */
const DP_CHARGE = paiseFromRupees("15.34");

/** Delivery charges including the DP charge, at today's rates for all years: earlier rates differ little. */
export const deliveryCharges: BacktestInput["chargesOf"] = (side, value) =>
  sumPaise([chargesOf(shareNamed("NIFTY"), "CNC", side, value), side === "SELL" ? DP_CHARGE : ZERO_PAISE]);
