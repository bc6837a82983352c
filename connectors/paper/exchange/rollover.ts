import { isDerivative } from "../../../src/domain/instrument.ts";
import type { Segment } from "../../../src/domain/instrument.ts";
import { addDays, istDate, istInstant } from "../../../src/domain/market.ts";
import { ZERO_PAISE, paise, valueOf } from "../../../src/domain/money.ts";
import type { Price } from "../../../src/domain/money.ts";
import { isDelivery, isFinal, opposite } from "../../../src/domain/order.ts";
import type { Side } from "../../../src/domain/order.ts";
import type { AccountState, BookOrder, PositionRow, World } from "./book.ts";
import { DAY_MS, SECOND_MS } from "./calendar.ts";
import { deliver, settle } from "./holdings.ts";
import { fill, finish, playUntil } from "./matching.ts";
import { addOrder } from "./orders.ts";
import { bookTrade, carry, cashOf, isPaidInFull } from "./positions.ts";
import { settlementPrice } from "./pricing.ts";

export interface Progress {
  /** All events up to this instant have been played. */
  playedUntil: number;
  /** Instant of the last daily event (square-off, close, midnight) that has been done. */
  turnedAt: number;
}

interface DailyEvent {
  readonly at: number;
  readonly run: (world: World, at: number) => void;
}

const CASH: readonly Segment[] = ["NSE", "BSE"];
const DERIVATIVES: readonly Segment[] = ["NFO", "BFO"];

/** Advances the exchange to an instant: fills, square-offs, closes and rollovers to new days, each at its time. */
export function advanceTo(world: World, progress: Progress, now: number): void {
  if (now <= progress.playedUntil) return;
  for (let event = nextEvent(world, progress.turnedAt); event.at <= now; event = nextEvent(world, progress.turnedAt)) {
    playUntil(world, event.at - 1);
    event.run(world, event.at);
    progress.turnedAt = event.at;
  }
  playUntil(world, now);
  progress.playedUntil = now;
}

function nextEvent({ calendar }: World, after: number): DailyEvent {
  const date = istDate(after);
  const midnight: DailyEvent = { at: istInstant(date) + DAY_MS, run: roll };
  if (calendar.isAlwaysOpen || !calendar.isTradingDay(date)) return midnight;
  const events: readonly DailyEvent[] = [
    { at: calendar.squareOffAt(date), run: squareOff },
    { at: calendar.hours(date, "NSE").end, run: (world, at) => close(world, CASH, at) },
    { at: calendar.hours(date, "NFO").end, run: (world, at) => close(world, DERIVATIVES, at) },
  ];
  return events.find(({ at }) => at > after) ?? midnight;
}

/** Orders of the session expire; those that wait for the next session stay. */
function close(world: World, segments: readonly Segment[], at: number): void {
  for (const order of world.live) {
    const segment = world.universe.find(order.key)?.segment;
    const isOfSession = order.arrivesAt === null || order.arrivesAt < at;
    if (isOfSession && segment && segments.includes(segment))
      finish(world, order, "expired", "Order validity ended with the session");
  }
}

function squareOff(world: World, at: number): void {
  for (const order of world.live) {
    const isOfSession = order.arrivesAt === null || order.arrivesAt < at;
    if (order.productType === "INTRADAY" && isOfSession)
      finish(world, order, "cancelled", "Cancelled by the intraday square-off");
  }
  for (const account of world.accounts.values()) {
    for (const row of account.positions.values()) {
      if (row.product === "INTRADAY" && row.qty !== 0) closeOut(world, account, row, at - SECOND_MS);
    }
  }
}

function closeOut(world: World, account: AccountState, row: PositionRow, at: number): void {
  const instrument = world.universe.find(row.key);
  if (!instrument) return;
  const side: Side = opposite(row.qty > 0 ? "BUY" : "SELL");
  const { ltp } = world.market.touch(instrument, at);
  const qty = Math.abs(row.qty);
  const order = addOrder(world, account, instrument, at, {
    tag: null,
    key: row.key,
    side,
    productType: row.product,
    validity: "DAY",
    qty,
    isAmo: false,
    terms: { type: "MARKET", protection: { basisPoints: 0, limit: ltp } },
  });
  fill(world, order, { qty, price: ltp, at });
  order.message = "Intraday square-off";
}

/** Midnight: settles expiries, moves delivery into holdings, starts the day of carried positions, clears the book. */
function roll(world: World, midnight: number): void {
  const last = midnight - SECOND_MS;
  const ended = istDate(last);
  if (world.calendar.isAlwaysOpen) {
    squareOff(world, midnight);
    close(world, [...CASH, ...DERIVATIVES], midnight);
  }
  for (const account of world.accounts.values()) {
    for (const row of account.positions.values()) settleExpired(world, account, row, midnight);
    const settlesOn = world.calendar.tradingDayAfter(ended, 2);
    account.cash = paise(account.cash + deliver(world, account, settlesOn));
    settle(account, addDays(ended, 1));
    for (const [name, row] of account.positions) {
      if (row.qty === 0) account.positions.delete(name);
      else carry(row, lastPrice(world, row, last));
    }
    for (const [id, order] of account.orders) if (isFinal(order.status)) account.orders.delete(id);
    account.trades = [];
    account.charges = ZERO_PAISE;
  }
}

function lastPrice(world: World, row: PositionRow, at: number): Price {
  const instrument = world.universe.find(row.key);
  if (!instrument) throw new RangeError(`not listed: ${row.key}`);
  return world.market.touch(instrument, at).ltp;
}

/** Cash settlement at the underlying's close, also for stock derivatives, which a real exchange would deliver. */
function settleExpired(world: World, account: AccountState, row: PositionRow, midnight: number): void {
  const ended = istDate(midnight - SECOND_MS);
  const instrument = world.universe.find(row.key);
  if (!instrument || !isDerivative(instrument) || instrument.expiry > ended || row.qty === 0) return;
  const underlying = world.walks.closeOf(world.universe.walkOf(instrument), instrument.expiry);
  const at = world.market.hasSource
    ? world.market.touch(instrument, midnight - SECOND_MS).ltp
    : settlementPrice(instrument, underlying);
  const side: Side = row.qty > 0 ? "SELL" : "BUY";
  const qty = Math.abs(row.qty);
  const realised = bookTrade(row, side, qty, at);
  const moved = cashOf(isPaidInFull(instrument, row.product), side, valueOf(at, qty), realised);
  account.cash = paise(account.cash + moved);
}

/** Instruments whose prices are needed to fill, square off or value what accounts have. */
export function valuedKeys(world: World): Set<BookOrder["key"]> {
  const valued = new Set<BookOrder["key"]>();
  for (const account of world.accounts.values()) {
    for (const row of account.positions.values()) {
      valued.add(row.key);
      // From midnight on it is a holding, which has the NSE key.
      if (isDelivery(row.product)) valued.add(world.universe.home(row.key));
    }
    for (const row of account.holdings.values()) valued.add(row.key);
  }
  for (const order of world.live) valued.add(order.key);
  return valued;
}

/** Instruments that must stay listed: those with a position or an order. */
export function heldKeys(world: World): Set<BookOrder["key"]> {
  const held = new Set<BookOrder["key"]>();
  for (const account of world.accounts.values()) {
    for (const row of account.positions.values()) held.add(row.key);
    for (const order of account.orders.values()) held.add(order.key);
  }
  return held;
}
