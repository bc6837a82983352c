import {
  averagePrice,
  paiseFromRupees,
  price,
  priceFromRupees,
  scalePaise,
  subtractPaise,
  sumPaise,
  valueOf,
  ZERO_PAISE,
  ZERO_PRICE,
  type Paise,
} from "../../src/domain/money.ts";
import type { Carried, Funds, Holding, Position, Profile } from "../../src/domain/portfolio.ts";
import { priceOrNull } from "../quotes.ts";
import { toProduct } from "./map.ts";
import type { FundsRaw, HoldingRaw, PositionRaw, ProfileRaw } from "./schemas.ts";
import { identityOf, type Lookup } from "./venue.ts";

export const toProfile = (row: ProfileRaw): Profile => ({
  accountId: row.user_id,
  name: row.user_name,
  canSellWithoutAuthorisation: row.poa === true || row.ddpi === true || (row.ddpi === undefined ? null : false),
  hasMarketData: null,
});

/** The total is net of used margin and includes cash and pledge. Missing sub-totals count as 0. */
export function toFunds({ available_to_trade: row }: FundsRaw): Funds {
  const { cash_available_to_trade: cash, pledge_available_to_trade: pledge } = row;
  const available = paiseFromRupees(row.total);
  const pledged = paiseFromRupees(pledge?.total ?? 0);
  const used = [cash?.margin_used?.total, pledge?.margin_used?.total].map((rupees) => paiseFromRupees(rupees ?? 0));
  return {
    available,
    used: sumPaise(used),
    cash: typeof cash?.total === "number" ? paiseFromRupees(cash.total) : subtractPaise(available, pledged),
    collateral: paiseFromRupees(pledge?.margin_from_pledge?.total ?? 0),
  };
}

/** Unverified: whether `quantity` includes the T1 shares, so the two are never added. */
export function toHolding(row: HoldingRaw, lookup: Lookup): Holding {
  const { key, symbol, segment } = identityOf(row, lookup);
  const productType = toProduct(row.product, segment);
  if (productType !== "CNC" && productType !== "MTF")
    throw new RangeError(`unknown product of a holding: ${row.product}`);
  const qty = Math.max(row.quantity, row.t1_quantity);
  const avgPrice = priceFromRupees(row.average_price ?? 0);
  const ltp = priceOrNull(row.last_price);
  const free = Math.max(0, qty - row.cnc_used_quantity - row.collateral_quantity);
  const t1Qty = Math.min(row.t1_quantity, free);
  return {
    symbol,
    key,
    isin: row.isin || null,
    productType,
    qty,
    t1Qty,
    // T1 shares are left out: `t1Qty` already counts them as what may be sold before delivery.
    sellableQty: free - t1Qty,
    pledgedQty: row.collateral_quantity,
    avgPrice,
    ltp,
    prevClose: priceOrNull(row.close_price),
    pnl: ltp === null || avgPrice === 0 ? null : valueOf(price(ltp - avgPrice), qty),
  };
}

/**
 * Upstox's own `pnl`, `realised` and `unrealised` contradict each other for carried positions, and `average_price` is
 * null for the others, so all four are computed from the values of the day and those carried in.
 */
export function toPosition(row: PositionRaw, lookup: Lookup): Position {
  const { key, symbol, segment } = identityOf(row, lookup);
  const { quantity: net, multiplier } = row;
  const bought = sideOf(row, "buy");
  const sold = sideOf(row, "sell");
  const ltp = priceOrNull(row.last_price);
  const cost = openCost(net, net > 0 ? bought : sold);
  const realised = sumPaise([subtractPaise(sold.value, bought.value), cost]);
  const unrealised = ltp === null ? ZERO_PAISE : subtractPaise(valueOf(ltp, net, multiplier), cost);
  const pnl = sumPaise([realised, unrealised]);
  const isPriced = net === 0 || ltp !== null;
  const isCarried =
    row.overnight_buy_quantity !== 0 || row.overnight_sell_quantity !== 0 || row.overnight_quantity !== 0;
  return {
    symbol,
    key,
    segment,
    productType: toProduct(row.product, segment),
    qty: Math.abs(net),
    side: net === 0 ? "CLOSED" : net > 0 ? "BUY" : "SELL",
    avgPrice: net === 0 ? ZERO_PRICE : averagePrice(cost, net * multiplier),
    ltp,
    pnl,
    realised,
    unrealised,
    // Null when carried. Unverified: whether `close_price` stays the previous close in the evening; quotes have it.
    dayPnl: isCarried || !isPriced ? null : pnl,
    ...(isCarried ? carriedIn(row) : {}),
    buyQty: bought.qty,
    buyValue: bought.value,
    sellQty: sold.qty,
    sellValue: sold.value,
    multiplier,
  };
}

interface Traded {
  readonly qty: number;
  readonly value: Paise;
}

const sideOf = (row: PositionRaw, side: "buy" | "sell"): Traded => ({
  qty: row[`day_${side}_quantity`] + row[`overnight_${side}_quantity`],
  value: sumPaise([paiseFromRupees(row[`day_${side}_value`]), paiseFromRupees(row[`overnight_${side}_amount`])]),
});

/** Cost of the open quantity; negative when it is short. */
function openCost(net: number, { qty, value }: Traded): Paise {
  if (net === 0 || qty === 0) return ZERO_PAISE;
  return qty === Math.abs(net) ? scalePaise(value, Math.sign(net), 1) : scalePaise(value, net, qty);
}

/**
 * Left out when the quantities contradict each other. Unverified: whether the day's values include the multiplier; left
 * out where that matters too.
 */
function carriedIn(row: PositionRaw): { readonly carried?: Carried } {
  if (row.quantity !== row.overnight_quantity + row.day_buy_quantity - row.day_sell_quantity) return {};
  const isTraded = row.day_buy_value !== 0 || row.day_sell_value !== 0;
  if (row.multiplier !== 1 && isTraded) return {};
  const dayCash = subtractPaise(paiseFromRupees(row.day_sell_value), paiseFromRupees(row.day_buy_value));
  return { carried: { qty: row.overnight_quantity, dayCash } };
}
