import type { BrokerOrderId, InstrumentKey, LinkId, OrderTag, TradingSymbol, UserId } from "./ids.ts";
import type { NotSentCause, Order, OrderOutcome, OrderStatus, OrderTerms, Product, Side, Validity } from "./order.ts";
import type { Paise, Price } from "./money.ts";
import { assertNever } from "./order.ts";

/**
 * One leg's life. A leg is one order at one account; it is sent at most once: `sending` is entered by one edge only,
 * and whoever wrote that edge is the only one who sends.
 *
 *   ticket ── confirm ──▶ sending ── accepted ──▶ working ──▶ filled
 *     │                     │  │                  ▲   ├────▶ cancelled
 *     └─ lapse, cancel      │  ├─ refused ─▶ rejected ◀──┤
 *        ─▶ dropped         │  ├─ not sent ─▶ not-sent   └────▶ expired
 *                           │  └─ no answer ─┐    │
 *              sender lost ─┴────────────────┴─▶ unknown ── seen, late answer ─▶ working …
 *                                                 └─ absent ─▶ not-found ── seen ─▶ working …
 *   working, unknown ── the trading day's book is gone, unseen to its end ─▶ unresolved
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
  /** Confirmed, but whoever was sending it is gone: it may have been sent. */
  | { readonly kind: "sender-lost" }
  /** The same of whoever asked for its change. */
  | { readonly kind: "asker-lost" }
  /** The broker's book shows it. */
  | { readonly kind: "seen"; readonly order: BookedOrder }
  /** The book has been conclusive for long enough that it is not there. */
  | { readonly kind: "absent" }
  /** Books hold today only, and the day is over: what became of it can only be seen at the broker. */
  | { readonly kind: "day-over" };

/** The terms of an order as the broker's book has them. */
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
  /** As the broker's book had it last; null while it has not been seen there. */
  readonly booked: OrderStatus | null;
  /** Not always as asked: changed since, or a market order that the broker made a limit order of. */
  readonly bookedTerms?: BookedTerms;
  /** The broker's words on a refusal, or why it was not sent. */
  readonly reason: string | null;
  readonly notSentCause: NotSentCause | null;
  /** The latest cancel or change that was asked of the broker for this order. */
  readonly change: LegChange | null;
  /** Epoch ms of the confirmation: the start of the time within which an unknown leg may still appear in the book. */
  readonly sentAt: number | null;
  /**
   * Epoch ms since which nothing more can reach the broker, while it is not known what did. Later by the time in which
   * nobody looked at the book.
   */
  readonly unknownSince: number | null;
}

/** Asked once, like the order itself; what became of it is read from the broker's book. */
export interface LegChange {
  readonly kind: "cancel" | "modify";
  readonly at: number;
  readonly outcome: "sending" | "accepted" | "refused" | "unknown";
  readonly reason: string | null;
}

/** What is asked, the same for every leg but for the quantity. */
export interface OrderPlan {
  readonly key: InstrumentKey;
  readonly symbol: TradingSymbol;
  readonly side: Side;
  readonly productType: Product;
  readonly validity: Validity;
  readonly isAmo: boolean;
  readonly terms: OrderTerms;
  /** Last price when the card was shown; what the drift is measured against. */
  readonly shownPrice: Price | null;
  readonly value: Paise | null;
}

/** Who did what when: never edited, only added to. */
export interface HistoryEntry {
  readonly at: number;
  readonly who: UserId | "sauda";
  readonly leg: number | null;
  readonly what: string;
  readonly detail?: string;
  /** Telegram's id of the message that was tapped. */
  readonly message?: number;
}

/** The state after an event, or null when the event means nothing in this state and must not be applied. */
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
 * The answer to the one request. It may come after its sender was given up for lost: then it still says more than an
 * unknown state does, and an accepted order is accepted also where the book was believed to lack it.
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

/** A broker's book may be read while our own answer is still on its way, and in any order of states. */
function canBeSeen(leg: Leg, order: BookedOrder): boolean {
  if (leg.orderId !== null && leg.orderId !== order.orderId) return false;
  return leg.state === "working" || leg.state === "unknown" || leg.state === "not-found";
}

function afterSeen(leg: Leg, order: BookedOrder): Leg {
  // A stale read of the book must not take back fills that were already seen.
  if (order.filledQty < leg.filledQty) return leg;
  const seen = {
    ...leg,
    orderId: order.orderId,
    handle: order.handle,
    // A change of quantity shows here; a book row without one keeps what was asked.
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
/** Over without anything bought or sold, and not because somebody took it back. */
export const cameToNothing = ({ state, filledQty }: Leg): boolean =>
  state === "not-sent" || state === "not-found" || (state === "rejected" && filledQty === 0);
/** Nothing more is expected of it: nobody has to let it lapse, reconcile it or track it. */
export const isClosed = (leg: Leg): boolean => CLOSED.has(leg.state);

/** A change whose outcome was never noted is given up after this, and may be asked again: its effect is in the book. */
const CHANGE_UNDER_WAY_MS = 30_000;

/** Durable before it is asked, and one at a time: null while another is under way or nothing is open. */
export function beginChange(leg: Leg, kind: LegChange["kind"], now: number): Leg | null {
  if (leg.state !== "working" || isChangeUnderWay(leg, now)) return null;
  return { ...leg, change: { kind, at: now, outcome: "sending", reason: null } };
}

const isChangeUnderWay = (leg: Leg, now: number): boolean =>
  leg.change?.outcome === "sending" && Math.abs(now - leg.change.at) < CHANGE_UNDER_WAY_MS;

/** Whoever asked for it is gone: its card must not say for the rest of the day that it is being asked for. */
export const isChangeLost = (leg: Leg, now: number): boolean =>
  leg.state === "working" && leg.change?.outcome === "sending" && !isChangeUnderWay(leg, now);

const CHANGE_OUTCOMES = {
  accepted: "accepted",
  rejected: "refused",
  "not-sent": "refused",
  unknown: "unknown",
} as const satisfies Record<OrderOutcome["kind"], LegChange["outcome"]>;

/** The answer to the change that began at `at`; null when a newer one has taken its place. */
export function endChange(leg: Leg, at: number, outcome: OrderOutcome): Leg | null {
  if (leg.change?.at !== at || leg.change.outcome !== "sending") return null;
  const reason = outcome.kind === "accepted" ? null : outcome.reason;
  return { ...leg, change: { ...leg.change, outcome: CHANGE_OUTCOMES[outcome.kind], reason } };
}

/** The terms that an order has by now: as it was changed last, if it is the same at every account, else as they were asked. */
export function termsByNow(asked: OrderTerms, legs: readonly Leg[]): OrderTerms {
  const [first, ...others] = legs.map((leg) => legTerms(asked, leg));
  const isSame = others.every((terms) => JSON.stringify(terms) === JSON.stringify(first));
  return first && isSame ? first : asked;
}

/** A limit order in the book may be what the broker made of a market order: only a change of ours makes it one. */
function legTerms(asked: OrderTerms, { bookedTerms, change }: Leg): OrderTerms {
  if (!bookedTerms) return asked;
  const { type, price, triggerPrice } = bookedTerms;
  const isAsBooked = asked.type === type || (change?.kind === "modify" && change.outcome === "accepted");
  if (type === "LIMIT" && isAsBooked && price > 0) return { type, price };
  if (type === "SL" && isAsBooked && price > 0 && triggerPrice > 0) return { type, price, triggerPrice };
  return asked.type === "SL-M" && triggerPrice > 0 ? { ...asked, triggerPrice } : asked;
}
