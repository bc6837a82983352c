import type { Access, BrokerConnector } from "../../../connectors/base.ts";
import type { BrokerOrderId, IntentId, UserId } from "../../domain/ids.ts";
import type { HistoryEntry, Leg, LegChange, LegEvent } from "../../domain/order-intent.ts";
import { nextLeg } from "../../domain/order-intent.ts";
import { isFinal, type Order, type OrderChange, type OrderOutcome } from "../../domain/order.ts";
import { BrokerError } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Link } from "../accounts.ts";
import type { Quotes } from "../quotes.ts";
import type { Card, Intent, IntentChange, Journal, Note } from "./journal.ts";
import { withNote } from "./journal.ts";
import { requestOf } from "./tickets.ts";

/** A card older than this is priced again before its confirmation counts. */
const PRICE_TRUSTED_MS = 15_000;
/** From claim to first byte; a process that slept longer than this must not send any more. */
const SEND_WITHIN_MS = 5_000;
const FIRST_LOOK_MS = 700;
const RECENT_INTENTS = 200;
/** A change whose outcome was never noted is given up after this, and may be asked again: both only narrow the order. */
const CHANGE_UNDER_WAY_MS = 30_000;

export type ConfirmResult =
  /** Claimed by this tap: the legs are being sent. `sent` resolves when every broker has answered or failed to. */
  | { readonly kind: "confirmed"; readonly intent: Intent; readonly sent: Promise<Intent> }
  | { readonly kind: "moved"; readonly intent: Intent; readonly basisPoints: number }
  /** Another tap was first, or the card was refreshed since. */
  | { readonly kind: "used" }
  | { readonly kind: "lapsed"; readonly intent: Intent };

export type ChangeResult =
  | { readonly kind: "asked"; readonly outcome: OrderOutcome; readonly intent: Intent }
  | { readonly kind: "nothing-to-do"; readonly intent: Intent }
  | { readonly kind: "busy" };

export interface Desk {
  /** Claims the ticket behind a Confirm button, once, for its owner, and sends each leg once. */
  confirm(user: UserId, confirmId: string): Promise<ConfirmResult>;
  /** Takes a ticket back before it is confirmed. Null when it is too late or not theirs. */
  drop(user: UserId, id: IntentId, what: "cancelled" | "lapsed" | "edited"): Promise<Intent | null>;
  /** Asks the broker to cancel a leg, once; what became of it is read from the book. */
  cancel(user: UserId, id: IntentId, leg: number): Promise<ChangeResult>;
  modify(user: UserId, id: IntentId, leg: number, change: OrderChange): Promise<ChangeResult>;
  /** The same for an order of the broker's book, whoever placed it; `null` when it is not there. */
  changeBooked(user: UserId, link: Link, orderId: BrokerOrderId, change: OrderChange | "cancel"): Promise<BookedChange>;
  attachCard(id: IntentId, card: Card): Promise<void>;
}

export type BookedChange =
  | { readonly kind: "ours"; readonly result: ChangeResult }
  | { readonly kind: "theirs"; readonly outcome: OrderOutcome; readonly order: Order }
  | { readonly kind: "gone" };

export interface DeskDeps {
  readonly accounts: Accounts;
  readonly journal: Journal;
  readonly quotes: Quotes;
  readonly clock: Clock;
  readonly log: Log;
  /** How far the price may move between card and confirmation, in 1/100 percent. */
  readonly driftBasisPoints: number;
  readonly newConfirmId: () => string;
  /** Whether this user may trade right now (role, lock): asked last, after the claim is known to be theirs. */
  readonly mayTrade: (user: UserId) => Promise<boolean>;
}

export function createDesk(deps: DeskDeps): Desk {
  const { accounts, journal, clock, log } = deps;

  async function confirm(user: UserId, confirmId: string): Promise<ConfirmResult> {
    const intent = await journal.byConfirmId(confirmId);
    if (!intent || intent.userId !== user || intent.legs.some((leg) => leg.state !== "ticket")) return { kind: "used" };
    if (clock.now() >= intent.lapsesAt) return { kind: "lapsed", intent };
    const moved = await repricedIfMoved(intent);
    if (moved) return moved;
    if (!(await deps.mayTrade(user))) return { kind: "used" };
    const claimed = await journal.change(intent._id, (current) => confirmed(current, confirmId, user, clock.now()));
    if (!claimed) return { kind: "used" };
    log.info({ intent: intent._id, legs: intent.legs.length }, "order confirmed");
    return { kind: "confirmed", intent: claimed, sent: sendAll(claimed) };
  }

  async function repricedIfMoved(intent: Intent): Promise<ConfirmResult | null> {
    const { plan } = intent;
    const first = intent.legs[0];
    const isPriced = plan.terms.type === "MARKET" && plan.shownPrice !== null && plan.shownPrice > 0;
    if (!isPriced || !first || clock.now() - intent.pricedAt < PRICE_TRUSTED_MS) return null;
    const link = await accounts.get(intent.userId, first.link);
    const quote = link && (await deps.quotes.forLink(link, intent.instrument));
    if (!quote || plan.shownPrice === null) return null;
    const basisPoints = Math.round(((quote.ltp - plan.shownPrice) / plan.shownPrice) * 10_000);
    if (Math.abs(basisPoints) <= deps.driftBasisPoints) return null;
    return { kind: "moved", intent, basisPoints };
  }

  async function sendAll(intent: Intent): Promise<Intent> {
    await Promise.all(intent.legs.map((_, at) => send(intent, at)));
    return (await journal.get(intent._id)) ?? intent;
  }

  /** The only place that places an order. Durable as `sending` before the first byte, and never asked twice. */
  async function send(intent: Intent, at: number): Promise<void> {
    const claimed = await journal.transition(intent._id, at, { kind: "claim" }, { who: "sauda", what: "sending" });
    const leg = claimed?.legs[at];
    if (!leg) return;
    const link = await accounts.get(intent.userId, leg.link);
    const isLate = clock.now() - (leg.sentAt ?? 0) > SEND_WITHIN_MS;
    const outcome: OrderOutcome = !link
      ? { kind: "not-sent", reason: "the account is no longer linked", cause: "invalid-request" }
      : isLate
        ? { kind: "not-sent", reason: "the bot was held up before sending", cause: "invalid-request" }
        : await place(link, intent, leg);
    log.info({ intent: intent._id, leg: at, broker: link?.broker_name, outcome: outcome.kind }, "order answered");
    await note(intent._id, at, { kind: "outcome", outcome }, describeOutcome(outcome));
    if (link && outcome.kind === "not-sent" && outcome.cause === "session-expired") await accounts.endSession(link);
  }

  const place = (link: Link, intent: Intent, leg: Leg): Promise<OrderOutcome> =>
    asked(link, (connector, access) => connector.placeOrder(access, requestOf(intent.plan, leg.qty, leg.tag)));

  /** An order call's outcome whatever happens: a throw after the call began may have reached the broker. */
  async function asked(
    link: Link,
    call: (connector: BrokerConnector, access: Access) => Promise<OrderOutcome>,
  ): Promise<OrderOutcome> {
    let hasBegun = false;
    try {
      return await accounts.call(link, (connector, access) => {
        hasBegun = true;
        return call(connector, access);
      });
    } catch (error) {
      if (!hasBegun && error instanceof BrokerError && error.kind === "auth-expired") {
        return { kind: "not-sent", reason: "the broker session is over", cause: "session-expired" };
      }
      log.error({ err: error, broker: link.broker_name }, "order call threw");
      return hasBegun
        ? { kind: "unknown", reason: "the broker's answer could not be understood" }
        : { kind: "not-sent", reason: "the order could not be prepared", cause: "invalid-request" };
    }
  }

  async function note(id: IntentId, at: number, event: LegEvent, text: Omit<Note, "who">): Promise<void> {
    await journal.transition(id, at, event, { who: "sauda", ...text });
    await journal.change(id, () => ({ nextLookAt: clock.now() + FIRST_LOOK_MS, looks: 0 }));
  }

  async function change(
    user: UserId,
    id: IntentId,
    at: number,
    kind: LegChange["kind"],
    ask: (connector: BrokerConnector, access: Access, order: Order) => Promise<OrderOutcome>,
  ): Promise<ChangeResult> {
    const intent = await journal.get(id);
    const leg = intent?.legs[at];
    if (!intent || !leg || intent.userId !== user) return { kind: "busy" };
    const link = await accounts.get(user, leg.link);
    const { orderId } = leg;
    if (!link || orderId === null || leg.state !== "working") return { kind: "nothing-to-do", intent };
    const order = await accounts.call(link, (connector, access) => connector.getOrder(access, orderId, leg.handle));
    if (!order) return { kind: "nothing-to-do", intent };
    const begun = await journal.change(id, (current) => withChange(current, at, kind, user, clock.now()));
    if (!begun) return { kind: "busy" };
    const outcome = await asked(link, (connector, access) => ask(connector, access, order));
    const ended = await journal.change(id, (current) => withChangeOutcome(current, at, outcome, clock.now()));
    return { kind: "asked", outcome, intent: ended ?? begun };
  }

  async function changeBooked(
    user: UserId,
    link: Link,
    orderId: BrokerOrderId,
    wanted: OrderChange | "cancel",
  ): Promise<BookedChange> {
    const ask = (connector: BrokerConnector, access: Access, order: Order): Promise<OrderOutcome> =>
      wanted === "cancel" ? connector.cancelOrder(access, order) : connector.modifyOrder(access, order, wanted);
    const own = await ownLeg(user, orderId);
    if (own)
      return {
        kind: "ours",
        result: await change(user, own.id, own.leg, wanted === "cancel" ? "cancel" : "modify", ask),
      };
    const order = await accounts.call(link, async (connector, access) =>
      (await connector.getOrders(access)).find((each) => each.orderId === orderId),
    );
    if (!order || isFinal(order.status)) return { kind: "gone" };
    const outcome = await asked(link, (connector, access) => ask(connector, access, order));
    log.info({ broker: link.broker_name, outcome: outcome.kind }, "foreign order changed");
    return { kind: "theirs", outcome, order };
  }

  async function ownLeg(user: UserId, orderId: BrokerOrderId): Promise<{ id: IntentId; leg: number } | null> {
    for (const intent of await journal.ofUser(user, { limit: RECENT_INTENTS, order: "desc" })) {
      const leg = intent.legs.findIndex((each) => each.orderId === orderId);
      if (leg !== -1) return { id: intent._id, leg };
    }
    return null;
  }

  return {
    confirm,
    changeBooked,
    async drop(user, id, what) {
      return journal.change(id, (intent) => (intent.userId === user ? dropped(intent, what, clock.now()) : null));
    },
    cancel: (user, id, leg) =>
      change(user, id, leg, "cancel", (connector, access, order) => connector.cancelOrder(access, order)),
    modify: (user, id, leg, wanted) =>
      change(user, id, leg, "modify", (connector, access, order) => connector.modifyOrder(access, order, wanted)),
    async attachCard(id, card) {
      await journal.change(id, () => ({ card }));
    },
  };
}

/** The claim: only the newest Confirm button of a whole, unlapsed ticket, and only while every leg is still a ticket. */
function confirmed(intent: Intent, confirmId: string, user: UserId, now: number): IntentChange | null {
  if (intent.confirmId !== confirmId || intent.userId !== user || now >= intent.lapsesAt) return null;
  const legs = stepAll(intent.legs, "confirm", now);
  return (
    legs && {
      legs,
      isWatched: true,
      nextLookAt: now + SEND_WITHIN_MS,
      history: withNote(intent.history, { who: user, what: "confirmed" }, null, now),
      expiresAt: undefined,
    }
  );
}

function dropped(intent: Intent, what: string, now: number): IntentChange | null {
  const legs = stepAll(intent.legs, "drop", now);
  return legs && { legs, history: withNote(intent.history, { who: intent.userId, what }, null, now) };
}

function stepAll(legs: readonly Leg[], kind: "confirm" | "drop", now: number): Leg[] | null {
  const stepped = legs.map((leg) => nextLeg(leg, { kind }, now));
  return stepped.every((leg) => leg !== null) ? stepped : null;
}

/** Durable before it is asked, and one at a time: a second tap while the first is under way changes nothing. */
function withChange(
  intent: Intent,
  at: number,
  kind: LegChange["kind"],
  who: HistoryEntry["who"],
  now: number,
): IntentChange | null {
  const leg = intent.legs[at];
  if (!leg || leg.state !== "working") return null;
  const isUnderWay = leg.change?.outcome === "sending" && now - leg.change.at < CHANGE_UNDER_WAY_MS;
  if (isUnderWay) return null;
  const change: LegChange = { kind, at: now, outcome: "sending", reason: null };
  return {
    legs: intent.legs.with(at, { ...leg, change }),
    history: withNote(intent.history, { who, what: `${kind} asked` }, at, now),
  };
}

function withChangeOutcome(intent: Intent, at: number, outcome: OrderOutcome, now: number): IntentChange | null {
  const leg = intent.legs[at];
  if (!leg?.change) return null;
  const change: LegChange = { ...leg.change, outcome: CHANGE_OUTCOMES[outcome.kind], reason: reasonOf(outcome) };
  const { what, detail } = describeOutcome(outcome);
  return {
    legs: intent.legs.with(at, { ...leg, change }),
    history: withNote(intent.history, { who: "sauda", what: `${leg.change.kind} ${what}`, detail }, at, now),
    nextLookAt: now + FIRST_LOOK_MS,
    looks: 0,
  };
}

const CHANGE_OUTCOMES = {
  accepted: "accepted",
  rejected: "refused",
  "not-sent": "refused",
  unknown: "unknown",
} as const;

const reasonOf = (outcome: OrderOutcome): string | null => ("reason" in outcome ? outcome.reason : null);

function describeOutcome(outcome: OrderOutcome): Omit<Note, "who"> {
  const detail = outcome.kind === "accepted" ? outcome.orderId : outcome.reason;
  return { what: outcome.kind, detail };
}
