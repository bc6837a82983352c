import { addDays, istDate } from "../../domain/market.ts";
import type { Leg, LegEvent } from "../../domain/order-intent.ts";
import type { Order } from "../../domain/order.ts";
import { BrokerError } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Link } from "../accounts.ts";
import type { Intent, Journal } from "./journal.ts";

/** From claim to answer no sender takes longer: order deadline, store writes and a margin. */
export const SENDER_LEASE_MS = 20_000;
const LOOK_DELAYS_MS = [700, 1_000, 1_500, 2_000, 3_000, 5_000, 5_000, 10_000, 15_000, 30_000];
const BATCH = 50;

export interface Watcher {
  /** Looks at every order that is due. Several processes may run it: each look is claimed. Answers how many it took. */
  sweep(): Promise<number>;
  /** Looks at one order now, whether due or not. */
  look(intent: Intent): Promise<Intent>;
}

export interface WatcherDeps {
  readonly accounts: Accounts;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every change that a look brought: edits the card. Its failure is its own. */
  readonly onChange: (intent: Intent) => Promise<void>;
}

/** Follows confirmed orders to their end: reads the broker's book, reconciles what is unknown, never sends anything. */
export function createWatcher(deps: WatcherDeps): Watcher {
  const { accounts, journal, clock, log } = deps;

  async function sweep(): Promise<number> {
    const now = clock.now();
    const due = (await journal.watched(BATCH)).filter((intent) => intent.nextLookAt <= now);
    const claimed = (await Promise.all(due.map(claimLook))).filter((intent) => intent !== null);
    await Promise.all(claimed.map(look));
    return claimed.length;
  }

  /** Moves the next look away, so that no other process takes this one. */
  const claimLook = (intent: Intent): Promise<Intent | null> =>
    journal.change(intent._id, (current) => {
      if (current.nextLookAt > clock.now() || !current.isWatched) return null;
      const delay = LOOK_DELAYS_MS[Math.min(current.looks, LOOK_DELAYS_MS.length - 1)] ?? 30_000;
      return { nextLookAt: clock.now() + delay, looks: current.looks + 1 };
    });

  async function look(intent: Intent): Promise<Intent> {
    const before = JSON.stringify(intent.legs);
    await Promise.all(intent.legs.map((leg, at) => lookAtLeg(intent, leg, at)));
    const after = (await journal.get(intent._id)) ?? intent;
    if (JSON.stringify(after.legs) !== before) await deps.onChange(after);
    return after;
  }

  async function lookAtLeg(intent: Intent, leg: Leg, at: number): Promise<void> {
    const event = orphanEvent(intent, leg, clock.now()) ?? (await bookEvent(intent, leg));
    if (event === null) return;
    const detail =
      event.kind === "seen" ? `${event.order.status} ${event.order.filledQty}/${event.order.qty}` : undefined;
    const changed = await journal.transition(intent._id, at, event, { who: "sauda", what: event.kind, detail });
    if (changed)
      log.info({ intent: intent._id, leg: at, event: event.kind, state: changed.legs[at]?.state }, "order moved");
  }

  /** What the broker's book says of a leg that is out there; null when it could not be read or says nothing new. */
  async function bookEvent(intent: Intent, leg: Leg): Promise<LegEvent | null> {
    if (leg.state !== "working" && leg.state !== "unknown") return null;
    const link = await accounts.byId(leg.link);
    if (!link) return { kind: "day-over" };
    try {
      const found = await find(link, leg);
      if (found) return isNews(leg, found) ? { kind: "seen", order: found } : null;
      return isDayOver(intent, leg, clock.now()) ? { kind: "day-over" } : absence(leg, link);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      log.warn({ err: error, leg: leg.tag }, "order book not read");
      return isDayOver(intent, leg, clock.now()) ? { kind: "day-over" } : null;
    }
  }

  const find = (link: Link, leg: Leg): Promise<Order | null> =>
    accounts.call(link, async (connector, access) => {
      if (leg.orderId !== null) return connector.getOrder(access, leg.orderId, leg.handle);
      const tagged = await connector.findOrdersByTag(access, leg.tag);
      if (tagged.length > 1) log.error({ tag: leg.tag, count: tagged.length }, "several orders carry one tag");
      return tagged[0] ?? null;
    });

  /** Only a book that was read whole counts, and only after the broker's own time for late rows. */
  function absence(leg: Leg, link: Link): LegEvent | null {
    if (leg.state !== "unknown") return null;
    const believedAfter = accounts.broker(link).definition.notFoundBelievedAfterMs;
    return clock.now() - (leg.sentAt ?? 0) >= believedAfter ? { kind: "absent" } : null;
  }

  return { sweep, look };
}

/** A leg whose sender is gone: what was not claimed was not sent, what was claimed may have been. */
function orphanEvent(intent: Intent, leg: Leg, now: number): LegEvent | null {
  if (leg.state === "confirmed" && now - confirmedAt(intent) > SENDER_LEASE_MS) return { kind: "orphaned" };
  if (leg.state === "sending" && now - (leg.sentAt ?? 0) > SENDER_LEASE_MS) return { kind: "sender-lost" };
  return null;
}

const confirmedAt = (intent: Intent): number =>
  intent.history.find((entry) => entry.what === "confirmed")?.at ?? intent.createdAt;

/** Books hold today only: a leg is given up once its day is over, an after-market order once its session must be. */
function isDayOver(intent: Intent, leg: Leg, now: number): boolean {
  if (leg.sentAt === null) return false;
  return istDate(now) > addDays(istDate(leg.sentAt), intent.plan.isAmo ? AMO_DAYS : 0);
}

/** An order left on a Friday evening is dealt with on the next trading day, which a long weekend pushes away. */
const AMO_DAYS = 5;

const isNews = (leg: Leg, order: Order): boolean =>
  leg.state === "unknown" ||
  leg.filledQty !== order.filledQty ||
  leg.avgPrice !== order.avgPrice ||
  leg.qty !== order.qty ||
  leg.reason !== order.message ||
  ["filled", "cancelled", "rejected", "expired"].includes(order.status);
