import type { BrokerOrderId, InstrumentKey } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { ZERO_PAISE, sumPaise, valueOf } from "../../../src/domain/money.ts";
import type { OrderTerms } from "../../../src/domain/order.ts";
import type { AccountState, BookOrder, World } from "./book.ts";
import { isLive, toOrder } from "./book.ts";
import type { Refusal } from "./checks.ts";
import { arrivalOf, checkOrder, checkQuantity, checkTerms, refuse } from "./checks.ts";
import { openHolding, toHolding } from "./holdings.ts";
import { costOf, fundsOf } from "./margins.ts";
import { arrive, finish, listedOf, match, reserveFor, secondOf } from "./matching.ts";
import { addOrder } from "./orders.ts";
import { toPosition } from "./positions.ts";
import type { AccountOpening, ExchangeAccount, ExchangeOrder, ExchangeReply } from "./types.ts";

export function openState(world: World, id: string, opening: AccountOpening | undefined, today: string): AccountState {
  const account: AccountState = {
    id,
    cash: opening?.cash ?? ZERO_PAISE,
    charges: ZERO_PAISE,
    orders: new Map(),
    trades: [],
    positions: new Map(),
    holdings: new Map(),
  };
  for (const { key, qty, avgPrice, t1Qty = 0 } of opening?.holdings ?? []) {
    const row = openHolding(account, world.universe.home(key), "CNC");
    row.settledQty += qty - t1Qty;
    row.cost = sumPaise([row.cost, valueOf(avgPrice, qty)]);
    // T1 shares were bought the day before, so they are delivered at the start of the next trading day.
    if (t1Qty > 0) row.t1.push({ qty: t1Qty, settlesOn: world.calendar.tradingDayAfter(today, 1) });
  }
  return account;
}

export interface AccountContext {
  readonly world: World;
  readonly state: AccountState;
  /** Advances the exchange to its clock and returns that instant. */
  readonly arriveNow: () => number;
  readonly latencyMs: number;
  readonly onChange: () => void;
}

export function createAccount({ world, state, arriveNow, latencyMs, onChange }: AccountContext): ExchangeAccount {
  const find = (key: InstrumentKey): Instrument | Refusal =>
    world.universe.find(key) ?? refuse("unknown-instrument", `Unknown instrument ${key}`);

  function place(asked: ExchangeOrder): ExchangeReply {
    const at = arriveNow();
    const instrument = find(asked.key);
    if (instrument.kind === "refused") return instrument;
    const arrival = arrivalOf(world, instrument, asked, at, latencyMs);
    if (typeof arrival !== "number") return arrival;
    const problem = checkOrder(world, instrument, asked, at);
    if (problem) return problem;
    const order = addOrder(world, state, instrument, at, asked);
    order.arrivesAt = arrival;
    if (arrival === at) arrive(world, order, at);
    else if (arrival > at + latencyMs) waitForSession(world, order, at);
    onChange();
    return { kind: "accepted", orderId: order.orderId };
  }

  function liveOrder(orderId: BrokerOrderId): BookOrder | Refusal {
    const order = state.orders.get(orderId);
    if (!order) return refuse("unknown-order", `No order ${orderId} in today's book`);
    if (!isLive(order)) return refuse("order-final", `Order is ${order.status} and can't be changed`);
    return order;
  }

  function cancel(orderId: BrokerOrderId): ExchangeReply {
    arriveNow();
    const order = liveOrder(orderId);
    if ("kind" in order) return order;
    finish(world, order, "cancelled", null);
    onChange();
    return { kind: "accepted", orderId };
  }

  function modify(orderId: BrokerOrderId, change: { qty?: number; terms?: OrderTerms }): ExchangeReply {
    const at = arriveNow();
    const order = liveOrder(orderId);
    if ("kind" in order) return order;
    const instrument = listedOf(world, order);
    const problem = checkChange(world, instrument, order, change, at);
    if (problem) return problem;
    const reply = changeOrder(world, order, change, at);
    onChange();
    return reply;
  }

  return {
    id: state.id,
    place,
    modify,
    cancel,
    orders() {
      arriveNow();
      return [...state.orders.values()].map(toOrder);
    },
    order(orderId) {
      arriveNow();
      const order = state.orders.get(orderId);
      return order && toOrder(order);
    },
    trades() {
      arriveNow();
      return [...state.trades];
    },
    positions() {
      const at = arriveNow();
      return [...state.positions.values()].flatMap((row) => {
        const instrument = world.universe.find(row.key);
        return instrument ? [toPosition(row, instrument, world.market.touch(instrument, at).ltp)] : [];
      });
    },
    holdings() {
      const at = arriveNow();
      return [...state.holdings.values()].flatMap((row) => {
        const instrument = world.universe.find(row.key);
        if (!instrument) return [];
        const { ltp, prevClose } = world.market.quote(instrument, at);
        return toHolding(world, state, row, instrument, { ltp, prevClose }) ?? [];
      });
    },
    funds: () => fundsOf(world, state, arriveNow()),
    cost(asked) {
      const at = arriveNow();
      const instrument = find(asked.key);
      if (instrument.kind === "refused") throw new RangeError(instrument.message);
      return costOf(world, state, instrument, asked, at);
    },
    chargesToday() {
      arriveNow();
      return state.charges;
    },
  };
}

/** Blocks the money of an order for the next session. */
function waitForSession(world: World, order: BookOrder, at: number): void {
  const problem = reserveFor(world, order, at);
  if (problem !== null) finish(world, order, "rejected", problem);
  // The exchange gets an after-market order only when its session begins.
  else if (!order.isAmo) order.status = "open";
}

function checkChange(
  world: World,
  instrument: Instrument,
  order: BookOrder,
  { qty, terms }: { qty?: number; terms?: OrderTerms },
  at: number,
): Refusal | null {
  if (qty !== undefined) {
    const problem = checkQuantity(instrument, qty);
    if (problem) return problem;
    if (qty <= order.filledQty) return refuse("bad-quantity", `${order.filledQty} have been filled already`);
  }
  if (!terms) return null;
  // A triggered stop-loss is an ordinary order: its trigger no longer matters, so it is not checked.
  const hasTriggered = order.isTriggered && (terms.type === "SL" || terms.type === "SL-M");
  const checked: OrderTerms = hasTriggered && terms.type === "SL" ? { type: "LIMIT", price: terms.price } : terms;
  return hasTriggered && terms.type === "SL-M" ? null : checkTerms(world, instrument, order.side, checked, at);
}

function changeOrder(
  world: World,
  order: BookOrder,
  { qty, terms }: { qty?: number; terms?: OrderTerms },
  at: number,
): ExchangeReply {
  const before = { qty: order.qty, terms: order.terms };
  order.qty = qty ?? order.qty;
  order.terms = terms ?? order.terms;
  const problem = reserveFor(world, order, at);
  if (problem !== null) {
    Object.assign(order, before);
    return refuse("bad-quantity", problem);
  }
  if (order.arrivesAt === null) {
    order.status = "open";
    order.takesAt = secondOf(at);
    match(world, order, at);
  }
  return { kind: "accepted", orderId: order.orderId };
}
