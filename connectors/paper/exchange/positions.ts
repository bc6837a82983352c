import type { Instrument } from "../../../src/domain/instrument.ts";
import {
  ZERO_PAISE,
  ZERO_PRICE,
  averagePrice,
  negatePaise,
  subtractPaise,
  sumPaise,
  valueOf,
} from "../../../src/domain/money.ts";
import type { Paise, Price } from "../../../src/domain/money.ts";
import type { Product, Side } from "../../../src/domain/order.ts";
import type { Position } from "../../../src/domain/portfolio.ts";
import type { PositionRow } from "./book.ts";
import { proportion } from "./book.ts";

/** Delivery and options are paid in full when bought. All else only blocks margin and settles its profit or loss. */
export const isPaidInFull = (instrument: Instrument, product: Product): boolean =>
  product === "CNC" || instrument.kind === "option";

/** Adds a trade to a row and returns the realised profit. Keeps cost instead of an average price, so parts add up. */
export function bookTrade(row: PositionRow, side: Side, quantity: number, at: Price): Paise {
  const value = valueOf(at, quantity);
  if (side === "BUY") {
    row.buyQty += quantity;
    row.buyValue = sumPaise([row.buyValue, value]);
  } else {
    row.sellQty += quantity;
    row.sellValue = sumPaise([row.sellValue, value]);
  }
  const direction = side === "BUY" ? 1 : -1;
  const held = Math.abs(row.qty);
  const closing = row.qty * direction < 0 ? Math.min(held, quantity) : 0;
  const realised = closing === 0 ? ZERO_PAISE : closePart(row, closing, valueOf(at, closing));
  const opened = valueOf(at, quantity - closing);
  row.cost = sumPaise([row.cost, opened]);
  row.dayCost = sumPaise([row.dayCost, opened]);
  row.qty += quantity * direction;
  return realised;
}

function closePart(row: PositionRow, closing: number, value: Paise): Paise {
  const held = Math.abs(row.qty);
  const cost = proportion(row.cost, closing, held);
  const dayCost = proportion(row.dayCost, closing, held);
  const realised = gain(row.qty, value, cost);
  row.cost = subtractPaise(row.cost, cost);
  row.dayCost = subtractPaise(row.dayCost, dayCost);
  row.realised = sumPaise([row.realised, realised]);
  row.dayRealised = sumPaise([row.dayRealised, gain(row.qty, value, dayCost)]);
  return realised;
}

const gain = (signedQty: number, value: Paise, cost: Paise): Paise =>
  signedQty > 0 ? subtractPaise(value, cost) : subtractPaise(cost, value);

export function unrealisedOf(row: PositionRow, ltp: Price): Paise {
  return row.qty === 0 ? ZERO_PAISE : gain(row.qty, valueOf(ltp, Math.abs(row.qty)), row.cost);
}

export function toPosition(row: PositionRow, instrument: Instrument, ltp: Price): Position {
  const qty = Math.abs(row.qty);
  const unrealised = unrealisedOf(row, ltp);
  const dayUnrealised = qty === 0 ? ZERO_PAISE : gain(row.qty, valueOf(ltp, qty), row.dayCost);
  return {
    symbol: instrument.symbol,
    key: row.key,
    segment: instrument.segment,
    productType: row.product,
    qty,
    side: qty === 0 ? "CLOSED" : row.qty > 0 ? "BUY" : "SELL",
    avgPrice: qty === 0 ? ZERO_PRICE : averagePrice(row.cost, qty),
    ltp,
    pnl: sumPaise([row.realised, unrealised]),
    realised: row.realised,
    unrealised,
    dayPnl: sumPaise([row.dayRealised, dayUnrealised]),
    buyQty: row.buyQty,
    buyValue: row.buyValue,
    sellQty: row.sellQty,
    sellValue: row.sellValue,
    multiplier: 1,
  };
}

/** Starts a new day: carried quantity counts as bought or sold at its cost, and its day P&L starts from the close. */
export function carry(row: PositionRow, close: Price): void {
  const qty = Math.abs(row.qty);
  const isLong = row.qty > 0;
  row.realised = ZERO_PAISE;
  row.dayRealised = ZERO_PAISE;
  row.dayCost = valueOf(close, qty);
  row.buyQty = isLong ? qty : 0;
  row.buyValue = isLong ? row.cost : ZERO_PAISE;
  row.sellQty = isLong ? 0 : qty;
  row.sellValue = isLong ? ZERO_PAISE : row.cost;
}

/** The cash flow of a trade, before charges. */
export const cashOf = (isPaid: boolean, side: Side, value: Paise, realised: Paise): Paise =>
  isPaid ? (side === "BUY" ? negatePaise(value) : value) : realised;
