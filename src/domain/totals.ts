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

/** Since entry. Brokers go on valuing shares that were sold for delivery as a short, though nobody owes them. */
export const pnlOf = (position: Position): Paise => (isDeliverySale(position) ? position.realised : position.pnl);

/** Today's P&L of a position: the broker's own figure, or since entry where it has none. */
export const dayPnl = (position: Position): Paise => position.dayPnl ?? pnlOf(position);

const sinceEntry = (positions: readonly Position[]): Position[] => positions.filter(({ dayPnl }) => dayPnl === null);
const withoutChange = (holdings: readonly Holding[]): Holding[] =>
  holdings.filter((holding) => holdingDayChange(holding) === null);

/** What the day's figures count otherwise, because nobody knows what it stood at when the day began. */
export interface Undated {
  /** Counted since entry. */
  readonly positions: number;
  /** Left out. */
  readonly shares: number;
}
export const undatedCount = (positions: readonly Position[], holdings: readonly Holding[]): Undated => ({
  positions: sinceEntry(positions).length,
  shares: withoutChange(holdings).length,
});

/** The same by name: in a sum over days they would count again every day, or not at all. */
export const undated = (
  positions: readonly Position[],
  holdings: readonly Holding[],
): readonly (Position | Holding)[] => [...sinceEntry(positions), ...withoutChange(holdings)];

/** Today's P&L of those positions whose day is known. */
export const datedPnl = (positions: readonly Position[]): Paise =>
  sumPaise(positions.map((position) => position.dayPnl ?? ZERO_PAISE));

/** What the day's trades in a position brought, less what they cost. */
const dayCashOf = ({ key, symbol, productType, multiplier }: Position, trades: readonly Trade[]): Paise =>
  sumPaise(
    trades
      .filter((trade) => trade.productType === productType && isSameListing(trade, { key, symbol }))
      .map(({ side, price, qty }) => valueOf(price, side === "SELL" ? qty : -qty, multiplier)),
  );

/** What it is worth now, less what it was at the previous close, and what was bought and sold between. */
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

/** Of shares sold for delivery: what they brought, less what they were worth at the previous close. */
export const saleDayPnl = ({ sellValue, buyValue, qty }: Position, prevClose: Price): Paise =>
  subtractPaise(sellValue, sumPaise([buyValue, valueOf(prevClose, qty)]));

export interface HoldingTotals {
  /** Cost of those whose cost is known. */
  readonly invested: Paise;
  readonly value: Paise;
  readonly pnl: Paise;
  readonly dayChange: Paise;
  /** Holdings that are in no total, for want of a price. */
  readonly unpriced: number;
  /** Those with a price that are not in `invested` and `pnl`, for want of a cost. */
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

/** Today's P&L per account: positions as the broker counts the day, holdings by their move since the last close. */
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
