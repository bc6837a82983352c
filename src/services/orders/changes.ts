import type { BrokerOrderId, IntentId, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { beginChange, endChange } from "../../domain/order-intent.ts";
import { isFinal, type Order, type OrderChange, type OrderOutcome } from "../../domain/order.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";
import type { Quotes } from "../quotes/quotes.ts";
import { describeOutcome, type OrderCall } from "./order-call.ts";
import { checkChange, type Finding } from "./findings.ts";
import { type Intent, type IntentChange, type Journal, withNote } from "./journal.ts";
import type { OrderTiming } from "./timing.ts";
import { FIRST_LOOK_MS } from "./watcher.ts";

export type Wanted = OrderChange | "cancel";

export type ChangeResult =
  | { readonly kind: "asked"; readonly outcome: OrderOutcome; readonly intent: Intent }
  | { readonly kind: "nothing-to-do"; readonly intent: Intent }
  /** The accepted order is missing from the broker's book, so whether there is anything to change is unknown. */
  | { readonly kind: "unseen"; readonly intent: Intent }
  /** Not asked: the change would be refused, or exceeds one of the user's limits. */
  | { readonly kind: "blocked"; readonly findings: readonly Finding[] }
  | { readonly kind: "busy" };

export type BookedChange =
  | { readonly kind: "ours"; readonly result: ChangeResult }
  | { readonly kind: "theirs"; readonly outcome: OrderOutcome; readonly order: Order }
  | { readonly kind: "blocked"; readonly findings: readonly Finding[] }
  | { readonly kind: "gone" };

/** Cancels and modifies orders: one request at a time, sent once. The result is read from the broker's book. */
export interface Changes {
  ask(user: UserId, id: IntentId, leg: number, wanted: Wanted, message?: number): Promise<ChangeResult>;
  /** The same for any order in the broker's book, whoever placed it. `instrument` is used to check a modification. */
  askBooked(
    user: UserId,
    link: Link,
    orderId: BrokerOrderId,
    wanted: Wanted,
    instrument?: Instrument,
  ): Promise<BookedChange>;
}

export interface ChangesDeps {
  readonly accounts: Accounts;
  readonly journal: Journal;
  readonly quotes: Quotes;
  readonly clock: Clock;
  readonly log: Log;
  readonly orderCall: OrderCall;
  readonly timing: Pick<OrderTiming, "sendWithinMs">;
  /** Findings that forbid this user to modify orders at the link (role, lock, egress). Cancels are always allowed. */
  readonly mayChange: (user: UserId, link: Link) => Promise<Finding[]>;
  /** Findings from the user's own limits for the changed order. `instrument` is undefined if no list has it. */
  readonly checkLimits: (
    link: Link,
    instrument: Instrument | undefined,
    order: Order,
    change: OrderChange,
  ) => Promise<Finding[]>;
}

export function createChanges(deps: ChangesDeps): Changes {
  const { accounts, journal, clock, log } = deps;

  async function ask(user: UserId, id: IntentId, at: number, wanted: Wanted, message?: number): Promise<ChangeResult> {
    const intent = await journal.get(id);
    const leg = intent?.legs[at];
    if (!intent || !leg || intent.userId !== user) return { kind: "busy" };
    const link = await accounts.get(user, leg.link);
    const { orderId } = leg;
    if (!link || orderId === null || leg.state !== "working") return { kind: "nothing-to-do", intent };
    const order = await accounts.call(link, (connector, access) => connector.getOrder(access, orderId, leg.handle));
    if (!order) return { kind: "unseen", intent };
    if (isFinal(order.status)) return { kind: "nothing-to-do", intent };
    const findings = await blockingFindings(user, link, order, wanted, intent.instrument);
    if (findings.length > 0) return { kind: "blocked", findings };
    const startedAt = clock.now();
    const started = await journal.change(id, (current) =>
      withChangeBegun(current, at, wanted, { user, message, now: startedAt }),
    );
    if (!started) return { kind: "busy" };
    const outcome = await request(link, order, wanted, startedAt);
    const ended = await journal.change(id, (current) => withChangeEnded(current, at, startedAt, outcome, clock.now()));
    return { kind: "asked", outcome, intent: ended ?? started };
  }

  /** Sends no modification long after `startedAt`: it counts as given up by then, and a newer one may have been sent. */
  const request = (link: Link, order: Order, wanted: Wanted, startedAt: number): Promise<OrderOutcome> =>
    deps.orderCall(link, async (connector, access, signal) => {
      if (wanted === "cancel") return connector.cancelOrder(access, order, signal);
      if (Math.abs(clock.now() - startedAt) > deps.timing.sendWithinMs)
        return { kind: "not-sent", reason: "the bot was held up before sending", cause: "invalid-request" };
      return connector.modifyOrder(access, order, wanted, signal);
    });

  /** Findings that block the change. A cancel is never blocked. */
  async function blockingFindings(
    user: UserId,
    link: Link,
    order: Order,
    wanted: Wanted,
    instrument: Instrument | undefined,
  ): Promise<Finding[]> {
    if (wanted === "cancel") return [];
    const findings = [
      ...(instrument ? await changeFindings(link, order, wanted, instrument) : []),
      ...(await deps.checkLimits(link, instrument, order, wanted)),
    ];
    // Last, because the reads above may hang, and the user may lock trading meanwhile.
    const forbidden = await deps.mayChange(user, link);
    return forbidden.length > 0 ? forbidden : findings.filter((finding) => finding.level === "block");
  }

  async function changeFindings(
    link: Link,
    order: Order,
    change: OrderChange,
    instrument: Instrument,
  ): Promise<Finding[]> {
    const { capabilities } = accounts.broker(link).definition;
    const quote = await deps.quotes.forLink(link, instrument);
    return checkChange({ order, change, instrument, quote }, capabilities);
  }

  async function askBooked(
    user: UserId,
    link: Link,
    orderId: BrokerOrderId,
    wanted: Wanted,
    instrument?: Instrument,
  ): Promise<BookedChange> {
    const own = await ownLeg(user, link, orderId);
    if (own) return { kind: "ours", result: await ask(user, own.id, own.leg, wanted) };
    const order = await accounts.call(link, (connector, access) => connector.getOrder(access, orderId, {}));
    if (!order || isFinal(order.status)) return { kind: "gone" };
    const findings = await blockingFindings(user, link, order, wanted, instrument);
    if (findings.length > 0) return { kind: "blocked", findings };
    const outcome = await request(link, order, wanted, clock.now());
    log.info({ broker: link.broker_name, link: link._id, outcome: outcome.kind }, "foreign order changed");
    return { kind: "theirs", outcome, order };
  }

  async function ownLeg(user: UserId, link: Link, orderId: BrokerOrderId) {
    for (const intent of await journal.recent(user)) {
      const leg = intent.legs.findIndex((each) => each.orderId === orderId && each.link === link._id);
      if (leg !== -1) return { id: intent._id, leg };
    }
    return null;
  }

  return { ask, askBooked };
}

function withChangeBegun(
  intent: Intent,
  at: number,
  wanted: Wanted,
  { user, message, now }: { user: UserId; message: number | undefined; now: number },
): IntentChange | null {
  const leg = intent.legs[at];
  const kind = wanted === "cancel" ? "cancel" : "modify";
  const next = leg && beginChange(leg, kind, now);
  if (!next) return null;
  const note = {
    who: user,
    what: `${kind} asked`,
    ...(wanted === "cancel" ? {} : { detail: JSON.stringify(wanted) }),
    message,
  };
  return {
    legs: intent.legs.with(at, next),
    isCardStale: true,
    history: withNote(intent.history, note, at, now),
  };
}

function withChangeEnded(
  intent: Intent,
  at: number,
  startedAt: number,
  outcome: OrderOutcome,
  now: number,
): IntentChange | null {
  const leg = intent.legs[at];
  const next = leg && endChange(leg, startedAt, outcome);
  if (!leg?.change || !next) return null;
  const { what, detail } = describeOutcome(outcome);
  return {
    legs: intent.legs.with(at, next),
    isCardStale: true,
    history: withNote(intent.history, { who: "sauda", what: `${leg.change.kind} ${what}`, detail }, at, now),
    nextLookAt: now + FIRST_LOOK_MS,
    looks: 0,
  };
}
