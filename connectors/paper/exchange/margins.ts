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

/** Percent of the value that is blocked. */
const MARGIN_PERCENT = { intraday: 20, funded: 30, derivative: 15 } as const;

/** The part of an order that matters for what it costs. */
export interface CostOf {
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

/** The dearest that the order may fill: a buy's limit, a sell's limit or the market if that is higher. */
function worstPrice(world: World, instrument: Instrument, order: CostOf, at: number): Price {
  const { ltp } = world.market.touch(instrument, at);
  const limit = limitOf(order.terms);
  if (order.side === "SELL") return limit > ltp ? limit : ltp;
  const roof = world.market.hasSource ? null : world.market.pricing(instrument, at).upperCircuit;
  return roof !== null && limit > roof ? roof : limit;
}

/** Units of an order that open a position instead of closing one, other orders on the same side considered. */
function openingQty(
  world: World,
  account: AccountState,
  instrument: Instrument,
  order: CostOf,
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

/** Margin that an order blocks and the charges of filling it, both at the dearest price that it allows. */
export function costOf(
  world: World,
  account: AccountState,
  instrument: Instrument,
  order: CostOf,
  at: number,
  self?: BookOrder,
): Cost {
  const { side, productType, qty } = order;
  const worst = worstPrice(world, instrument, order, at);
  const charges = chargesOf(instrument, productType, side, valueOf(worst, qty));
  if (isDelivery(productType) && side === "SELL") return { margin: ZERO_PAISE, charges };
  if (productType === "CNC") return { margin: valueOf(worst, qty), charges };
  const opening = openingQty(world, account, instrument, order, self);
  if (instrument.kind === "option" && side === "BUY") return { margin: valueOf(worst, opening), charges };
  const notional =
    instrument.kind === "option" ? underlyingValue(world, instrument, opening, at) : valueOf(worst, opening);
  return { margin: scalePaise(notional, marginPercent(instrument, productType), 100), charges };
}

/** What an order blocks: nothing when it only closes, since its proceeds pay its charges. */
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

/** The cost of open positions that were paid for, less what was taken for options written: gone, and still there as a position. */
function paidForPositions(world: World, account: AccountState): Paise {
  const paid: Paise[] = [];
  for (const row of account.positions.values()) {
    const instrument = world.universe.find(row.key);
    if (!instrument || row.qty === 0 || !isPaidInFull(instrument, row.product)) continue;
    if (row.qty > 0) paid.push(row.cost);
    // Shares sold today have left their holding: nothing of them is open.
    else if (row.product !== "CNC") paid.push(negatePaise(row.cost));
  }
  return sumPaise(paid);
}

/** As brokers tell it: what was spent is used until it is a holding, and gone from the ledger only then. */
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
