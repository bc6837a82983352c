import type { UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { Price } from "../../domain/money.ts";
import { currentTerms, type OrderPlan } from "../../domain/order-intent.ts";
import type { OrderType, Product, Side, Validity } from "../../domain/order.ts";
import type { Quote } from "../../domain/portfolio.ts";
import { randomToken } from "../../lib/token.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { Quotes } from "../quotes/quotes.ts";
import { type AccountView, checkAccount, type Part } from "./account-check.ts";
import { checkAge, checkSession, checkTerms, type Finding, type MarketPhase } from "./findings.ts";
import { type Intent, type IntentChange, type Journal, type Origin, withNote } from "./journal.ts";
import { hasLapsed, newIntent, MAX_LEGS, orderCount, partsOf, planOf, TICKET_TTL_MS } from "./ticket-plan.ts";

const DEFAULT_PROTECTION_BASIS_POINTS = 100;

export interface TicketRequest {
  readonly userId: UserId;
  readonly instrument: Instrument;
  readonly side: Side;
  readonly type: OrderType;
  readonly price: Price | null;
  readonly triggerPrice: Price | null;
  readonly productType: Product | null;
  readonly validity: Validity;
  readonly isAmo: boolean;
  /** One quantity per account. */
  readonly parts: readonly Part[];
  readonly origin: Origin;
  readonly group?: string;
  /** Epoch ms at which the ticket was created, when it is checked again; absent for a new one. */
  readonly madeAt?: number;
  readonly protectionBasisPoints: number;
}

/** A ticket with everything that its card shows. */
export interface TicketView {
  readonly intent: Intent;
  readonly quote: Quote | null;
  readonly accounts: readonly AccountView[];
  readonly findings: readonly Finding[];
}

export const isConfirmable = (view: Pick<TicketView, "findings">): boolean =>
  view.findings.every((finding) => finding.level !== "block");

export interface Tickets {
  /** Prices, checks and stores a request as a ticket that can be confirmed for two minutes. */
  make(request: TicketRequest): Promise<TicketView>;
  /**
   * Prices and checks a ticket again under a new Confirm button, which invalidates the old one. Null when it has lapsed
   * or is no longer a ticket, its accounts are gone, or somebody else has renewed it.
   */
  renew(intent: Intent, change?: { readonly isAmo: boolean }): Promise<TicketView | null>;
}

export interface TicketGuard {
  /** Findings from the user's own limits and habits. */
  check(request: TicketRequest, plan: OrderPlan): Promise<Finding[]>;
}

export interface TicketsDeps {
  readonly accounts: Accounts;
  readonly quotes: Quotes;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly guard: TicketGuard;
  /** Which orders the exchange takes for the instrument at `at` (epoch ms). */
  readonly phaseOf: (instrument: Instrument, at: number) => MarketPhase;
}

interface Checked {
  readonly plan: OrderPlan;
  readonly quote: Quote | null;
  readonly accounts: readonly AccountView[];
  readonly findings: readonly Finding[];
}

export function createTickets(deps: TicketsDeps): Tickets {
  const { accounts, clock, journal } = deps;

  async function make(request: TicketRequest): Promise<TicketView> {
    const { plan, ...checked } = await check(request);
    const intent = await journal.add(newIntent(request, plan, clock.now()));
    return { ...checked, intent };
  }

  async function check(request: TicketRequest): Promise<Checked> {
    const first = request.parts[0];
    if (!first) throw new Error("a ticket needs an account");
    const quote = await deps.quotes.forLink(first.link, request.instrument);
    const plan = planOf(request, quote);
    const [views, guardFindings] = await Promise.all([
      Promise.all(request.parts.map((part) => checkAccount(accounts, plan, request.instrument, part))),
      deps.guard.check(request, plan),
    ]);
    const findings = [
      ...request.parts.flatMap((part) => findingsAt(request, plan, quote, part)),
      ...checkAge(quote, clock.now()),
      ...views.flatMap((view) => view.findings),
      ...guardFindings,
      ...checkLegCount(orderCount(request)),
    ];
    return { plan, quote, accounts: views.map((view) => view.account), findings: distinct(findings) };
  }

  function findingsAt(request: TicketRequest, plan: OrderPlan, quote: Quote | null, { link, qty }: Part): Finding[] {
    const { capabilities } = accounts.broker(link).definition;
    const { instrument, side, validity, isAmo } = request;
    const { label } = link;
    const phase = deps.phaseOf(instrument, clock.now());
    const order = { instrument, side, productType: plan.productType, terms: plan.terms, qty, quote, isAmo };
    return [
      ...checkTerms(order, capabilities),
      ...checkSession({ phase, isAmo, type: plan.terms.type, validity, label }, capabilities),
    ];
  }

  async function renew(intent: Intent, change?: { readonly isAmo: boolean }): Promise<TicketView | null> {
    const parts = partsOf(intent.legs, await accounts.all(intent.userId));
    if (parts.length === 0) return null;
    const request = { ...requestBehind(intent, parts), ...change, madeAt: intent.createdAt };
    const { plan, ...checked } = await check(request);
    const renewed = await journal.change(intent._id, (current) =>
      current.confirmId === intent.confirmId ? repriced(current, plan, clock.now()) : null,
    );
    return renewed && { ...checked, intent: renewed };
  }

  return { make, renew };
}

/** Rebuilds the request of an intent, with the terms to which its orders have been changed since. */
export function requestBehind(intent: Intent, parts: readonly Part[]): TicketRequest {
  const { side, productType, validity, isAmo } = intent.plan;
  const terms = currentTerms(intent.plan.terms, intent.legs);
  return {
    userId: intent.userId,
    instrument: intent.instrument,
    side,
    type: terms.type,
    price: "price" in terms ? terms.price : null,
    triggerPrice: "triggerPrice" in terms ? terms.triggerPrice : null,
    productType,
    validity,
    isAmo,
    parts,
    origin: intent.origin,
    protectionBasisPoints: "protection" in terms ? terms.protection.basisPoints : DEFAULT_PROTECTION_BASIS_POINTS,
  };
}

function repriced(intent: Intent, plan: OrderPlan, now: number): IntentChange | null {
  if (hasLapsed(intent, now) || intent.legs.some((leg) => leg.state !== "ticket")) return null;
  return {
    plan,
    confirmId: randomToken(),
    pricedAt: now,
    lapsesAt: now + TICKET_TTL_MS,
    nextLookAt: now + TICKET_TTL_MS,
    history: withNote(intent.history, { who: "sauda", what: "priced again" }, null, now),
  };
}

const checkLegCount = (orders: number): Finding[] =>
  orders > MAX_LEGS ? [{ level: "block", code: "too-many", orders, most: MAX_LEGS }] : [];

function distinct(findings: readonly Finding[]): Finding[] {
  const seen = new Map(findings.map((finding) => [JSON.stringify(finding), finding]));
  return [...seen.values()];
}
