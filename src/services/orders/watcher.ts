import type { LinkId } from "../../domain/ids.ts";
import { addDays, istDate } from "../../domain/market.ts";
import { isChangeLost, lacksPrice, type Leg, type LegEvent } from "../../domain/order-intent.ts";
import type { Order } from "../../domain/order.ts";
import { BrokerError } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";
import { createFailureLog, type FailureLog } from "../../lib/failure-log.ts";
import { nothingAfter } from "../../lib/nothing-after.ts";
import { traced } from "../../lib/trace.ts";
import type { Turns } from "../../lib/turns.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";
import { type Intent, type Journal, stepAll } from "./journal.ts";
import { type NextTradingDay, sessionDay } from "./session-day.ts";
import { hasLapsed, TICKET_TTL_MS } from "./ticket-plan.ts";
import type { OrderTiming } from "./timing.ts";

export const FIRST_LOOK_MS = 700;
/** Pauses between looks at one order; the last one repeats. A look is one read of the broker's book. */
const LOOK_DELAYS_MS = [
  FIRST_LOOK_MS,
  1_000,
  1_500,
  2_000,
  3_000,
  5_000,
  5_000,
  10_000,
  15_000,
  30_000,
  30_000,
  30_000,
  60_000,
];
const BATCH = 50;
/** Telegram may hold up one chat's card for a minute. After this the other orders do not wait for it. */
const DRAWING_MS = 1_000;
/** A slow broker may delay a look by this much. If it is later, the clock has jumped or no process was running. */
const LATE_MS = 15_000;

type OnUnread = (error: BrokerError) => void;

export interface Watcher {
  /** Looks at the orders that are due; returns how many it took. Several processes may run it: each look is claimed. */
  sweep(): Promise<number>;
  /** Looks at one order now, due or not. The caller draws its card. `onUnread` is called if the book cannot be read. */
  look(intent: Intent, onUnread?: OnUnread): Promise<Intent>;
  /** Looks at one order now and draws its card if it is stale and nobody is drawing it. */
  follow(intent: Intent): Promise<void>;
}

export interface WatcherDeps {
  readonly accounts: Accounts;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: OrderTiming;
  readonly cardTurns: Turns;
  readonly nextTradingDay: NextTradingDay;
  /** Draws the card of an order that has changed. If it throws, the card is drawn at a later look. */
  readonly onChange: (intent: Intent) => Promise<void>;
}

/**
 * Follows every ticket and order to its end, across restarts: lapses tickets, reads the broker's book, reconciles
 * unknown legs, draws cards. Never sends an order.
 */
export function createWatcher(deps: WatcherDeps): Watcher {
  const { accounts, journal, clock, log } = deps;

  /** Limits logging per account: an unreadable book is read again for every open order, possibly all day. */
  const failureLogs = new Map<LinkId, FailureLog>();
  /** One for all orders: without Telegram no card can be drawn, and each is tried again at every look. */
  const drawing = createFailureLog(log, {
    failed: "order cards cannot be drawn; retrying",
    recovered: "order cards are drawn again",
  });

  function failureLogOf({ _id, broker_name }: Link): FailureLog {
    const words = { failed: "order book cannot be read; retrying", recovered: "order book can be read again" };
    const failureLog = failureLogs.get(_id) ?? createFailureLog(log, words, { broker: broker_name, link: _id });
    failureLogs.set(_id, failureLog);
    return failureLog;
  }

  async function sweep(): Promise<number> {
    const now = clock.now();
    const due = (await journal.watched(BATCH)).filter((intent) => isDue(intent, now));
    const claimed = (await Promise.all(due.map(claimLook))).filter((intent) => intent !== null);
    await Promise.all(claimed.map((intent) => traced({ intent: intent._id }, () => follow(intent))));
    return claimed.length;
  }

  /** Claims a look by moving `nextLookAt`, so that no other process takes it. */
  const claimLook = (intent: Intent): Promise<Intent | null> =>
    journal.change(intent._id, (current) => {
      if (!isDue(current, clock.now()) || !current.isWatched) return null;
      const delay = LOOK_DELAYS_MS[Math.min(current.looks, LOOK_DELAYS_MS.length - 1)] ?? 60_000;
      const late = lateness(current, clock.now());
      const legs = late === 0 ? current.legs : current.legs.map((leg) => withUnknownTimeShifted(leg, late));
      return { legs, nextLookAt: clock.now() + delay, looks: current.looks + 1 };
    });

  /** An error at one order is logged and does not stop the others. */
  async function follow(intent: Intent): Promise<void> {
    try {
      const after = await look(intent);
      if (!after.isCardStale) return;
      await Promise.race([deps.cardTurns.takeIfFree(after._id, () => draw(after)), nothingAfter(DRAWING_MS)]);
    } catch (error) {
      log.error({ err: error, intent: intent._id }, "order could not be followed");
    }
  }

  /** Never rejects, because it may go on after the look. */
  async function draw({ _id }: Intent): Promise<void> {
    try {
      // Read in this turn, because the one before may have drawn it.
      const intent = await journal.get(_id);
      if (!intent?.isCardStale) return;
      await deps.onChange(intent);
      await journal.markDrawn(intent);
      drawing.recovered();
    } catch (error) {
      drawing.failed(error);
    }
  }

  async function look(intent: Intent, onUnread: OnUnread = () => undefined): Promise<Intent> {
    if (intent.legs.every((leg) => leg.state === "ticket")) return lapseIfDue(intent);
    await Promise.all(intent.legs.map((leg, at) => lookAtLeg(intent, leg, at, onUnread)));
    return (await journal.get(intent._id)) ?? intent;
  }

  async function lapseIfDue(intent: Intent): Promise<Intent> {
    const now = clock.now();
    const dropped = await journal.change(intent._id, (current) =>
      hasLapsed(current, now) ? stepAll(current, "drop", { who: "sauda", what: "lapsed" }, now) : null,
    );
    return dropped ?? (await journal.get(intent._id)) ?? intent;
  }

  async function lookAtLeg(intent: Intent, leg: Leg, at: number, onUnread: OnUnread): Promise<void> {
    const lost = lostEvent(leg);
    if (lost) await step(intent, at, lost);
    const seen = await bookEvent(intent, leg, onUnread);
    if (seen) await step(intent, at, seen);
  }

  async function step(intent: Intent, at: number, event: LegEvent): Promise<void> {
    const detail =
      event.kind === "seen" ? `${event.order.status} ${event.order.filledQty}/${event.order.qty}` : undefined;
    // An order that has just changed is likely to change again soon, so the pauses start over.
    const soon = { nextLookAt: clock.now() + FIRST_LOOK_MS, looks: 0 } as const;
    const changed = await journal.transition(intent._id, at, event, { who: "sauda", what: event.kind, detail }, soon);
    if (changed)
      log.info({ intent: intent._id, leg: at, event: event.kind, state: changed.legs[at]?.state }, "order moved");
  }

  /** The event for a leg, or a change of a leg, whose sending process is gone: it may or may not have been sent. */
  function lostEvent(leg: Leg): LegEvent | null {
    const isOver = Math.abs(clock.now() - (leg.sentAt ?? 0)) > deps.timing.leaseMs;
    if (leg.state === "sending" && isOver) return { kind: "sender-lost" };
    return isChangeLost(leg, clock.now()) ? { kind: "asker-lost" } : null;
  }

  /** What the broker's book says about a sent leg; null when it cannot be read or has no news. */
  async function bookEvent(intent: Intent, leg: Leg, onUnread: OnUnread): Promise<LegEvent | null> {
    if (leg.state !== "working" && leg.state !== "unknown" && leg.state !== "not-found" && !lacksPrice(leg))
      return null;
    const link = await accounts.byId(leg.link);
    if (!link) return { kind: "day-over" };
    try {
      const askedAt = clock.now();
      const found = await find(link, leg);
      failureLogs.get(link._id)?.recovered();
      if (found) return hasNews(leg, found) ? { kind: "seen", order: found } : null;
      return isDayOver(intent, leg, 0)
        ? { kind: "day-over" }
        : absenceEvent(leg, link, askedAt - lateness(intent, askedAt));
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      failureLogOf(link).failed(error);
      onUnread(error);
      return isDayOver(intent, leg, intent.plan.isAmo ? AMO_UNREAD_DAYS : 0) ? { kind: "day-over" } : null;
    }
  }

  /** Books show only today, so a leg that none shows is given up `spareDays` after the day of its session. */
  function isDayOver({ plan }: Intent, leg: Leg, spareDays: number): boolean {
    if (leg.sentAt === null) return false;
    return istDate(clock.now()) > addDays(sessionDay(plan, leg.sentAt, deps.nextTradingDay), spareDays);
  }

  const find = (link: Link, leg: Leg): Promise<Order | null> =>
    accounts.call(link, async (connector, access) => {
      if (leg.orderId !== null) return connector.getOrder(access, leg.orderId, leg.handle);
      const tagged = await connector.findOrdersByTag(access, leg.tag);
      if (tagged.length > 1) log.error({ tag: leg.tag, count: tagged.length }, "several orders carry one tag");
      return tagged[0] ?? null;
    });

  /**
   * A leg counts as absent only if the book was read whole (an unread row throws) and requested after the broker's own
   * delay for late rows.
   */
  function absenceEvent(leg: Leg, link: Link, askedAt: number): LegEvent | null {
    if (leg.state !== "unknown") return null;
    const believedAfter = accounts.broker(link).definition.notFoundBelievedAfterMs;
    return askedAt - (leg.unknownSince ?? askedAt) >= believedAfter ? { kind: "absent" } : null;
  }

  return { sweep, look, follow };
}

/** A look further ahead than any pause allows was scheduled before the clock was set back, so it is due now. */
const isDue = ({ nextLookAt }: Intent, now: number): boolean => nextLookAt <= now || nextLookAt > now + TICKET_TTL_MS;

/** How late this look is (signed ms), or 0 within LATE_MS. Nobody read the book in that time: it must not count. */
function lateness(intent: Intent, now: number): number {
  const late = now - intent.nextLookAt;
  return isDue(intent, now) && Math.abs(late) > LATE_MS ? late : 0;
}

const withUnknownTimeShifted = (leg: Leg, ms: number): Leg =>
  leg.unknownSince === null ? leg : { ...leg, unknownSince: leg.unknownSince + ms };

/** While no book can be read, the calendar may lack a holiday that has moved the session of an after-market order. */
const AMO_UNREAD_DAYS = 5;

const hasNews = (leg: Leg, order: Order): boolean =>
  leg.state !== "working" ||
  leg.booked !== order.status ||
  leg.filledQty !== order.filledQty ||
  leg.avgPrice !== order.avgPrice ||
  (order.qty > 0 && leg.qty !== order.qty) ||
  leg.bookedTerms?.type !== order.type ||
  leg.bookedTerms.price !== order.price ||
  leg.bookedTerms.triggerPrice !== order.triggerPrice ||
  leg.reason !== order.message;
