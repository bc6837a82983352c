import { renderPairs } from "../../lib/table.ts";
import type { BacktestResult } from "../../services/strategies/nifty-shop/backtest.ts";
import type { BacktestReport } from "../../services/strategies/nifty-shop/backtests.ts";
import { html, lines, type Html } from "../html.ts";
import { share } from "../pictures/equity.ts";
import { dateText, quantity, rupees } from "./amounts.ts";
import { firstNames } from "./names.ts";
import { PAGE_WIDTH } from "./page.ts";

const MAX_NAMES = 12;
export const NOT_COUNTED = "Dividends and shares from a demerger are not counted.";

/** The figures of a backtest, within the length of a picture's caption. */
export const backtestText = (result: BacktestReport, broker: string | null): Html =>
  lines(
    html`<b>Nifty Shop, ${dateText(result.from)} to ${dateText(result.to)}</b>`,
    html`<pre>${renderPairs(backtestPairs(result), PAGE_WIDTH)}</pre>`,
    result.withoutPrices.length > 0 &&
      html`ℹ️ Without prices, so left out: ${firstNames(result.withoutPrices, MAX_NAMES)}.`,
    result.membersKnownUntil !== null &&
      html`ℹ️ Members of the index are known until ${dateText(result.membersKnownUntil)}.`,
    html`<i>Daily prices: ${result.sources.map((source) => (source === "yfinance" ? "Yahoo" : (broker ?? "broker"))).join(", ")}.</i>`,
    html`<i>Decided at the close, filled the next morning, charges included. ${NOT_COUNTED} The past promises nothing.</i>`,
  );

export function backtestPairs(result: BacktestResult): (readonly [string, string])[] {
  const sales = result.trades.filter(({ profit }) => profit !== null);
  const wins = sales.filter(({ profit }) => (profit ?? 0) > 0).length;
  const ratio = (value: number | null): string => (value === null ? "not known" : share(value));
  return [
    ["Capital", rupees(result.capital)],
    ["At the end", rupees(result.final)],
    ["Return", ratio(result.totalReturn)],
    ["  Nifty 50", ratio(result.indexReturn)],
    ["CAGR", ratio(result.cagr)],
    ["  Nifty 50", ratio(result.indexCagr)],
    ["XIRR of the money in shares", ratio(result.xirr)],
    ["Worst fall", share(-result.drawdown)],
    ["Trades", `${quantity(result.trades.length)}, ${wins}/${sales.length} won`],
    ["Charges", rupees(result.charges)],
    ["Shares held", `${result.held.length}`],
  ];
}
