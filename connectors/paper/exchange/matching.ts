import type { Instrument } from "../../../src/domain/instrument.ts";
import { paise, rupeesFromPaise, subtractPaise, sumPaise, valueOf } from "../../../src/domain/money.ts";
import type { Paise, Price } from "../../../src/domain/money.ts";
import { isDelivery, opposite } from "../../../src/domain/order.ts";
import type { AccountState, BookOrder, World } from "./book.ts";
import { limitOf, openRow, triggerOf } from "./book.ts";
import { SECOND_MS } from "./calendar.ts";
import { chargesOf } from "../../../src/domain/charges.ts";
import { sellableQty } from "./holdings.ts";
import { costOf, fundsOf, reserveOf } from "./margins.ts";
import type { Touch } from "./market.ts";
import { bookTrade, cashOf, isPaidInFull } from "./positions.ts";
import type { Wait } from "./search.ts";
import { firstSecond } from "./search.ts";

/** Later than any instant. */
const NO_SECOND = Number.MAX_SAFE_INTEGER;
export const secondOf = (at: number): number => Math.floor(at / SECOND_MS) * SECOND_MS;

function accountOf(world: World, id: string): AccountState {
  const account = world.accounts.get(id);
  if (!account) throw new RangeError(`no such account: ${id}`);
  return account;
}

export function listedOf(world: World, order: BookOrder): Instrument {
  const instrument = world.universe.find(order.key);
  if (!instrument) throw new RangeError(`not listed: ${order.key}`);
  return instrument;
}

export function finish(world: World, order: BookOrder, status: BookOrder["status"], message: string | null): void {
  order.status = status;
  order.message = message;
  world.live.delete(order);
}

const inRupees = (amount: Paise): string => rupeesFromPaise(amount).toFixed(2);

/** Blocks money for the open quantity of an order. Returns the refusal, in a broker's words, if it does not suffice. */
export function reserveFor(world: World, order: BookOrder, at: number): string | null {
  const account = accountOf(world, order.accountId);
  const qty = order.qty - order.filledQty;
  if (order.side === "SELL" && isDelivery(order.productType)) {
    const sellable = sellableQty(world, account, order.key, order.productType, order);
    if (qty > sellable)
      return `RMS:Rule: Check holdings including existing positions. Sellable ${sellable}, asked ${qty} of ${order.symbol}`;
  }
  const { side, productType, terms } = order;
  const wanted = { side, productType, terms, qty };
  const required = reserveOf(costOf(world, account, listedOf(world, order), wanted, at, order));
  const { available } = fundsOf(world, account, at, order);
  if (required > 0 && required > available)
    return `RMS:Margin Exceeds, Required: ${inRupees(required)}, Available: ${inRupees(available)}`;
  order.reserve = required;
  order.reserveQty = qty;
  return null;
}

/** The order enters the book: funds are checked and blocked, and it is matched. */
export function arrive(world: World, order: BookOrder, at: number): void {
  order.arrivesAt = null;
  const problem = reserveFor(world, order, at);
  if (problem !== null) {
    finish(world, order, "rejected", problem);
    return;
  }
  order.status = "open";
  order.takesAt = secondOf(at);
  match(world, order, at);
  if (order.validity === "IOC" && world.live.has(order))
    finish(world, order, "cancelled", "IOC: what was left was cancelled");
}

/** Matches an order in the book with one second's depth: triggers it, and fills what it can. */
export function match(world: World, order: BookOrder, at: number): void {
  const instrument = listedOf(world, order);
  order.seenUntil = secondOf(at);
  const isKnown = world.market.knows(instrument, at);
  if (!order.isTriggered && triggerOf(order.terms) !== null) {
    if (!isKnown || !triggerWait(order).isMet(world.market.touch(instrument, at))) {
      order.status = "trigger-pending";
      return;
    }
    order.isTriggered = true;
    order.status = "open";
    order.takesAt = secondOf(at);
  }
  if (!isKnown) {
    // It will fill at market prices, not at its limit, when the first price arrives.
    order.takesAt = NO_SECOND;
    return;
  }
  order.takesAt = Math.min(order.takesAt, secondOf(at));
  const limit = limitOf(order.terms);
  const isResting = order.terms.type === "LIMIT" || order.terms.type === "SL";
  const rests = isResting && order.takesAt !== secondOf(at);
  for (const level of world.liquidity.levels(instrument, opposite(order.side), at)) {
    if (order.side === "BUY" ? level.price > limit : level.price < limit) break;
    const qty = Math.min(level.quantity, order.qty - order.filledQty);
    if (qty === 0) break;
    world.liquidity.take(instrument, opposite(order.side), level.price, qty, at);
    fill(world, order, { qty, price: rests ? limit : level.price, at: Math.max(at, order.placedAt) });
  }
}

export interface Fill {
  readonly qty: number;
  readonly price: Price;
  readonly at: number;
}

export function fill(world: World, order: BookOrder, { qty, price, at }: Fill): void {
  const account = accountOf(world, order.accountId);
  const instrument = listedOf(world, order);
  const value = valueOf(price, qty);
  const { orderId, symbol, key, side, productType } = order;
  world.counters.trade++;
  account.trades.push({
    tradeId: String(30_000_000 + world.counters.trade),
    orderId,
    symbol,
    key,
    side,
    productType,
    qty,
    price,
    at,
  });
  order.filledQty += qty;
  order.filledValue = sumPaise([order.filledValue, value]);
  const realised = bookTrade(openRow(account, key, productType), side, qty, price);
  // Charges are computed per order, so each fill pays the increase.
  const charges = chargesOf(instrument, productType, side, order.filledValue);
  const added = subtractPaise(charges, order.charges);
  order.charges = charges;
  account.charges = sumPaise([account.charges, added]);
  const moved = cashOf(isPaidInFull(instrument, productType), side, value, realised);
  account.cash = paise(account.cash + moved - added);
  if (order.filledQty === order.qty) finish(world, order, "filled", null);
}

const triggerWait = (order: BookOrder): Wait => {
  const level = triggerOf(order.terms) ?? limitOf(order.terms);
  return order.side === "BUY"
    ? { direction: "at-or-above", level, isMet: ({ ltp }) => ltp >= level }
    : { direction: "at-or-below", level, isMet: ({ ltp }) => ltp <= level };
};

const limitWait = (order: BookOrder): Wait => {
  const level = limitOf(order.terms);
  return order.side === "BUY"
    ? { direction: "at-or-below", level, isMet: ({ ask }: Touch) => ask <= level }
    : { direction: "at-or-above", level, isMet: ({ bid }: Touch) => bid >= level };
};

/** When the next event of an order is (arrival, trigger or fill), up to `now`; null if there is none. */
function nextEvent(world: World, order: BookOrder, now: number): number | null {
  if (order.arrivesAt !== null) return order.arrivesAt <= now ? order.arrivesAt : null;
  const until = secondOf(now);
  if (order.seenUntil >= until) return null;
  const isWaiting = !order.isTriggered && triggerOf(order.terms) !== null;
  const wait = isWaiting ? triggerWait(order) : limitWait(order);
  const found = firstSecond(world.market, listedOf(world, order), wait, order.seenUntil, until);
  if (found !== null) return found;
  // Nothing happens until then. The next search starts there, and from then on the order rests in the book.
  order.seenUntil = until;
  if (world.market.knows(listedOf(world, order), until)) order.takesAt = Math.min(order.takesAt, until);
  return null;
}

/** Plays all events up to and including an instant, in order of time, then of priority. */
export function playUntil(world: World, until: number): void {
  const events = new Map<BookOrder, number>();
  const schedule = (order: BookOrder): void => {
    const at = nextEvent(world, order, until);
    if (at !== null) events.set(order, at);
  };
  for (const order of world.live) schedule(order);
  while (events.size > 0) {
    const [order, at] = earliest(events);
    events.delete(order);
    if (!world.live.has(order)) continue;
    if (order.arrivesAt === null) match(world, order, at);
    else arrive(world, order, at);
    if (world.live.has(order)) schedule(order);
  }
}

function earliest(events: ReadonlyMap<BookOrder, number>): [BookOrder, number] {
  let first: [BookOrder, number] | undefined;
  for (const [order, at] of events) {
    if (!first || at < first[1] || (at === first[1] && order.sequence < first[0].sequence)) first = [order, at];
  }
  if (!first) throw new RangeError("no event");
  return first;
}
