import { isDerivative } from "../../../src/domain/instrument.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import {
  ZERO_PAISE,
  negatePaise,
  paise,
  priceFromRupees,
  scalePaise,
  subtractPaise,
  sumPaise,
  valueOf,
} from "../../../src/domain/money.ts";
import type { Paise, Price } from "../../../src/domain/money.ts";
import { isDelivery, type OrderTerms, type Product, type Side } from "../../../src/domain/order.ts";
import type { Funds } from "../../../src/domain/portfolio.ts";
import type { AccountState, BookOrder, World } from "./book.ts";
import { isLive, limitOf, proportion, rowName } from "./book.ts";
import { chargesOf } from "../../../src/domain/charges.ts";
import { isPaidInFull, unrealisedOf } from "./positions.ts";

/** Percent of an order's value that is blocked as margin. */
const MARGIN_PERCENT = { intraday: 20, funded: 30, derivative: 15 } as const;

/** The fields of an order that its cost depends on. */
export interface CostInput {
  readonly side: Side;
  readonly productType: Product;
  readonly terms: OrderTerms;
  readonly qty: number;
}
export interface Cost {
  readonly margin: Paise;
  readonly charges: Paise;
}

function marginPercent(instrument: Instrument, product: Product): number {
  if (isDerivative(instrument)) return MARGIN_PERCENT.derivative;
  return product === "MTF" ? MARGIN_PERCENT.funded : MARGIN_PERCENT.intraday;
}

function underlyingValue(world: World, instrument: Instrument, qty: number, at: number): Paise {
  const rupees = world.market.pricing(instrument, at).span.prevClose;
  return valueOf(priceFromRupees(rupees.toFixed(2)), qty);
}

/** The highest price at which it may fill: a buy's limit or upper circuit, a sell's limit or the higher last price. */
function highestPrice(world: World, instrument: Instrument, order: CostInput, at: number): Price {
  const { ltp } = world.market.touch(instrument, at);
  const limit = limitOf(order.terms);
  if (order.side === "SELL") return limit > ltp ? limit : ltp;
  const circuit = world.market.hasSource ? null : world.market.pricing(instrument, at).upperCircuit;
  return circuit !== null && limit > circuit ? circuit : limit;
}

/** Units of an order that open a position, not close one, given the other live orders on the same side. */
function openingQty(
  world: World,
  account: AccountState,
  instrument: Instrument,
  order: CostInput,
  self?: BookOrder,
): number {
  const held = account.positions.get(rowName(instrument.key, order.productType))?.qty ?? 0;
  let closable = order.side === "BUY" ? Math.max(0, -held) : Math.max(0, held);
  for (const other of world.live) {
    const isSame = other.accountId === account.id && other.key === instrument.key && other.side === order.side;
    if (isSame && other !== self && other.productType === order.productType) closable -= other.qty - other.filledQty;
  }
  return Math.max(0, order.qty - Math.max(0, closable));
}

/** Margin and charges of an order at the highest price at which it may fill. */
export function costOf(
  world: World,
  account: AccountState,
  instrument: Instrument,
  order: CostInput,
  at: number,
  self?: BookOrder,
): Cost {
  const { side, productType, qty } = order;
  const highest = highestPrice(world, instrument, order, at);
  const charges = chargesOf(instrument, productType, side, valueOf(highest, qty));
  if (isDelivery(productType) && side === "SELL") return { margin: ZERO_PAISE, charges };
  if (productType === "CNC") return { margin: valueOf(highest, qty), charges };
  const opening = openingQty(world, account, instrument, order, self);
  if (instrument.kind === "option" && side === "BUY") return { margin: valueOf(highest, opening), charges };
  const notional =
    instrument.kind === "option" ? underlyingValue(world, instrument, opening, at) : valueOf(highest, opening);
  return { margin: scalePaise(notional, marginPercent(instrument, productType), 100), charges };
}

/** Money that an order blocks: none if it only closes, because its proceeds pay its charges. */
export const reserveOf = ({ margin, charges }: Cost): Paise =>
  margin === 0 ? ZERO_PAISE : sumPaise([margin, charges]);

function blockedByOrders(world: World, account: AccountState, self?: BookOrder): Paise {
  const blocked: Paise[] = [];
  for (const order of world.live) {
    if (order.accountId !== account.id || order === self || !isLive(order) || order.reserveQty === 0) continue;
    blocked.push(proportion(order.reserve, order.qty - order.filledQty, order.reserveQty));
  }
  return sumPaise(blocked);
}

function blockedByPositions(world: World, account: AccountState, at: number): Paise {
  const blocked: Paise[] = [];
  for (const row of account.positions.values()) {
    const instrument = world.universe.find(row.key);
    if (!instrument || row.qty === 0 || row.product === "CNC") continue;
    if (row.product === "MTF" && row.qty < 0) continue;
    if (isPaidInFull(instrument, row.product)) {
      if (row.qty > 0) continue;
      const notional = underlyingValue(world, instrument, -row.qty, at);
      blocked.push(scalePaise(notional, MARGIN_PERCENT.derivative, 100));
      continue;
    }
    const loss = Math.max(0, negatePaise(unrealisedOf(row, world.market.touch(instrument, at).ltp)));
    blocked.push(scalePaise(row.cost, marginPercent(instrument, row.product), 100), paise(loss));
  }
  for (const holding of account.holdings.values()) {
    if (holding.product === "MTF") blocked.push(scalePaise(holding.cost, MARGIN_PERCENT.funded, 100));
  }
  return sumPaise(blocked);
}

/** Money paid for open positions that are paid in full, less premiums received for written options. */
function paidForPositions(world: World, account: AccountState): Paise {
  const paid: Paise[] = [];
  for (const row of account.positions.values()) {
    const instrument = world.universe.find(row.key);
    if (!instrument || row.qty === 0 || !isPaidInFull(instrument, row.product)) continue;
    if (row.qty > 0) paid.push(row.cost);
    // A negative CNC row is shares sold out of a holding: it is not an open position.
    else if (row.product !== "CNC") paid.push(negatePaise(row.cost));
  }
  return sumPaise(paid);
}

/** As brokers report funds: money spent today is used, and leaves the ledger when the shares become a holding. */
export function fundsOf(world: World, account: AccountState, at: number, self?: BookOrder): Funds {
  const blocked = sumPaise([blockedByOrders(world, account, self), blockedByPositions(world, account, at)]);
  const paid = paidForPositions(world, account);
  return {
    cash: sumPaise([account.cash, paid]),
    used: sumPaise([blocked, paid]),
    available: subtractPaise(account.cash, blocked),
    collateral: ZERO_PAISE,
  };
}
