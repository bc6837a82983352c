import type { IntentId, LinkId, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { Leg } from "../../domain/order-intent.ts";
import type { OrderOutcome } from "../../domain/order.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts } from "../accounts.ts";
import type { Quotes } from "../quotes.ts";
import { type Ask, describeOutcome } from "./asking.ts";
import type { Finding, MarketPhase } from "./findings.ts";
import { type Card, type Intent, type IntentChange, isWayOut, type Journal, type Origin, stepAll } from "./journal.ts";
import { requestOf } from "./ticket-plan.ts";
import type { OrderTiming } from "./timing.ts";
import { rivalsOf } from "./under-way.ts";
import { FIRST_LOOK_MS } from "./watcher.ts";

/** A card older than this is priced again before its confirmation counts. */
const PRICE_TRUSTED_MS = 5_000;
/** A store that does not answer is asked again for this long to keep the broker's answer; after that the book has it. */
const NOTE_PAUSES_MS = [50, 200, 1_000, 3_000];

const NONE: ReadonlySet<LinkId> = new Set();
const RIVALLED: OrderOutcome = {
  kind: "not-sent",
  reason:
    "another order that closes it may have been confirmed at the same moment. /exit makes a card for what is left",
  cause: "invalid-request",
};

export type ConfirmResult =
  /** Claimed by this tap: the legs are being sent. `sent` resolves when every broker has answered or failed to. */
  | { readonly kind: "confirmed"; readonly intent: Intent; readonly sent: Promise<Intent> }
  /** The price is another one by now: the card has to be shown again. */
  | { readonly kind: "moved"; readonly intent: Intent; readonly basisPoints: number }
  /** One of the user's own limits is in the way. */
  | { readonly kind: "limited"; readonly intent: Intent; readonly finding: Finding }
  /** Since the card was shown the session that it is for has ended, or the one that it waits for has begun. */
  | { readonly kind: "shut"; readonly intent: Intent }
  /** Another tap was first, the card was refreshed since, or it is not theirs. */
  | { readonly kind: "used" }
  | { readonly kind: "not-allowed" }
  | { readonly kind: "lapsed"; readonly intent: Intent };

export interface Desk {
  /** Claims the ticket behind a Confirm button, once, for its owner, and sends each leg once. `card` is what was tapped. */
  confirm(user: UserId, confirmId: string, card?: Card): Promise<ConfirmResult>;
  /** Takes a ticket back before it is confirmed. Null when it is too late or not theirs. */
  drop(user: UserId, id: IntentId, what: "cancelled" | "lapsed" | "edited", message?: number): Promise<Intent | null>;
  attachCard(id: IntentId, card: Card): Promise<void>;
}

/** The user's own limits, asked last: it counts the order that it lets through. */
export interface Admission {
  /** What is in the way, or null; then the order counts, once however often it is asked. */
  admit(intent: Intent): Promise<Finding | null>;
  /** The order was not confirmed after all. */
  release(intent: Intent): Promise<void>;
}

export interface DeskDeps {
  readonly accounts: Accounts;
  readonly journal: Journal;
  readonly quotes: Quotes;
  readonly clock: Clock;
  readonly log: Log;
  readonly ask: Ask;
  readonly admission: Admission;
  readonly timing: OrderTiming;
  /** How far the price may move between card and confirmation, in 1/100 percent. */
  readonly driftBasisPoints: (user: UserId) => Promise<number>;
  /** Whether this user may trade right now (role, lock). */
  readonly mayTrade: (user: UserId, origin: Origin) => Promise<boolean>;
  readonly phaseOf: (instrument: Instrument, at: number) => MarketPhase;
}

/** Turns a ticket into orders: confirmed once, sent once. */
export function createDesk(deps: DeskDeps): Desk {
  const { accounts, journal, clock, log } = deps;

  async function confirm(user: UserId, confirmId: string, card?: Card): Promise<ConfirmResult> {
    const intent = await journal.byConfirmId(confirmId);
    if (!intent || intent.userId !== user || intent.legs.some((leg) => leg.state !== "ticket")) return { kind: "used" };
    if (clock.now() >= intent.lapsesAt) return { kind: "lapsed", intent };
    if (!(await deps.mayTrade(user, intent.origin))) return { kind: "not-allowed" };
    if (isShut(intent)) return { kind: "shut", intent };
    const basisPoints = await driftOf(intent);
    if (basisPoints !== null) return { kind: "moved", intent, basisPoints };
    const finding = await deps.admission.admit(intent);
    if (finding) return { kind: "limited", intent, finding };
    const claimed = await journal.change(intent._id, (current) => confirmed(current, confirmId, card, clock.now()));
    if (!claimed) {
      await releaseUnlessConfirmed(intent);
      return { kind: "used" };
    }
    log.info({ intent: intent._id, legs: intent.legs.length }, "order confirmed");
    return { kind: "confirmed", intent: claimed, sent: sendAll(claimed) };
  }

  /**
   * After the close some brokers keep an order for the next session; after the opening an after-market order either waits
   * for another session or trades at once. The card tells of neither.
   */
  function isShut({ plan, instrument, pricedAt }: Intent): boolean {
    const phase = deps.phaseOf(instrument, clock.now());
    if (phase === "expired") return true;
    if (!plan.isAmo) return phase === "closed";
    return phase !== "closed" && deps.phaseOf(instrument, pricedAt) === "closed";
  }

  /** Somebody else's confirmation of the same order counts it as well; a dropped or repriced one must not stay counted. */
  async function releaseUnlessConfirmed(intent: Intent): Promise<void> {
    const now = await journal.get(intent._id);
    if (!now || now.confirmedAt === null) await deps.admission.release(intent);
  }

  /** Signed move since the card was shown, null when it is within what the user accepts or cannot be told. */
  async function driftOf(intent: Intent): Promise<number | null> {
    const { plan } = intent;
    const first = intent.legs[0];
    const { shownPrice } = plan;
    if (plan.terms.type !== "MARKET" || shownPrice === null || shownPrice <= 0 || !first) return null;
    // A price of the future was had before the clock was set back.
    if (Math.abs(clock.now() - intent.pricedAt) < PRICE_TRUSTED_MS || isWayOut(intent.origin)) return null;
    const link = await accounts.get(intent.userId, first.link);
    const quote = link && (await deps.quotes.forLink(link, intent.instrument));
    // The least that a price can move is several percent of a cheap option's.
    if (!quote || Math.abs(quote.ltp - shownPrice) <= intent.instrument.tickSize) return null;
    const basisPoints = Math.round(((quote.ltp - shownPrice) / shownPrice) * 10_000);
    return Math.abs(basisPoints) > (await deps.driftBasisPoints(intent.userId)) ? basisPoints : null;
  }

  /** Never rejects: from here on, whatever fails is told by the legs. */
  async function sendAll(intent: Intent): Promise<Intent> {
    const rivals = isWayOut(intent.origin) ? await rivalsNow(intent) : NONE;
    await Promise.all(intent.legs.map((leg, at) => send(intent, leg, at, rivals)));
    return latest(intent);
  }

  /** Where that cannot be read, there may be one anywhere. */
  const rivalsNow = (intent: Intent): Promise<ReadonlySet<LinkId>> =>
    rivalsOf(deps, intent).catch((error: unknown) => {
      log.error({ err: error, intent: intent._id }, "other exits not read");
      return new Set(intent.legs.map(({ link }) => link));
    });

  const latest = async (intent: Intent): Promise<Intent> => (await journal.get(intent._id).catch(() => null)) ?? intent;

  /** The only place that places an order: called by the one confirmation, after it was durable. */
  async function send(intent: Intent, leg: Leg, at: number, rivals: ReadonlySet<LinkId>): Promise<void> {
    const outcome = rivals.has(leg.link) ? RIVALLED : await place(intent, leg);
    log.info({ intent: intent._id, leg: at, outcome: outcome.kind }, "order answered");
    await keep(intent._id, at, outcome);
  }

  async function place(intent: Intent, leg: Leg): Promise<OrderOutcome> {
    const notSent = (reason: string): OrderOutcome => ({ kind: "not-sent", reason, cause: "invalid-request" });
    const link = await accounts.get(intent.userId, leg.link).catch(() => undefined);
    if (link === undefined) return notSent("the account could not be read");
    if (!link) return notSent("the account is no longer linked");
    if (!link.is_active) return notSent("the account is switched off");
    return deps.ask(link, async (connector, access, signal) => {
      if (Math.abs(clock.now() - (leg.sentAt ?? 0)) > deps.timing.sendWithinMs)
        return notSent("the bot was held up before sending");
      return connector.placeOrder(access, requestOf(intent.plan, leg.qty, leg.tag), signal);
    });
  }

  /** The broker has answered: the store gets several chances. Without them the leg stays `sending` and is found by tag. */
  async function keep(id: IntentId, at: number, outcome: OrderOutcome): Promise<void> {
    const note = { who: "sauda" as const, ...describeOutcome(outcome) };
    for (let tries = 0; ; tries += 1) {
      try {
        const look = { nextLookAt: clock.now() + FIRST_LOOK_MS, looks: 0 as const };
        await journal.transition(id, at, { kind: "outcome", outcome }, note, look);
        return;
      } catch (error) {
        log.error({ err: error, intent: id, leg: at, outcome: outcome.kind }, "order outcome not kept");
        const pause = NOTE_PAUSES_MS[tries];
        if (pause === undefined) return;
        await clock.sleep(pause);
      }
    }
  }

  /** The claim: only the newest Confirm button of a whole, unlapsed ticket, and only while every leg is still a ticket. */
  function confirmed(intent: Intent, confirmId: string, card: Card | undefined, now: number): IntentChange | null {
    if (intent.confirmId !== confirmId || now >= intent.lapsesAt) return null;
    const steps = stepAll(intent, "confirm", { who: intent.userId, what: "confirmed", message: card?.messageId }, now);
    return (
      steps && {
        ...steps,
        ...(card ? { card } : {}),
        confirmedAt: now,
        nextLookAt: now + deps.timing.leaseMs,
        looks: 0,
        expiresAt: undefined,
      }
    );
  }

  return {
    confirm,
    drop: (user, id, what, message) =>
      journal.change(id, (intent) =>
        intent.userId === user ? stepAll(intent, "drop", { who: user, what, message }, clock.now()) : null,
      ),
    async attachCard(id, card) {
      await journal.change(id, (intent) => ({ card, ...(isUntouched(intent) ? {} : late(clock.now())) }));
    },
  };
}

const isUntouched = (intent: Intent): boolean => intent.legs.every((leg) => leg.state === "ticket");
/** The order has moved on while its card was being sent: the card is drawn again, soon. */
const late = (now: number) => ({ isCardStale: true, nextLookAt: now });
