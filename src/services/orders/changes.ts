import type { BrokerOrderId, IntentId, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { beginChange, endChange } from "../../domain/order-intent.ts";
import { isFinal, type Order, type OrderChange, type OrderOutcome } from "../../domain/order.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Link } from "../accounts.ts";
import type { Quotes } from "../quotes.ts";
import { type Ask, describeOutcome } from "./asking.ts";
import { checkChange, type Finding } from "./findings.ts";
import { type Intent, type IntentChange, type Journal, withNote } from "./journal.ts";
import { FIRST_LOOK_MS } from "./watcher.ts";

export type Wanted = OrderChange | "cancel";

export type ChangeResult =
  | { readonly kind: "asked"; readonly outcome: OrderOutcome; readonly intent: Intent }
  | { readonly kind: "nothing-to-do"; readonly intent: Intent }
  /** The broker has taken it, and its book does not show it: whether there is something to do is not known. */
  | { readonly kind: "unseen"; readonly intent: Intent }
  /** What is wanted would be refused, or passes one of the user's limits: not asked. */
  | { readonly kind: "blocked"; readonly findings: readonly Finding[] }
  | { readonly kind: "busy" };

export type BookedChange =
  | { readonly kind: "ours"; readonly result: ChangeResult }
  | { readonly kind: "theirs"; readonly outcome: OrderOutcome; readonly order: Order }
  | { readonly kind: "blocked"; readonly findings: readonly Finding[] }
  | { readonly kind: "gone" };

/** Cancels and modifications: asked once, one at a time; what became of them is read from the book. */
export interface Changes {
  ask(user: UserId, id: IntentId, leg: number, wanted: Wanted, message?: number): Promise<ChangeResult>;
  /** The same for an order of the broker's book, whoever placed it. The instrument is for checking a modification. */
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
  readonly ask: Ask;
  /** What keeps this user from asking for more than taking an order back: role, lock, way out. */
  readonly mayChange: (user: UserId, link: Link) => Promise<Finding[]>;
  /** Findings from the user's own limits, for an order as it is to become; of an instrument that no list has, too. */
  readonly checkLimits: (
    user: UserId,
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
    const findings = await blocksOf(user, link, order, wanted, intent.instrument);
    if (findings.length > 0) return { kind: "blocked", findings };
    const begunAt = clock.now();
    const begun = await journal.change(id, (current) => begin(current, at, wanted, { user, message, now: begunAt }));
    if (!begun) return { kind: "busy" };
    const outcome = await request(link, order, wanted);
    const ended = await journal.change(id, (current) => end(current, at, begunAt, outcome, clock.now()));
    return { kind: "asked", outcome, intent: ended ?? begun };
  }

  const request = (link: Link, order: Order, wanted: Wanted): Promise<OrderOutcome> =>
    deps.ask(link, (connector, access, signal) =>
      wanted === "cancel"
        ? connector.cancelOrder(access, order, signal)
        : connector.modifyOrder(access, order, wanted, signal),
    );

  /** Taking an order back is never held up. */
  async function blocksOf(
    user: UserId,
    link: Link,
    order: Order,
    wanted: Wanted,
    instrument: Instrument | undefined,
  ): Promise<Finding[]> {
    if (wanted === "cancel") return [];
    const held = await deps.mayChange(user, link);
    if (held.length > 0) return held;
    const findings = [
      ...(instrument ? await changeFindings(link, order, wanted, instrument) : []),
      ...(await deps.checkLimits(user, instrument, order, wanted)),
    ];
    return findings.filter((finding) => finding.level === "block");
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
    const findings = await blocksOf(user, link, order, wanted, instrument);
    if (findings.length > 0) return { kind: "blocked", findings };
    const outcome = await request(link, order, wanted);
    log.info({ broker: link.broker_name, outcome: outcome.kind }, "foreign order changed");
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

function begin(
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

function end(intent: Intent, at: number, begunAt: number, outcome: OrderOutcome, now: number): IntentChange | null {
  const leg = intent.legs[at];
  const next = leg && endChange(leg, begunAt, outcome);
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
