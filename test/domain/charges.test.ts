import { expect, it } from "vitest";
import { chargesOf } from "../../src/domain/charges.ts";
import {
  equitySymbol,
  futureSymbol,
  instrumentKey,
  optionSymbol,
  type Instrument,
} from "../../src/domain/instrument.ts";
import { paiseFromRupees, priceFromRupees } from "../../src/domain/money.ts";
import type { Product, Side } from "../../src/domain/order.ts";

const listed = { name: "Nifty", lotSize: 75, tickSize: priceFromRupees("0.05") };
const contract = { ...listed, underlying: "NIFTY", expiry: "2026-11-24" } as const;
const share = (segment: "NSE" | "BSE"): Instrument => ({
  ...listed,
  kind: "equity",
  series: "EQ",
  segment,
  key: instrumentKey(segment, 1),
  symbol: equitySymbol(segment, "SBIN", "EQ"),
});
const withIsin = (isin: string): Instrument => ({ ...share("NSE"), isin });
const future = (segment: "NFO" | "BFO"): Instrument => ({
  ...contract,
  kind: "future",
  segment,
  key: instrumentKey(segment, 2),
  symbol: futureSymbol("NSE", "NIFTY", contract.expiry),
});
const strike = { strike: priceFromRupees(26_000), optionType: "CE" } as const;
const option = (segment: "NFO" | "BFO"): Instrument => ({
  ...contract,
  ...strike,
  kind: "option",
  segment,
  key: instrumentKey(segment, 3),
  symbol: optionSymbol({ ...contract, ...strike, prefix: "NSE", isMonthly: true }),
});

// Brokerage, exchange, SEBI, GST of these three, then STT and stamp duty, each rounded to the paisa.
it.each<[string, Instrument, Product, Side, number, string]>([
  ["a delivery buy", share("NSE"), "CNC", "BUY", 100_000, "118.74"], // 0 + 3.07 + 0.10 + 0.57 + 100 + 15
  ["a delivery sale", share("NSE"), "CNC", "SELL", 100_000, "103.74"],
  ["a delivery buy at BSE", share("BSE"), "CNC", "BUY", 100_000, "119.54"], // 3.75 at the exchange
  ["a buy of a share by its ISIN", withIsin("INE062A01020"), "CNC", "BUY", 100_000, "118.74"],
  ["a buy of an ETF's units", withIsin("INF732E01037"), "CNC", "BUY", 100_000, "18.74"],
  ["a sale of an ETF's units", withIsin("INF732E01037"), "CNC", "SELL", 100_000, "3.74"],
  ["a sale of a gold bond", withIsin("IN0020200104"), "CNC", "SELL", 100_000, "3.74"],
  ["a sale of a debenture", withIsin("INE002A07809"), "CNC", "SELL", 100_000, "3.74"],
  ["a funded buy", share("NSE"), "MTF", "BUY", 100_000, "142.34"], // 20 + 3.07 + 0.10 + 4.17 + 100 + 15
  ["a small funded sale", share("NSE"), "MTF", "SELL", 1_000, "4.58"], // 3 + 0.03 + 0 + 0.55 + 1
  ["an intraday sale", share("NSE"), "INTRADAY", "SELL", 100_000, "52.34"], // 20 + 3.07 + 0.10 + 4.17 + 25
  ["an intraday buy", share("NSE"), "INTRADAY", "BUY", 100_000, "30.34"], // 20 + 3.07 + 0.10 + 4.17 + 0 + 3
  ["a small intraday buy", share("NSE"), "INTRADAY", "BUY", 10_000, "4.22"], // 3 + 0.31 + 0.01 + 0.60 + 0 + 0.30
  ["a future's sale", future("NFO"), "MARGIN", "SELL", 100_000, "75.88"], // 20 + 1.83 + 0.10 + 3.95 + 50
  ["a future's buy", future("NFO"), "MARGIN", "BUY", 100_000, "27.88"], // 20 + 1.83 + 0.10 + 3.95 + 0 + 2
  ["a future's sale at BSE", future("BFO"), "MARGIN", "SELL", 100_000, "73.72"], // nothing at the exchange
  ["an option's buy", option("NFO"), "MARGIN", "BUY", 10_000, "28.10"], // 20 + 3.55 + 0.01 + 4.24 + 0 + 0.30
  ["an option's sale at BSE", option("BFO"), "INTRADAY", "SELL", 10_000, "42.45"], // 20 + 3.25 + 0.01 + 4.19 + 15
  ["an option for next to nothing", option("NFO"), "MARGIN", "BUY", 10, "11.80"], // the fee is no more than the value
])("%s pays the brokerage, fees and taxes of its kind", (_, instrument, product, side, rupees, charges) => {
  expect(chargesOf(instrument, product, side, paiseFromRupees(rupees))).toBe(paiseFromRupees(charges));
});
