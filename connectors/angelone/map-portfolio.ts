import type { InstrumentTable } from "../base.ts";
import { priceOrNull } from "../quotes.ts";
import {
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
  type Price,
} from "../../src/domain/money.ts";
import type { Side } from "../../src/domain/order.ts";
import type { Funds, Holding, Position, Profile } from "../../src/domain/portfolio.ts";
import { identityOf, PRODUCT_OF } from "./map.ts";
import type { FundsRaw, HoldingRaw, PositionRaw, ProfileRaw } from "./schemas.ts";

/** `quoted` is used if the row has no last price. Buys and sells include what was carried in, as the totals do. */
export function toPosition(row: PositionRaw, master: InstrumentTable | null, quoted: Price | null): Position {
  const { segment, key, symbol } = identityOf(row, master);
  const multiplier = row.multiplier > 0 ? row.multiplier : 1; // "-1" means none
  const net = row.netqty;
  const side = sideOf(net);
  const ltp = priceOrNull(row.ltp) ?? quoted;
  return {
    symbol,
    key,
    segment,
    productType: PRODUCT_OF[row.producttype],
    qty: Math.abs(net),
    side,
    // avgnetprice and netprice fold realised profit into the price, so they are not used.
    avgPrice: net === 0 ? ZERO_PRICE : priceFromRupees(net > 0 ? row.totalbuyavgprice : row.totalsellavgprice),
    ltp,
    ...pnlOf(row, multiplier, ltp),
    ...dayPnlOf(row, multiplier, ltp),
    buyQty: row.buyqty + row.cfbuyqty,
    buyValue: paiseFromRupees(row.totalbuyvalue),
    sellQty: row.sellqty + row.cfsellqty,
    sellValue: paiseFromRupees(row.totalsellvalue),
    multiplier,
  };
}

/**
 * Angel One's own figures if the row has them, unless they value an open quantity at 0. Otherwise computed from total
 * values, because averages are rounded.
 */
function pnlOf(
  row: PositionRaw,
  multiplier: number,
  ltp: Price | null,
): Pick<Position, "pnl" | "realised" | "unrealised"> {
  const isValuedAtZero = row.netqty !== 0 && row.ltp !== null && priceOrNull(row.ltp) === null;
  if (!isValuedAtZero && row.pnl !== null && row.realised !== null && row.unrealised !== null)
    return {
      pnl: paiseFromRupees(row.pnl),
      realised: paiseFromRupees(row.realised),
      unrealised: paiseFromRupees(row.unrealised),
    };
  const traded = subtractPaise(paiseFromRupees(row.totalsellvalue), paiseFromRupees(row.totalbuyvalue));
  const realised = sumPaise([traded, openCost(row)]);
  const unrealised = ltp === null ? ZERO_PAISE : subtractPaise(valueOf(ltp, row.netqty, multiplier), openCost(row));
  return { pnl: sumPaise([realised, unrealised]), realised, unrealised };
}

/** Cost of the open quantity; negative when it is short. */
function openCost(row: PositionRaw): Paise {
  const [total, qty] =
    row.netqty > 0 ? [row.totalbuyvalue, row.buyqty + row.cfbuyqty] : [row.totalsellvalue, row.sellqty + row.cfsellqty];
  if (row.netqty === 0 || qty === 0) return ZERO_PAISE;
  // If nothing was closed only the sign is applied: exact, and without a product that could exceed 2^53.
  return qty === Math.abs(row.netqty)
    ? scalePaise(paiseFromRupees(total), Math.sign(row.netqty), 1)
    : scalePaise(paiseFromRupees(total), row.netqty, qty);
}

/** Today's P&L. Without a previous close in the row it is left to the caller, who gets the carried quantity. */
function dayPnlOf(row: PositionRaw, multiplier: number, ltp: Price | null): Pick<Position, "dayPnl" | "carried"> {
  const qty = row.cfbuyqty - row.cfsellqty;
  const dayCash = subtractPaise(paiseFromRupees(row.sellamount), paiseFromRupees(row.buyamount));
  const close = priceOrNull(row.close);
  if (close === null && qty !== 0) return { dayPnl: null, carried: { qty, dayCash } };
  if (ltp === null && row.netqty !== 0) return { dayPnl: null };
  const dayPnl = sumPaise([
    dayCash,
    valueOf(ltp ?? ZERO_PRICE, row.netqty, multiplier),
    valueOf(close ?? ZERO_PRICE, -qty, multiplier),
  ]);
  return { dayPnl };
}

const sideOf = (net: number): Side | "CLOSED" => (net === 0 ? "CLOSED" : net > 0 ? "BUY" : "SELL");

/**
 * Unverified: whether `realisedquantity` already excludes what was sold today. `sold` is subtracted from it all the
 * same, so that never more is offered for sale than there is.
 * `profitandloss` is rounded to rupees, so P&L is computed. `quoted` is used if the row has no last price.
 */
export function toHolding(row: HoldingRaw, sold: number, quoted: Price | null): Holding {
  const { key, symbol } = identityOf(row, null);
  const product = PRODUCT_OF[row.product];
  if (product !== "CNC" && product !== "MTF") throw new RangeError(`unknown product of a holding: ${row.product}`);
  const avgPrice = priceFromRupees(row.averageprice);
  const ltp = priceOrNull(row.ltp) ?? quoted;
  const free = row.realisedquantity + row.t1quantity - row.collateralquantity - sold;
  const qty = row.quantity - sold;
  return {
    symbol,
    key,
    isin: row.isin || null,
    productType: product,
    qty,
    t1Qty: Math.min(row.t1quantity, qty),
    sellableQty: Math.max(0, free),
    pledgedQty: row.collateralquantity,
    avgPrice,
    ltp,
    prevClose: priceOrNull(row.close),
    pnl: ltp === null || avgPrice === 0 ? null : valueOf(price(ltp - avgPrice), qty),
  };
}

/** A sale reduces the holding of the same listing, or, if there is none, of the same ticker: positions have no ISIN. */
export function soldToday(
  holding: HoldingRaw,
  { holdings, positions }: { holdings: readonly HoldingRaw[]; positions: readonly PositionRaw[] },
): number {
  const isSold = (row: PositionRaw): boolean =>
    isSaleOf(row, holding) ||
    (row.producttype === holding.product &&
      tickerOf(row) === tickerOf(holding) &&
      !holdings.some((other) => isSaleOf(row, other)));
  return positions.filter(isSold).reduce((sum, row) => sum + Math.max(0, row.sellqty - row.buyqty), 0);
}

const isSaleOf = (row: PositionRaw, holding: HoldingRaw): boolean =>
  row.exchange === holding.exchange && row.symboltoken === holding.symboltoken && row.producttype === holding.product;

/** NSE symbols end in a series, BSE symbols do not. */
const tickerOf = ({ exchange, tradingsymbol }: Pick<HoldingRaw, "exchange" | "tradingsymbol">): string =>
  exchange === "NSE" ? tradingsymbol.replace(/-[A-Z0-9]{2}$/, "") : tradingsymbol;

/** `availablecash` already excludes used margin, and includes what is pledged. */
export function toFunds(raw: FundsRaw): Funds {
  const available = paiseFromRupees(raw.availablecash);
  const collateral = paiseFromRupees(raw.collateral ?? 0);
  return {
    available,
    used: paiseFromRupees(raw.utiliseddebits ?? 0),
    cash: subtractPaise(available, collateral),
    collateral,
  };
}

/** The profile has no flag for DDPI or for the data plan. */
export const toProfile = (raw: ProfileRaw): Profile => ({
  accountId: raw.clientcode,
  name: raw.name,
  canSellWithoutAuthorisation: null,
  hasMarketData: null,
});
