import {
  paiseFromRupees,
  price,
  priceFromRupees,
  subtractPaise,
  sumPaise,
  valueOf,
  ZERO_PAISE,
  ZERO_PRICE,
  type Paise,
  type Price,
} from "../../src/domain/money.ts";
import type { Carried, Funds, Holding, Listed, Position, Profile } from "../../src/domain/portfolio.ts";
import type { VenueInstrument } from "../base.ts";
import { toProduct } from "./map.ts";
import type { FundsRaw, HeldRaw, HoldingRaw, PositionRaw, UserRaw } from "./schemas.ts";
import type { Scale } from "./units.ts";
import { nameOf, unlistedSymbol, type Lookup } from "./venue.ts";

/** There is no name. */
export const toProfile = ({ ucc, ddpi_enabled: ddpi }: UserRaw): Profile => ({
  accountId: ucc,
  name: "Groww client",
  canSellWithoutAuthorisation: ddpi,
  hasMarketData: null,
});

export const toFunds = (row: FundsRaw): Funds => ({
  available: paiseFromRupees(row.equity_margin_details.cnc_balance_available),
  used: paiseFromRupees(row.net_margin_used),
  cash: paiseFromRupees(row.clear_cash),
  collateral: paiseFromRupees(row.collateral_available),
});

/** A holding names no exchange: it is NSE's where NSE lists that very share, else BSE's, else nobody's. */
export const listingOf = (row: HeldRaw, lookup: Lookup): VenueInstrument | undefined =>
  (["NSE", "BSE"] as const)
    .map((segment) => lookup(segment, row.trading_symbol))
    .find((listed) => listed?.instrument.isin === row.isin);

export function heldAs(row: HeldRaw, lookup: Lookup): Listed {
  const listed = listingOf(row, lookup)?.instrument;
  if (listed) return { key: listed.key, symbol: listed.symbol };
  return { key: null, symbol: unlistedSymbol("NSE", row.trading_symbol) };
}

/** Unverified: whether `quantity` includes the T1 shares, so the two are never added. */
export function toHolding(row: HoldingRaw, lookup: Lookup, ltp: Price | null): Holding {
  const qty = Math.max(row.quantity, row.t1_quantity);
  const avgPrice = priceFromRupees(row.average_price ?? 0);
  return {
    ...heldAs(row, lookup),
    isin: row.isin,
    productType: "CNC",
    qty,
    t1Qty: row.t1_quantity,
    // T1 shares are left out: `t1Qty` already counts them as what may be sold before delivery.
    sellableQty: Math.min(qty, row.demat_free_quantity),
    pledgedQty: row.pledge_quantity,
    avgPrice,
    ltp,
    prevClose: null,
    pnl: ltp === null || avgPrice === 0 ? null : valueOf(price(ltp - avgPrice), qty),
  };
}

export interface PositionParts {
  readonly lookup: Lookup;
  readonly ltp: Price | null;
  /** Of the average, and of what was bought and sold. */
  readonly scales: { readonly net: Scale; readonly traded: Scale };
}

/**
 * Groww tells what was bought and sold, the average of what is open, and what was realised; the rest comes from the last
 * price. Commodities have a multiplier that nothing tells, so they are shown with what was realised alone.
 */
export function toPosition(row: PositionRaw, { lookup, ltp: last, scales }: PositionParts): Position {
  const { key, symbol, segment } = nameOf(row, lookup);
  const { quantity: net } = row;
  const ltp = segment === "MCX" ? null : last;
  const avgPrice = net === 0 ? ZERO_PRICE : inUnit(row.net_price, scales.net);
  const realised = paiseFromRupees(row.realised_pnl);
  const unrealised = ltp === null ? ZERO_PAISE : valueOf(price(net === 0 ? 0 : ltp - avgPrice), net);
  const pnl = sumPaise([realised, unrealised]);
  const day = dayOf(row, scales.traded);
  const isPriced = net === 0 || ltp !== null;
  return {
    symbol,
    key,
    segment,
    productType: toProduct(row.product),
    qty: Math.abs(net),
    side: net === 0 ? "CLOSED" : net > 0 ? "BUY" : "SELL",
    avgPrice,
    ltp,
    pnl,
    realised,
    unrealised,
    dayPnl: day.isAll && isPriced ? pnl : null,
    ...(day.carried && segment !== "MCX" ? { carried: day.carried } : {}),
    buyQty: day.bought.qty,
    buyValue: day.bought.value,
    sellQty: day.sold.qty,
    sellValue: day.sold.value,
    multiplier: 1,
  };
}

const inUnit = (value: number, scale: Scale): Price => priceFromRupees(value / scale);

interface Dealt {
  readonly qty: number;
  readonly value: Paise;
}
interface Day {
  readonly bought: Dealt;
  readonly sold: Dealt;
  /** Whether nothing was carried in. */
  readonly isAll: boolean;
  readonly carried?: Carried;
}

const dealt = (qty: number, at: number, scale: Scale): Dealt => ({ qty, value: valueOf(inUnit(at, scale), qty) });
const plus = (a: Dealt, b: Dealt): Dealt => ({ qty: a.qty + b.qty, value: sumPaise([a.value, b.value]) });

/**
 * Unverified: whether what was carried in stands in credit and debit too. The net quantity tells: it is the sum of both,
 * or of credit and debit alone. Where it is neither, nothing is said of the day.
 */
function dayOf(row: PositionRaw, scale: Scale): Day {
  const bought = dealt(row.credit_quantity, row.credit_price, scale);
  const sold = dealt(row.debit_quantity, row.debit_price, scale);
  const carriedBuy = dealt(row.carry_forward_credit_quantity, row.carry_forward_credit_price, scale);
  const carriedSell = dealt(row.carry_forward_debit_quantity, row.carry_forward_debit_price, scale);
  const brought = row.net_carry_forward_quantity;
  const traded = bought.qty - sold.qty;
  if (brought === 0 && carriedBuy.qty === 0 && carriedSell.qty === 0)
    return { bought, sold, isAll: row.quantity === traded };
  const dayCash = subtractPaise(sold.value, bought.value);
  const carriedCash = subtractPaise(carriedSell.value, carriedBuy.value);
  if (brought !== 0 && row.quantity === traded + brought)
    return {
      bought: plus(bought, carriedBuy),
      sold: plus(sold, carriedSell),
      isAll: false,
      carried: { qty: brought, dayCash },
    };
  if (brought !== 0 && row.quantity === traded)
    return { bought, sold, isAll: false, carried: { qty: brought, dayCash: subtractPaise(dayCash, carriedCash) } };
  return { bought, sold, isAll: false };
}
