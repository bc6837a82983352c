import { isDerivative } from "./instrument.ts";
import type { Instrument } from "./instrument.ts";
import { paise, paiseFromRupees, scalePaise, sumPaise } from "./money.ts";
import type { Paise } from "./money.ts";
import { isDelivery, type Product, type Side } from "./order.ts";

/** Rates are in parts of ten million: 10_000 is 0.1 %. */
const RATE_SCALE = 10_000_000;

interface Rates {
  readonly brokerage: number | "flat";
  /** Maximum per order; also the fee where brokerage is flat. */
  readonly brokerageCap: Paise;
  readonly sttBuy: number;
  readonly sttSell: number;
  readonly transactionNse: number;
  readonly transactionBse: number;
  readonly stampBuy: number;
}

/**
 * As of November 2026: STT on derivatives as raised by the Finance Act 2026, NSE's rates as raised in March 2026, which
 * include the investor protection fund's part (IPFT). Source: https://fyers.in/charges-list
 */
const RATES = {
  delivery: {
    brokerage: 0,
    brokerageCap: paise(0),
    sttBuy: 10_000,
    sttSell: 10_000,
    transactionNse: 307,
    transactionBse: 375,
    stampBuy: 1_500,
  },
  intraday: {
    brokerage: 3_000,
    brokerageCap: paiseFromRupees(20),
    sttBuy: 0,
    sttSell: 2_500,
    transactionNse: 307,
    transactionBse: 375,
    stampBuy: 300,
  },
  future: {
    brokerage: 3_000,
    brokerageCap: paiseFromRupees(20),
    sttBuy: 0,
    sttSell: 5_000,
    transactionNse: 183,
    transactionBse: 0,
    stampBuy: 200,
  },
  option: {
    brokerage: "flat",
    brokerageCap: paiseFromRupees(20),
    sttBuy: 0,
    sttSell: 15_000,
    transactionNse: 3_553,
    transactionBse: 3_250,
    stampBuy: 300,
  },
} as const satisfies Record<string, Rates>;
/**
 * Funded delivery (MTF), without the loan's interest and the pledge's fees,
 * https://support.zerodha.com/category/trading-and-markets/margins/margin-trading-facility/articles/interest-calculation-for-mtf
 */
const FUNDED: Rates = { ...RATES.delivery, brokerage: 30_000, brokerageCap: paiseFromRupees(20) };
const SEBI_RATE = 10;
const GST_PERCENT = 18;

/**
 * ISINs of fund units (ETFs), government bonds and gold, and debentures. They pay no STT, except 0.001 % on the sale of
 * equity fund units, which is ignored.
 */
const NO_STT_ISIN = /^IN(?:F|\d|E\w{4}0[78])/;

function ratesFor(instrument: Instrument, product: Product): Rates {
  if (isDerivative(instrument)) return RATES[instrument.kind];
  const rates = product === "MTF" ? FUNDED : isDelivery(product) ? RATES.delivery : RATES.intraday;
  return NO_STT_ISIN.test(instrument.isin ?? "") ? { ...rates, sttBuy: 0, sttSell: 0 } : rates;
}

const atRate = (value: Paise, rate: number): Paise => scalePaise(value, rate, RATE_SCALE);

/** Estimate of all charges of an order whose fills have the given value. */
export function chargesOf(instrument: Instrument, product: Product, side: Side, value: Paise): Paise {
  const rates = ratesFor(instrument, product);
  const isBse = instrument.segment === "BSE" || instrument.segment === "BFO";
  const uncapped = rates.brokerage === "flat" ? value : atRate(value, rates.brokerage);
  const brokerage = paise(Math.min(uncapped, rates.brokerageCap));
  const transaction = atRate(value, isBse ? rates.transactionBse : rates.transactionNse);
  const sebi = atRate(value, SEBI_RATE);
  const gst = scalePaise(sumPaise([brokerage, transaction, sebi]), GST_PERCENT, 100);
  const stt = atRate(value, side === "BUY" ? rates.sttBuy : rates.sttSell);
  const stamp = atRate(value, side === "BUY" ? rates.stampBuy : 0);
  return sumPaise([brokerage, transaction, sebi, gst, stt, stamp]);
}
