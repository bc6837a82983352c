import type { IntentId, LinkId, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { Leg } from "../../domain/order-intent.ts";
import type { Price } from "../../domain/money.ts";
import type { OrderOutcome, Side } from "../../domain/order.ts";
import type { Quote } from "../../domain/portfolio.ts";
import type { Log } from "../../lib/log.ts";
import { nothingAfter } from "../../lib/nothing-after.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { Quotes } from "../quotes/quotes.ts";
import { describeOutcome, type OrderCall } from "./order-call.ts";
import type { Finding, MarketPhase } from "./findings.ts";
import {
  type Card,
  type Intent,
  type IntentChange,
  reducesRisk,
  type Journal,
  type Origin,
  stepAll,
} from "./journal.ts";
import { hasLapsed, requestOf } from "./ticket-plan.ts";
import type { OrderTiming } from "./timing.ts";
import { rivalsOf } from "./under-way.ts";
import { FIRST_LOOK_MS } from "./watcher.ts";

/** On a market order, a card older than this has its price checked again at confirmation. */
const PRICE_TRUSTED_MS = 5_000;
/** An exit is sent without its price rather than late. */
const EXIT_PRICE_MS = 1_500;
/** Retries to store the broker's answer. After the last one, the watcher finds the answer in the broker's book. */
const RECORD_PAUSES_MS = [50, 200, 1_000, 3_000];

const NO_LINKS: ReadonlySet<LinkId> = new Set();
const RIVAL_CONFIRMED: OrderOutcome = {
  kind: "not-sent",
  reason:
    "another order that closes it may have been confirmed at the same moment. /exit makes a card for what is left",
  cause: "invalid-request",
};

export type ConfirmResult =
  /** This tap won and the legs are being sent. `sent` resolves when every broker has answered or timed out. */
  | { readonly kind: "confirmed"; readonly intent: Intent; readonly sent: Promise<Intent> }
  /** The price has moved too far since the card was shown: it must be shown again. */
  | { readonly kind: "moved"; readonly intent: Intent; readonly basisPoints: number }
  /** One of the user's own limits blocks the order. */
  | { readonly kind: "limited"; readonly intent: Intent; readonly finding: Finding }
  /** The session that the card is for has ended, or (after-market order) the session that it waits for has begun. */
  | { readonly kind: "shut"; readonly intent: Intent }
  /** Another tap was first, the card has been refreshed, or the ticket is another user's. */
  | { readonly kind: "used" }
  | { readonly kind: "not-allowed" }
  | { readonly kind: "lapsed"; readonly intent: Intent };

export interface Desk {
  /**
   * Confirms the ticket behind a Confirm button once, for its owner, and sends each leg once. `card`: what was tapped.
   */
  confirm(user: UserId, confirmId: string, card?: Card): Promise<ConfirmResult>;
  /** Drops a ticket before it is confirmed. Null when it is too late or another user's. */
  drop(user: UserId, id: IntentId, what: "cancelled" | "lapsed" | "edited", message?: number): Promise<Intent | null>;
  attachCard(id: IntentId, card: Card): Promise<void>;
}

/** The user's own limits, checked last at confirmation. Admitting an order counts it. */
export interface Admission {
  /** What blocks the order, or null. On null the order is counted, once however often this is called. */
  admit(intent: Intent): Promise<Finding | null>;
  /** Takes the count back: the order was not confirmed after all. */
  release(intent: Intent): Promise<void>;
}

export interface DeskDeps {
  readonly accounts: Accounts;
  readonly journal: Journal;
  readonly quotes: Quotes;
  readonly clock: Clock;
  readonly log: Log;
  readonly orderCall: OrderCall;
  readonly admission: Admission;
  readonly timing: OrderTiming;
  /** How far the price may move between card and confirmation, in 1/100 percent; null for any distance. */
  readonly driftBasisPoints: (user: UserId) => Promise<number | null>;
  /** Whether this user may trade right now (role, lock). */
  readonly mayTrade: (user: UserId, origin: Origin) => Promise<boolean>;
  readonly phaseOf: (instrument: Instrument, at: number) => MarketPhase;
}

/** Turns a ticket into orders. A ticket is confirmed at most once, and each leg sent at most once. */
export function createDesk(deps: DeskDeps): Desk {
  const { accounts, journal, clock, log } = deps;

  async function confirm(user: UserId, confirmId: string, card?: Card): Promise<ConfirmResult> {
    const intent = await journal.byConfirmId(confirmId);
    if (!intent || intent.userId !== user || intent.legs.some((leg) => leg.state !== "ticket")) return { kind: "used" };
    if (hasLapsed(intent, clock.now())) return { kind: "lapsed", intent };
    if (isShut(intent)) return { kind: "shut", intent };
    const basisPoints = await driftOf(intent);
    if (basisPoints !== null) return { kind: "moved", intent, basisPoints };
    const finding = await deps.admission.admit(intent);
    // Last, because the reads above may hang, and the user may lock trading meanwhile.
    if (!(await deps.mayTrade(user, intent.origin))) {
      await releaseUnlessConfirmed(intent);
      return { kind: "not-allowed" };
    }
    if (finding) return { kind: "limited", intent, finding };
    const claimed = await journal.change(intent._id, (current) =>
      withConfirmation(current, confirmId, card, clock.now()),
    );
    if (!claimed) {
      await releaseUnlessConfirmed(intent);
      return { kind: "used" };
    }
    log.info({ intent: intent._id, legs: intent.legs.length }, "order confirmed");
    return { kind: "confirmed", intent: claimed, sent: sendAll(claimed) };
  }

  /**
   * After the close, some brokers keep a normal order for the next session. After the opening, an after-market order
   * either waits for another session or trades at once. The card announced neither, so it must be shown again.
   */
  function isShut({ plan, instrument, pricedAt }: Intent): boolean {
    const phase = deps.phaseOf(instrument, clock.now());
    if (phase === "expired") return true;
    if (!plan.isAmo) return phase === "closed";
    return phase !== "closed" && deps.phaseOf(instrument, pricedAt) === "closed";
  }

  /** Takes the count back if the ticket was dropped or repriced, but not if another tap has confirmed it. */
  async function releaseUnlessConfirmed(intent: Intent): Promise<void> {
    const now = await journal.get(intent._id);
    if (!now || now.confirmedAt === null) await deps.admission.release(intent);
  }

  /**
   * Signed price move since the card was shown; null when it is within the user's tolerance or unknown. An exit is held up
   * only where it would stay open: past the card's limit, which most brokers get. A panic never is.
   */
  async function driftOf(intent: Intent): Promise<number | null> {
    const { plan, instrument, origin } = intent;
    const { terms, side, shownPrice, isShownLive = false } = plan;
    if (terms.type !== "MARKET" || shownPrice === null || shownPrice <= 0) return null;
    // Absolute: a price "from the future" was read before the clock was set back.
    if (Math.abs(clock.now() - intent.pricedAt) < PRICE_TRUSTED_MS || origin === "panic") return null;
    const isExit = origin === "exit";
    const most = isExit ? 0 : await deps.driftBasisPoints(intent.userId);
    if (most === null) return null;
    const quote = await quoteAtTap(intent);
    // The broker's price cannot be read now. Yahoo's, of before the card, shows no move since.
    if (quote?.source === "yfinance" && isShownLive) return null;
    // A move of one tick is never drift: on a cheap option it is several percent.
    if (!quote || Math.abs(quote.ltp - shownPrice) <= instrument.tickSize) return null;
    const basisPoints = Math.round(((quote.ltp - shownPrice) / shownPrice) * 10_000);
    const hasMoved = Math.abs(basisPoints) > most && (!isExit || isPast(terms.protection.limit, side, quote.ltp));
    return hasMoved ? basisPoints : null;
  }

  async function quoteAtTap({ userId, legs, instrument, origin }: Intent): Promise<Quote | null> {
    const [first] = legs;
    const link = first ? await accounts.get(userId, first.link) : null;
    if (!link) return null;
    const quote = deps.quotes.forLink(link, instrument);
    return origin === "exit" ? Promise.race([quote, nothingAfter(EXIT_PRICE_MS)]) : quote;
  }

  /** Never rejects: a failure from here on is recorded in the legs. */
  async function sendAll(intent: Intent): Promise<Intent> {
    const rivals = reducesRisk(intent.origin) ? await rivalsNow(intent) : NO_LINKS;
    await Promise.all(intent.legs.map((leg, at) => send(intent, leg, at, rivals)));
    return latest(intent);
  }

  /** If rivals cannot be read, assume one at every account. */
  const rivalsNow = (intent: Intent): Promise<ReadonlySet<LinkId>> =>
    rivalsOf(deps, intent).catch((error: unknown) => {
      log.error({ err: error, intent: intent._id }, "other exits could not be read");
      return new Set(intent.legs.map(({ link }) => link));
    });

  const latest = async (intent: Intent): Promise<Intent> => (await journal.get(intent._id).catch(() => null)) ?? intent;

  /** The only place that places an order. Called once per leg, after the confirmation is durable. */
  async function send(intent: Intent, leg: Leg, at: number, rivals: ReadonlySet<LinkId>): Promise<void> {
    const outcome = rivals.has(leg.link) ? RIVAL_CONFIRMED : await place(intent, leg);
    log.info({ intent: intent._id, leg: at, outcome: outcome.kind }, "broker answered an order");
    await record(intent._id, at, outcome);
  }

  async function place(intent: Intent, leg: Leg): Promise<OrderOutcome> {
    const notSent = (reason: string): OrderOutcome => ({ kind: "not-sent", reason, cause: "invalid-request" });
    const link = await accounts.get(intent.userId, leg.link).catch(() => undefined);
    if (link === undefined) return notSent("the account could not be read");
    if (!link) return notSent("the account is no longer linked");
    if (!link.is_active) return notSent("the account is switched off");
    return deps.orderCall(link, async (connector, access, signal) => {
      if (Math.abs(clock.now() - (leg.sentAt ?? 0)) > deps.timing.sendWithinMs)
        return notSent("the bot was held up before sending");
      return connector.placeOrder(access, requestOf(intent.plan, leg.qty, leg.tag), signal);
    });
  }

  /** Stores the broker's answer, with retries. If all fail, the leg stays `sending` until the watcher finds its tag. */
  async function record(id: IntentId, at: number, outcome: OrderOutcome): Promise<void> {
    const note = { who: "sauda" as const, ...describeOutcome(outcome) };
    for (let tries = 0; ; tries += 1) {
      try {
        const look = { nextLookAt: clock.now() + FIRST_LOOK_MS, looks: 0 as const };
        await journal.transition(id, at, { kind: "outcome", outcome }, note, look);
        return;
      } catch (error) {
        log.error({ err: error, intent: id, leg: at, outcome: outcome.kind }, "order outcome could not be stored");
        const pause = RECORD_PAUSES_MS[tries];
        if (pause === undefined) return;
        await clock.sleep(pause);
      }
    }
  }

  /** The claim: only for the newest Confirm button, before the ticket lapses, while every leg is still a ticket. */
  function withConfirmation(
    intent: Intent,
    confirmId: string,
    card: Card | undefined,
    now: number,
  ): IntentChange | null {
    if (intent.confirmId !== confirmId || hasLapsed(intent, now)) return null;
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
      await journal.change(id, (intent) => ({ card, ...(isTicket(intent) ? {} : redrawnSoon(clock.now())) }));
    },
  };
}

/** Whether the price is one at which a limit order would stay open. */
const isPast = (limit: Price, side: Side, ltp: Price): boolean => (side === "SELL" ? ltp < limit : ltp > limit);

const isTicket = (intent: Intent): boolean => intent.legs.every((leg) => leg.state === "ticket");
/** The order has moved on while its card was being sent, so the card must be drawn again. */
const redrawnSoon = (now: number) => ({ isCardStale: true, nextLookAt: now });
