import type { Paise, Price } from "./money.ts";
import { subtractPaise, sumPaise, valueOf, ZERO_PAISE } from "./money.ts";
import {
  type Carried,
  type Funds,
  type Holding,
  isDeliverySale,
  isSameListing,
  type Position,
  type Trade,
} from "./portfolio.ts";

export interface PnlTotals {
  readonly realised: Paise;
  readonly unrealised: Paise;
  readonly total: Paise;
}

export const positionTotals = (positions: readonly Position[]): PnlTotals => ({
  realised: sumPaise(positions.map((position) => position.realised)),
  unrealised: sumPaise(positions.filter((row) => !isDeliverySale(row)).map((position) => position.unrealised)),
  total: sumPaise(positions.map(pnlOf)),
});

/** P&L since entry. For a delivery sale only the realised part: brokers keep valuing it as a short position. */
export const pnlOf = (position: Position): Paise => (isDeliverySale(position) ? position.realised : position.pnl);

/** Today's P&L of a position: the broker's figure, or P&L since entry when there is none. */
export const dayPnl = (position: Position): Paise => position.dayPnl ?? pnlOf(position);

const sinceEntry = (positions: readonly Position[]): Position[] => positions.filter(({ dayPnl }) => dayPnl === null);
const withoutChange = (holdings: readonly Holding[]): Holding[] =>
  holdings.filter((holding) => holdingDayChange(holding) === null);

/** How many rows have no known value at the start of the day, and so no P&L for the day. */
export interface Undated {
  /** These count with their P&L since entry. */
  readonly positions: number;
  /** These are left out. */
  readonly shares: number;
}
export const undatedCount = (positions: readonly Position[], holdings: readonly Holding[]): Undated => ({
  positions: sinceEntry(positions).length,
  shares: withoutChange(holdings).length,
});

/** The rows themselves, which a sum over several days must leave out: P&L since entry would count again every day. */
export const undated = (
  positions: readonly Position[],
  holdings: readonly Holding[],
): readonly (Position | Holding)[] => [...sinceEntry(positions), ...withoutChange(holdings)];

/** Today's P&L of the positions for which it is known. */
export const datedPnl = (positions: readonly Position[]): Paise =>
  sumPaise(positions.map((position) => position.dayPnl ?? ZERO_PAISE));

/** The day's sales minus purchases in a position. */
const dayCashOf = ({ key, symbol, productType, multiplier }: Position, trades: readonly Trade[]): Paise =>
  sumPaise(
    trades
      .filter((trade) => trade.productType === productType && isSameListing(trade, { key, symbol }))
      .map(({ side, price, qty }) => valueOf(price, side === "SELL" ? qty : -qty, multiplier)),
  );

/** Value now, plus the day's sales minus purchases, minus the carried quantity's value at the previous close. */
export function carriedDayPnl(
  position: Position,
  carried: Carried,
  { prevClose, trades }: { readonly prevClose: Price; readonly trades: readonly Trade[] | null },
): Paise | null {
  const { side, ltp, multiplier } = position;
  const dayCash = carried.dayCash ?? (trades && dayCashOf(position, trades));
  if (dayCash === null || (side !== "CLOSED" && ltp === null)) return null;
  const net = side === "SELL" ? -position.qty : position.qty;
  const now = ltp === null ? ZERO_PAISE : valueOf(ltp, net, multiplier);
  return subtractPaise(sumPaise([now, dayCash]), valueOf(prevClose, carried.qty, multiplier));
}

/** Today's P&L of a delivery sale: proceeds minus the value of the shares at the previous close. */
export const saleDayPnl = ({ sellValue, buyValue, qty }: Position, prevClose: Price): Paise =>
  subtractPaise(sellValue, sumPaise([buyValue, valueOf(prevClose, qty)]));

export interface HoldingTotals {
  /** Total cost of the holdings whose cost is known. */
  readonly invested: Paise;
  readonly value: Paise;
  readonly pnl: Paise;
  readonly dayChange: Paise;
  /** Number of holdings without a price, which are in no total. */
  readonly unpriced: number;
  /** Number of priced holdings without a cost, which are not in `invested` and `pnl`. */
  readonly uncosted: number;
}

export function holdingTotals(holdings: readonly Holding[]): HoldingTotals {
  const priced = holdings.filter((holding) => holding.ltp !== null);
  const costed = priced.filter((holding) => holding.avgPrice > 0);
  return {
    invested: sumPaise(costed.map((holding) => valueOf(holding.avgPrice, holding.qty))),
    value: sumPaise(priced.map((holding) => holdingValue(holding) ?? ZERO_PAISE)),
    pnl: sumPaise(costed.map((holding) => holding.pnl ?? ZERO_PAISE)),
    dayChange: sumPaise(priced.map((holding) => holdingDayChange(holding) ?? ZERO_PAISE)),
    unpriced: holdings.length - priced.length,
    uncosted: priced.length - costed.length,
  };
}

export const holdingValue = (holding: Holding): Paise | null =>
  holding.ltp === null ? null : valueOf(holding.ltp, holding.qty);

export const holdingDayChange = (holding: Holding): Paise | null =>
  holding.ltp === null || holding.prevClose === null
    ? null
    : valueOf((holding.ltp - holding.prevClose) as Price, holding.qty);

export const fundsTotal = (funds: readonly Funds[]): Funds => ({
  available: sumPaise(funds.map((each) => each.available)),
  used: sumPaise(funds.map((each) => each.used)),
  cash: sumPaise(funds.map((each) => each.cash)),
  collateral: sumPaise(funds.map((each) => each.collateral)),
});

/** Today's P&L of an account: positions as `dayPnl`, holdings by their price change since the previous close. */
export interface DayPnl {
  readonly positions: Paise;
  readonly holdings: Paise;
  readonly realised: Paise;
  readonly unrealised: Paise;
}

export function dayPnlOf(positions: readonly Position[], holdings: readonly Holding[]): DayPnl {
  const totals = positionTotals(positions);
  return {
    positions: sumPaise(positions.map(dayPnl)),
    holdings: sumPaise(holdings.map((holding) => holdingDayChange(holding) ?? ZERO_PAISE)),
    realised: totals.realised,
    unrealised: totals.unrealised,
  };
}
