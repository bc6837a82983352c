import type { BrokerOrderId, InstrumentKey, LinkId, OrderTag, TradingSymbol, UserId } from "./ids.ts";
import type { NotSentCause, Order, OrderOutcome, OrderStatus, OrderTerms, Product, Side, Validity } from "./order.ts";
import type { Paise, Price } from "./money.ts";
import { assertNever, isFinal } from "./order.ts";

/**
 * The states of one leg: one order at one account. It is sent at most once, because only `confirm` leads to `sending`, and
 * only the process that stored that transition sends.
 *
 *   ticket ── confirm ──▶ sending ── accepted ──▶ working ──▶ filled
 *     │                     │  │                  ▲   ├────▶ cancelled
 *     └─ lapse, cancel      │  ├─ refused ─▶ rejected ◀──┤
 *        ─▶ dropped         │  ├─ not sent ─▶ not-sent   └────▶ expired
 *                           │  └─ no answer ─┐    │
 *              sender lost ─┴────────────────┴─▶ unknown ── seen, late answer ─▶ working …
 *                                                 └─ absent ─▶ not-found ── seen ─▶ working …
 *   working, unknown ── the day ended before a final state was seen ─▶ unresolved
 */
export const LEG_STATES = [
  "ticket",
  "dropped",
  "sending",
  "unknown",
  "working",
  "filled",
  "cancelled",
  "rejected",
  "expired",
  "not-sent",
  "not-found",
  "unresolved",
] as const;
export type LegState = (typeof LEG_STATES)[number];

export type LegEvent =
  | { readonly kind: "confirm" }
  | { readonly kind: "drop" }
  | { readonly kind: "outcome"; readonly outcome: OrderOutcome }
  /** The process that was sending the order is gone: it may or may not have been sent. */
  | { readonly kind: "sender-lost" }
  /** The process that was sending a change or cancel is gone. */
  | { readonly kind: "asker-lost" }
  /** The order is in the broker's order book. */
  | { readonly kind: "seen"; readonly order: BookedOrder }
  /** The complete order book was read, later than rows may lag at this broker, and the order was not in it. */
  | { readonly kind: "absent" }
  /** Order books hold only today's orders, and the day is over: only the user can look up what happened. */
  | { readonly kind: "day-over" };

/** The terms of an order as shown in the broker's order book. */
export type BookedTerms = Pick<Order, "type" | "price" | "triggerPrice">;
export type BookedOrder = BookedTerms &
  Pick<Order, "orderId" | "status" | "filledQty" | "avgPrice" | "message" | "handle" | "qty">;

export interface Leg {
  readonly link: LinkId;
  readonly qty: number;
  readonly tag: OrderTag;
  readonly state: LegState;
  readonly orderId: BrokerOrderId | null;
  readonly handle: Readonly<Record<string, string>>;
  readonly filledQty: number;
  readonly avgPrice: Price;
  /** The status last seen in the broker's order book; null until it has been seen there. */
  readonly booked: OrderStatus | null;
  /** May differ from the plan: changed since, or a market order that the broker turned into a limit order. */
  readonly bookedTerms?: BookedTerms;
  /** The broker's words on a refusal, or why it was not sent. */
  readonly reason: string | null;
  readonly notSentCause: NotSentCause | null;
  /** The latest cancel or modification requested from the broker for this order. */
  readonly change: LegChange | null;
  /** A change before the latest one was a modification that was, or may have been, carried out. */
  readonly wasModified?: boolean;
  /** Epoch ms of the confirmation: the send deadline, the sender's lease and the order's day count from it. */
  readonly sentAt: number | null;
  /**
   * Epoch ms from which nothing more can reach the broker, set when sending ended without a known outcome. Moved forward by
   * times in which nobody read the order book, so that they do not count towards `absent`.
   */
  readonly unknownSince: number | null;
}

/** A cancel or modification. Requested once, like the order itself; its effect is read from the order book. */
export interface LegChange {
  readonly kind: "cancel" | "modify";
  readonly at: number;
  readonly outcome: "sending" | "accepted" | "refused" | "not-sent" | "unknown";
  readonly reason: string | null;
}

/** What is ordered: the same for every leg, except for the quantity. */
export interface OrderPlan {
  readonly key: InstrumentKey;
  readonly symbol: TradingSymbol;
  readonly side: Side;
  readonly productType: Product;
  readonly validity: Validity;
  readonly isAmo: boolean;
  readonly terms: OrderTerms;
  /** Last price when the card was shown; price drift is measured against it. */
  readonly shownPrice: Price | null;
  /** Whether that price was live, not Yahoo's late one. Absent in older plans. */
  readonly isShownLive?: boolean;
  readonly value: Paise | null;
}

/** Who did what, and when. Append-only. */
export interface HistoryEntry {
  readonly at: number;
  readonly who: UserId | "sauda";
  readonly leg: number | null;
  readonly what: string;
  readonly detail?: string;
  /** Telegram's id of the message that was tapped. */
  readonly message?: number;
}

/** The leg after an event; null when the event does not apply in its state, and nothing may be stored. */
export function nextLeg(leg: Leg, event: LegEvent, now: number): Leg | null {
  switch (event.kind) {
    case "confirm":
      return leg.state === "ticket" ? { ...leg, state: "sending", sentAt: now } : null;
    case "drop":
      return leg.state === "ticket" ? { ...leg, state: "dropped" } : null;
    case "outcome":
      return canTake(leg, event.outcome) ? afterOutcome(leg, event.outcome, now) : null;
    case "sender-lost":
      return leg.state === "sending" ? { ...leg, state: "unknown", unknownSince: now } : null;
    case "asker-lost":
      return leg.change && isChangeLost(leg, now) ? { ...leg, change: { ...leg.change, outcome: "unknown" } } : null;
    case "seen":
      return canBeSeen(leg, event.order) ? afterSeen(leg, event.order) : null;
    case "absent":
      return leg.state === "unknown" ? { ...leg, state: "not-found" } : null;
    case "day-over":
      return leg.state === "unknown" || leg.state === "working" ? { ...leg, state: "unresolved" } : null;
    default:
      return assertNever(event, "event");
  }
}

/**
 * The reply may arrive after its sender was declared lost. It still beats `unknown`, and an acceptance also beats
 * `not-found`, because the broker has the order after all.
 */
function canTake(leg: Leg, outcome: OrderOutcome): boolean {
  if (leg.state === "sending") return true;
  if (leg.state === "unknown") return outcome.kind !== "unknown";
  return leg.state === "not-found" && outcome.kind === "accepted";
}

function afterOutcome(leg: Leg, outcome: OrderOutcome, now: number): Leg {
  switch (outcome.kind) {
    case "accepted":
      return { ...leg, state: "working", orderId: outcome.orderId, handle: outcome.handle, reason: null };
    case "rejected":
      return { ...leg, state: "rejected", reason: outcome.reason, orderId: outcome.orderId ?? null };
    case "not-sent":
      return { ...leg, state: "not-sent", reason: outcome.reason, notSentCause: outcome.cause };
    case "unknown":
      return { ...leg, state: "unknown", reason: outcome.reason, unknownSince: now };
    default:
      return assertNever(outcome, "outcome");
  }
}

/** Not in `sending`: the reply to our own request is still on its way. Statuses may be seen in any sequence. */
function canBeSeen(leg: Leg, order: BookedOrder): boolean {
  if (leg.orderId !== null && leg.orderId !== order.orderId) return false;
  if (lacksPrice(leg)) return order.status === leg.booked && order.avgPrice > 0;
  return leg.state === "working" || leg.state === "unknown" || leg.state === "not-found";
}

function afterSeen(leg: Leg, order: BookedOrder): Leg {
  // A stale read of the order book must not undo fills that were already seen.
  if (order.filledQty < leg.filledQty) return leg;
  const seen = {
    ...leg,
    orderId: order.orderId,
    handle: order.handle,
    // The quantity may have been modified; a row without a quantity keeps the known one.
    qty: order.qty > 0 ? order.qty : leg.qty,
    filledQty: order.filledQty,
    avgPrice: order.avgPrice,
    booked: order.status,
    bookedTerms: { type: order.type, price: order.price, triggerPrice: order.triggerPrice },
    reason: order.message,
  };
  switch (order.status) {
    case "pending":
    case "open":
    case "trigger-pending":
      return { ...seen, state: "working" };
    case "filled":
    case "cancelled":
    case "rejected":
    case "expired":
      return { ...seen, state: order.status };
    default:
      return assertNever(order.status, "order status");
  }
}

const CLOSED: ReadonlySet<LegState> = new Set([
  "dropped",
  "filled",
  "cancelled",
  "rejected",
  "expired",
  "not-sent",
  "not-found",
  "unresolved",
]);
/** Failed without a fill: not sent, not found, or rejected. */
export const cameToNothing = ({ state, filledQty }: Leg): boolean =>
  state === "not-sent" || state === "not-found" || (state === "rejected" && filledQty === 0);
/** In an end state: no lapse, reconciliation or tracking is left to do. */
export const isClosed = (leg: Leg): boolean => CLOSED.has(leg.state);
/** Confirmed and not ended: may fill at any moment, or may have filled without our knowing. */
export const isUnderWay = (leg: Leg): boolean => leg.state !== "ticket" && !isClosed(leg);

/** Ended with fills whose price the order book has not told yet: it may be seen once more. */
export const lacksPrice = ({ booked, filledQty, avgPrice }: Leg): boolean =>
  booked !== null && isFinal(booked) && filledQty > 0 && avgPrice === 0;

/**
 * A change without a recorded outcome is given up after this long and may be requested again; the order book shows its
 * effect.
 */
const CHANGE_UNDER_WAY_MS = 30_000;

/** To be stored before the request is sent. Null while another change is under way, or when the order is not open. */
export function beginChange(leg: Leg, kind: LegChange["kind"], now: number): Leg | null {
  if (leg.state !== "working" || isChangeUnderWay(leg, now)) return null;
  return { ...leg, wasModified: isModified(leg), change: { kind, at: now, outcome: "sending", reason: null } };
}

/** Also by a modification without a clear answer: it may have been carried out. */
const isModified = ({ change, wasModified }: Leg): boolean =>
  wasModified === true || (change?.kind === "modify" && change.outcome !== "refused" && change.outcome !== "not-sent");

const isChangeUnderWay = (leg: Leg, now: number): boolean =>
  leg.change?.outcome === "sending" && Math.abs(now - leg.change.at) < CHANGE_UNDER_WAY_MS;

/** Whether the requesting process is gone, so that the card must stop saying that the change is being sent. */
export const isChangeLost = (leg: Leg, now: number): boolean =>
  leg.state === "working" && leg.change?.outcome === "sending" && !isChangeUnderWay(leg, now);

const CHANGE_OUTCOMES = {
  accepted: "accepted",
  rejected: "refused",
  "not-sent": "not-sent",
  unknown: "unknown",
} as const satisfies Record<OrderOutcome["kind"], LegChange["outcome"]>;

/** Records the outcome of the change that began at `at`; null when a newer change has replaced it. */
export function endChange(leg: Leg, at: number, outcome: OrderOutcome): Leg | null {
  if (leg.change?.at !== at || leg.change.outcome !== "sending") return null;
  const change = { ...leg.change, outcome: CHANGE_OUTCOMES[outcome.kind] };
  if (outcome.kind !== "accepted") return { ...leg, change: { ...change, reason: outcome.reason } };
  // A modification may give the order another id to be read by (Angel One's unique id).
  return { ...leg, handle: { ...leg.handle, ...outcome.handle }, change: { ...change, reason: null } };
}

/** The order's current terms: as last modified, if the same at every account; otherwise as planned. */
export function currentTerms(asked: OrderTerms, legs: readonly Leg[]): OrderTerms {
  const [first, ...others] = legs.map((leg) => legTerms(asked, leg));
  const isSame = others.every((terms) => JSON.stringify(terms) === JSON.stringify(first));
  return first && isSame ? first : asked;
}

/**
 * A limit order in the book counts as one only after our own change, because brokers may book market orders as limit
 * orders.
 */
function legTerms(asked: OrderTerms, leg: Leg): OrderTerms {
  if (!leg.bookedTerms) return asked;
  const { type, price, triggerPrice } = leg.bookedTerms;
  const isAsBooked = asked.type === type || isModified(leg);
  if (type === "LIMIT" && isAsBooked && price > 0) return { type, price };
  if (type === "SL" && isAsBooked && price > 0 && triggerPrice > 0) return { type, price, triggerPrice };
  return asked.type === "SL-M" && triggerPrice > 0 ? { ...asked, triggerPrice } : asked;
}
