import { isDerivative } from "./instrument.ts";
import type { Instrument } from "./instrument.ts";
import { paise, paiseFromRupees, scalePaise, sumPaise } from "./money.ts";
import type { Paise } from "./money.ts";
import { isDelivery, type Product, type Side } from "./order.ts";

/** Rates are in parts of ten million: 10_000 is 0.1 %. */
const RATE_SCALE = 10_000_000;

interface Rates {
  readonly brokerage: number | "flat";
  /** The most that one order pays, and the flat fee. */
  readonly brokerageCap: Paise;
  readonly sttBuy: number;
  readonly sttSell: number;
  readonly transactionNse: number;
  readonly transactionBse: number;
  readonly stampBuy: number;
}

/** As of November 2026, after the Finance Act 2026 raised the tax on derivatives. */
const RATES = {
  delivery: {
    brokerage: 0,
    brokerageCap: paise(0),
    sttBuy: 10_000,
    sttSell: 10_000,
    transactionNse: 297,
    transactionBse: 375,
    stampBuy: 1_500,
  },
  intraday: {
    brokerage: 3_000,
    brokerageCap: paiseFromRupees(20),
    sttBuy: 0,
    sttSell: 2_500,
    transactionNse: 297,
    transactionBse: 375,
    stampBuy: 300,
  },
  future: {
    brokerage: 3_000,
    brokerageCap: paiseFromRupees(20),
    sttBuy: 0,
    sttSell: 5_000,
    transactionNse: 173,
    transactionBse: 0,
    stampBuy: 200,
  },
  option: {
    brokerage: "flat",
    brokerageCap: paiseFromRupees(20),
    sttBuy: 0,
    sttSell: 15_000,
    transactionNse: 3_503,
    transactionBse: 3_250,
    stampBuy: 300,
  },
} as const satisfies Record<string, Rates>;
const SEBI_RATE = 10;
const GST_PERCENT = 18;

/**
 * By the ISIN, where the list tells it: units of funds (ETFs), government bonds and gold, debentures. They pay no STT, or a
 * thousandth of a percent when units of an equity fund are sold.
 */
const UNTAXED = /^IN(?:F|\d|E\w{4}0[78])/;

function ratesFor(instrument: Instrument, product: Product): Rates {
  if (isDerivative(instrument)) return RATES[instrument.kind];
  const rates = isDelivery(product) ? RATES.delivery : RATES.intraday;
  return UNTAXED.test(instrument.isin ?? "") ? { ...rates, sttBuy: 0, sttSell: 0 } : rates;
}

const part = (value: Paise, rate: number): Paise => scalePaise(value, rate, RATE_SCALE);

/** All charges of an order that has filled to the given value. */
export function chargesOf(instrument: Instrument, product: Product, side: Side, value: Paise): Paise {
  const rates = ratesFor(instrument, product);
  const isBse = instrument.segment === "BSE" || instrument.segment === "BFO";
  const uncapped = rates.brokerage === "flat" ? value : part(value, rates.brokerage);
  const brokerage = paise(Math.min(uncapped, rates.brokerageCap));
  const transaction = part(value, isBse ? rates.transactionBse : rates.transactionNse);
  const sebi = part(value, SEBI_RATE);
  const gst = scalePaise(sumPaise([brokerage, transaction, sebi]), GST_PERCENT, 100);
  const stt = part(value, side === "BUY" ? rates.sttBuy : rates.sttSell);
  const stamp = part(value, side === "BUY" ? rates.stampBuy : 0);
  return sumPaise([brokerage, transaction, sebi, gst, stt, stamp]);
}
