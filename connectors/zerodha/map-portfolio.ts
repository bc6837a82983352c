import type { Instrument } from "../../src/domain/instrument.ts";
import {
  paise,
  type Paise,
  paiseFromRupees,
  priceFromRupees,
  scalePaise,
  subtractPaise,
  ZERO_PAISE,
} from "../../src/domain/money.ts";
import type { Depth, Funds, Holding, Position, Profile, Quote } from "../../src/domain/portfolio.ts";
import { levelsOf, priceOrNull } from "../quotes.ts";
import { toListed, toProduct, toTime } from "./map.ts";
import type { HoldingRaw, MarginsRaw, PositionRaw, ProfileRaw, QuoteRaw } from "./schemas.ts";

export function toPosition(raw: PositionRaw): Position {
  const ltp = priceOrNull(raw.last_price);
  // Kite values an open position without a last price at 0, so its P&L is wrong then.
  const isPriced = ltp !== null || raw.quantity === 0;
  const rawPnl = paiseFromRupees(raw.pnl);
  const realised = realisedOf(raw, rawPnl);
  const pnl = isPriced ? rawPnl : realised;
  return {
    ...toListed(raw),
    productType: toProduct(raw.product),
    qty: Math.abs(raw.quantity),
    side: raw.quantity === 0 ? "CLOSED" : raw.quantity > 0 ? "BUY" : "SELL",
    avgPrice: priceFromRupees(raw.average_price),
    ltp,
    pnl,
    realised,
    unrealised: subtractPaise(pnl, realised),
    dayPnl: isPriced ? paiseFromRupees(raw.m2m) : null,
    buyQty: raw.buy_quantity,
    buyValue: paiseFromRupees(raw.buy_value),
    sellQty: raw.sell_quantity,
    sellValue: paiseFromRupees(raw.sell_value),
    multiplier: raw.multiplier,
  };
}

/** Profit of the closed quantity at average prices: Kite's own split puts booked profit into `unrealised`. */
function realisedOf(raw: PositionRaw, pnl: Paise): Paise {
  if (raw.quantity === 0) return pnl;
  if (raw.buy_quantity === 0 || raw.sell_quantity === 0) return ZERO_PAISE;
  const bought = paiseFromRupees(raw.buy_value);
  const sold = paiseFromRupees(raw.sell_value);
  return raw.quantity > 0
    ? subtractPaise(sold, scalePaise(bought, raw.sell_quantity, raw.buy_quantity))
    : subtractPaise(scalePaise(sold, raw.buy_quantity, raw.sell_quantity), bought);
}

/** One holding for the row itself, T1 included, and another for the shares in it on margin trading funding (MTF). */
export function toHoldings(raw: HoldingRaw): Holding[] {
  const { symbol, key } = toListed(raw);
  const isPriced = raw.average_price > 0 && raw.last_price > 0;
  const prices = { ltp: priceOrNull(raw.last_price), prevClose: priceOrNull(raw.close_price) };
  const productType = raw.product === "MTF" ? "MTF" : "CNC";
  if (raw.product !== productType) throw new RangeError(`unknown product: ${raw.product}`);
  const own: Holding = {
    symbol,
    key,
    isin: raw.isin || null,
    productType,
    // `quantity` excludes shares that are not delivered yet (T1).
    qty: raw.quantity + raw.t1_quantity,
    t1Qty: raw.t1_quantity,
    sellableQty: raw.quantity,
    pledgedQty: raw.collateral_quantity,
    avgPrice: priceFromRupees(raw.average_price),
    ...prices,
    pnl: isPriced ? paiseFromRupees(raw.pnl) : null,
  };
  const { mtf } = raw;
  const isEmpty = own.qty === 0 && own.pledgedQty === 0;
  if (!mtf || mtf.quantity === 0) return isEmpty ? [] : [own];
  const funded: Holding = {
    ...own,
    productType: "MTF",
    qty: mtf.quantity,
    t1Qty: 0,
    sellableQty: mtf.quantity,
    pledgedQty: 0,
    avgPrice: priceFromRupees(mtf.average_price),
    pnl:
      mtf.average_price > 0 && raw.last_price > 0
        ? paiseFromRupees((raw.last_price - mtf.average_price) * mtf.quantity)
        : null,
  };
  return isEmpty ? [funded] : [own, funded];
}

export function toFunds({ equity }: MarginsRaw): Funds {
  if (!equity) return { available: ZERO_PAISE, used: ZERO_PAISE, cash: ZERO_PAISE, collateral: ZERO_PAISE };
  const available = paiseFromRupees(equity.net);
  const used = paiseFromRupees(equity.utilised.debits);
  const collateral = paiseFromRupees(equity.available.collateral);
  const cash = paiseFromRupees(equity.available.cash);
  // Kite sometimes sends `cash` as 0 on a funded account, while `net` is right.
  return { available, used, collateral, cash: cash === 0 ? paise(available + used - collateral) : cash };
}

export const toProfile = (raw: ProfileRaw): Profile => ({
  accountId: raw.user_id,
  name: raw.user_name,
  // `physical` means a signed DDPI or POA; the other values leave it open.
  canSellWithoutAuthorisation: raw.meta?.demat_consent === "physical" ? true : null,
  hasMarketData: null,
});

/** Null when it has never traded: Kite's last price is 0 then. `ohlc.close` is the previous day's close. */
export function toQuote(instrument: Instrument, raw: QuoteRaw): Quote | null {
  const ltp = priceOrNull(raw.last_price);
  if (ltp === null) return null;
  return {
    key: instrument.key,
    symbol: instrument.symbol,
    ltp,
    open: priceOrNull(raw.ohlc.open),
    high: priceOrNull(raw.ohlc.high),
    low: priceOrNull(raw.ohlc.low),
    prevClose: priceOrNull(raw.ohlc.close),
    bid: priceOrNull(raw.depth?.buy[0]?.price),
    ask: priceOrNull(raw.depth?.sell[0]?.price),
    volume: instrument.kind === "index" ? null : (raw.volume ?? null),
    openInterest: instrument.kind === "future" || instrument.kind === "option" ? (raw.oi ?? null) : null,
    lowerCircuit: priceOrNull(raw.lower_circuit_limit),
    upperCircuit: priceOrNull(raw.upper_circuit_limit),
    at: toTime(raw.last_trade_time) ?? toTime(raw.timestamp),
    source: "broker",
  };
}

export function toDepth(instrument: Instrument, raw: QuoteRaw): Depth {
  return {
    key: instrument.key,
    symbol: instrument.symbol,
    bids: levelsOf(raw.depth?.buy),
    asks: levelsOf(raw.depth?.sell),
    totalBidQty: raw.buy_quantity ?? null,
    totalAskQty: raw.sell_quantity ?? null,
    ltp: priceOrNull(raw.last_price),
  };
}
