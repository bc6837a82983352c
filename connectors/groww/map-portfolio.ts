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
import { identityOf, unlistedSymbol, type Lookup } from "./venue.ts";

/** The profile has no name. */
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

/** Holdings have no exchange: it is NSE if NSE lists a share with that name and ISIN, else BSE, else none. */
export const listingOf = (row: HeldRaw, lookup: Lookup): VenueInstrument | undefined =>
  (["NSE", "BSE"] as const)
    .map((segment) => lookup(segment, row.trading_symbol))
    .find((listed) => listed?.instrument.isin === row.isin);

export function toListed(row: HeldRaw, lookup: Lookup): Listed {
  const listed = listingOf(row, lookup)?.instrument;
  if (listed) return { key: listed.key, symbol: listed.symbol };
  return { key: null, symbol: unlistedSymbol("NSE", row.trading_symbol) };
}

/** Unverified: whether `quantity` includes the T1 shares, so the two are never added. */
export function toHolding(row: HoldingRaw, lookup: Lookup, ltp: Price | null): Holding {
  const qty = Math.max(row.quantity, row.t1_quantity);
  const avgPrice = priceFromRupees(row.average_price ?? 0);
  return {
    ...toListed(row, lookup),
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
  /** Units of the average price, and of the prices of buys and sells. */
  readonly scales: { readonly net: Scale; readonly traded: Scale };
}

/**
 * Groww reports buys and sells, the average price of the open quantity and realised profit; the rest is computed from
 * the last price. The multiplier of commodities is not reported, so they have realised profit only.
 */
export function toPosition(row: PositionRaw, { lookup, ltp: last, scales }: PositionParts): Position {
  const { key, symbol, segment } = identityOf(row, lookup);
  const { quantity: net } = row;
  const ltp = segment === "MCX" ? null : last;
  const avgPrice = net === 0 ? ZERO_PRICE : priceIn(row.net_price, scales.net);
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
    dayPnl: day.isWhole && isPriced ? pnl : null,
    ...(day.carried && segment !== "MCX" ? { carried: day.carried } : {}),
    buyQty: day.bought.qty,
    buyValue: day.bought.value,
    sellQty: day.sold.qty,
    sellValue: day.sold.value,
    multiplier: 1,
  };
}

const priceIn = (value: number, scale: Scale): Price => priceFromRupees(value / scale);

interface Traded {
  readonly qty: number;
  readonly value: Paise;
}
interface Day {
  readonly bought: Traded;
  readonly sold: Traded;
  /** Whether nothing was carried in, so that all P&L is today's. */
  readonly isWhole: boolean;
  readonly carried?: Carried;
}

const tradedAt = (qty: number, at: number, scale: Scale): Traded => ({ qty, value: valueOf(priceIn(at, scale), qty) });
const plus = (a: Traded, b: Traded): Traded => ({ qty: a.qty + b.qty, value: sumPaise([a.value, b.value]) });

/**
 * Unverified: whether credit and debit include what was carried in. The net quantity tells: it equals either credit
 * less debit plus what was carried in, or credit less debit alone. If neither, nothing is reported for the day.
 */
function dayOf(row: PositionRaw, scale: Scale): Day {
  const bought = tradedAt(row.credit_quantity, row.credit_price, scale);
  const sold = tradedAt(row.debit_quantity, row.debit_price, scale);
  const carriedBuy = tradedAt(row.carry_forward_credit_quantity, row.carry_forward_credit_price, scale);
  const carriedSell = tradedAt(row.carry_forward_debit_quantity, row.carry_forward_debit_price, scale);
  const carriedQty = row.net_carry_forward_quantity;
  const traded = bought.qty - sold.qty;
  if (carriedQty === 0 && carriedBuy.qty === 0 && carriedSell.qty === 0)
    return { bought, sold, isWhole: row.quantity === traded };
  const dayCash = subtractPaise(sold.value, bought.value);
  const carriedCash = subtractPaise(carriedSell.value, carriedBuy.value);
  if (carriedQty !== 0 && row.quantity === traded + carriedQty)
    return {
      bought: plus(bought, carriedBuy),
      sold: plus(sold, carriedSell),
      isWhole: false,
      carried: { qty: carriedQty, dayCash },
    };
  if (carriedQty !== 0 && row.quantity === traded)
    return { bought, sold, isWhole: false, carried: { qty: carriedQty, dayCash: subtractPaise(dayCash, carriedCash) } };
  return { bought, sold, isWhole: false };
}
