import type { Access, BrokerConnector } from "../../../connectors/base.ts";
import type { LinkId, UserId } from "../../domain/ids.ts";
import { intentId, orderTag } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { isDerivative } from "../../domain/instrument.ts";
import type { Price } from "../../domain/money.ts";
import { price, roundToTick, sumPaise, valueOf, ZERO_PRICE } from "../../domain/money.ts";
import type { Leg, OrderPlan } from "../../domain/order-intent.ts";
import type { OrderCost, OrderRequest, OrderTerms, OrderType, Product, Side, Validity } from "../../domain/order.ts";
import type { Funds, Holding, Position, Quote } from "../../domain/portfolio.ts";
import { randomAlphanumeric, randomToken } from "../../lib/token.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Link } from "../accounts.ts";
import type { Quotes } from "../quotes.ts";
import type { Finding } from "./findings.ts";
import { checkTerms, slices } from "./findings.ts";
import type { Intent, IntentDocument, Journal } from "./journal.ts";

/** How long a card may be confirmed. */
export const TICKET_TTL_MS = 120_000;
const UNCONFIRMED_KEPT_MS = 2 * 86_400_000;
/** Looking around before an order may take this long; what has not answered by then is left out of the card. */
const LOOK_AROUND_MS = 4_000;

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
  /** One quantity for each account. */
  readonly parts: readonly { readonly link: Link; readonly qty: number }[];
  readonly origin: IntentDocument["origin"];
  readonly protectionBasisPoints: number;
}

/** What one account says about the order before it is sent; null where it did not say. */
export interface AccountView {
  readonly link: Link;
  readonly qty: number;
  readonly funds: Funds | null;
  readonly cost: OrderCost | null;
  /** Signed quantity now and after the order, in this product. */
  readonly positionBefore: number | null;
  readonly positionAfter: number | null;
}

/** A ticket with all that its card shows. */
export interface TicketView {
  readonly intent: Intent;
  readonly quote: Quote | null;
  readonly accounts: readonly AccountView[];
  readonly findings: readonly Finding[];
}

export const isConfirmable = (view: TicketView): boolean => view.findings.every((finding) => finding.level !== "block");

export interface Tickets {
  /** Prices and checks what is asked and keeps it as a ticket that can be confirmed for two minutes. */
  make(request: TicketRequest): Promise<TicketView>;
}

export interface TicketGuard {
  /** Findings from the user's own limits and habits. */
  check(request: TicketRequest, plan: OrderPlan): Promise<Finding[]>;
}

export function createTickets(deps: {
  accounts: Accounts;
  quotes: Quotes;
  journal: Journal;
  clock: Clock;
  guard: TicketGuard;
}): Tickets {
  const { accounts, clock, journal } = deps;

  async function make(request: TicketRequest): Promise<TicketView> {
    const first = request.parts[0];
    if (!first) throw new Error("a ticket needs an account");
    const quote = await deps.quotes.forLink(first.link, request.instrument);
    const plan = planOf(request, quote);
    const [views, guardFindings] = await Promise.all([
      Promise.all(request.parts.map((part) => lookAround(request, plan, part))),
      deps.guard.check(request, plan),
    ]);
    const intent = await journal.add(documentOf(request, plan, clock.now()));
    const findings = [
      ...request.parts.flatMap(({ link, qty }) => findingsAt(request, plan, quote, link, qty)),
      ...views.flatMap((view) => view.findings),
      ...guardFindings,
    ];
    return { intent, quote, accounts: views.map((view) => view.account), findings: distinct(findings) };
  }

  function findingsAt(
    request: TicketRequest,
    plan: OrderPlan,
    quote: Quote | null,
    link: Link,
    qty: number,
  ): Finding[] {
    const { definition } = accounts.broker(link);
    const { instrument, side } = request;
    const order = { instrument, side, productType: plan.productType, terms: plan.terms, qty, quote };
    const findings = checkTerms(order, definition.capabilities);
    if (!accounts.hasSession(link)) findings.push({ level: "block", code: "session", label: link.label });
    return findings;
  }

  /** Funds, cost and what is already held, asked together; none of it may hold the card up for long. */
  async function lookAround(
    request: TicketRequest,
    plan: OrderPlan,
    { link, qty }: { link: Link; qty: number },
  ): Promise<{ account: AccountView; findings: Finding[] }> {
    const signal = AbortSignal.timeout(LOOK_AROUND_MS);
    const ask = <T>(call: (connector: BrokerConnector, access: Access) => Promise<T> | undefined): Promise<T | null> =>
      accounts.call(link, async (connector, access) => (await call(connector, access)) ?? null).catch(() => null);
    const [funds, cost, positions, holdings] = await Promise.all([
      ask((connector, access) => connector.getFunds(access, signal)),
      ask((connector, access) => connector.getOrderCost?.(access, requestOf(plan, qty, "look"), signal)),
      ask((connector, access) => connector.getPositions(access, signal)),
      isDerivative(request.instrument) ? null : ask((connector, access) => connector.getHoldings(access, signal)),
    ]);
    const before = positions && heldQuantity(plan, positions, holdings);
    const after = before === null ? null : before + (plan.side === "BUY" ? qty : -qty);
    return {
      account: { link, qty, funds, cost, positionBefore: before, positionAfter: after },
      findings: [...checkFunds(link, plan, qty, funds, cost), ...checkSellable(link, plan, qty, positions, holdings)],
    };
  }

  return { make };
}

function planOf(request: TicketRequest, quote: Quote | null): OrderPlan {
  const terms = termsOf(request, quote);
  const qty = request.parts.reduce((sum, part) => sum + part.qty, 0);
  const at = "price" in terms ? terms.price : (quote?.ltp ?? null);
  return {
    key: request.instrument.key,
    symbol: request.instrument.symbol,
    side: request.side,
    productType: request.productType ?? (isDerivative(request.instrument) ? "MARGIN" : "CNC"),
    validity: request.validity,
    isAmo: request.isAmo,
    terms,
    shownPrice: quote?.ltp ?? null,
    value: at === null ? null : valueOf(at, qty),
  };
}

function termsOf(request: TicketRequest, quote: Quote | null): OrderTerms {
  const { type, price: limit, triggerPrice } = request;
  const protectionFrom = (reference: Price) => protection(request, reference);
  if (type === "LIMIT" && limit !== null) return { type, price: limit };
  if (type === "SL" && limit !== null && triggerPrice !== null) return { type, price: limit, triggerPrice };
  if (type === "SL-M" && triggerPrice !== null) return { type, triggerPrice, protection: protectionFrom(triggerPrice) };
  if (type === "MARKET") return { type, protection: protectionFrom(quote?.ltp ?? ZERO_PRICE) };
  throw new Error(`order type ${type} lacks its price`);
}

/** The worst price a market order may fill at: so far from the reference, on a tick. */
function protection(request: TicketRequest, reference: Price) {
  const basisPoints = request.protectionBasisPoints;
  const sign = request.side === "BUY" ? 1 : -1;
  const limit = price(Math.round(reference * (1 + (sign * basisPoints) / 10_000)));
  return {
    basisPoints,
    limit: roundToTick(limit, request.instrument.tickSize, request.side === "BUY" ? "up" : "down"),
  };
}

function documentOf(request: TicketRequest, plan: OrderPlan, now: number): IntentDocument {
  return {
    _id: intentId(randomToken()),
    userId: request.userId,
    confirmId: randomToken(),
    instrument: request.instrument,
    plan,
    legs: request.parts.flatMap(({ link, qty }) =>
      slices(qty, request.instrument.freezeQty, request.instrument.lotSize).map((slice) => newLeg(link._id, slice)),
    ),
    createdAt: now,
    pricedAt: now,
    lapsesAt: now + TICKET_TTL_MS,
    card: null,
    origin: request.origin,
    isWatched: false,
    nextLookAt: 0,
    looks: 0,
    history: [{ at: now, who: request.userId, leg: null, what: "ticket" }],
    expiresAt: now + UNCONFIRMED_KEPT_MS,
  };
}

const newLeg = (link: LinkId, qty: number): Leg => ({
  link,
  qty,
  tag: orderTag(`sd${randomAlphanumeric(14)}`),
  state: "ticket",
  orderId: null,
  handle: {},
  filledQty: 0,
  avgPrice: ZERO_PRICE,
  reason: null,
  notSentCause: null,
  change: null,
  sentAt: null,
});

/** What goes to the connector for one leg. */
export function requestOf(plan: OrderPlan, qty: number, tag: string): OrderRequest {
  const { key, symbol, side, productType, validity, isAmo, terms } = plan;
  return { tag: orderTag(tag), key, symbol, side, productType, validity, isAmo, terms, qty };
}

function heldQuantity(plan: OrderPlan, positions: readonly Position[], holdings: readonly Holding[] | null): number {
  const open = positions
    .filter((position) => isSame(position, plan) && position.productType === plan.productType)
    .reduce((sum, position) => sum + (position.side === "SELL" ? -position.qty : position.qty), 0);
  const held = plan.productType === "CNC" ? (holdings ?? []).filter((holding) => isSame(holding, plan)) : [];
  return held.reduce((sum, holding) => sum + holding.qty, open);
}

const isSame = (row: Pick<Position, "key" | "symbol">, plan: OrderPlan): boolean =>
  row.key === null ? row.symbol === plan.symbol : row.key === plan.key;

function checkFunds(link: Link, plan: OrderPlan, qty: number, funds: Funds | null, cost: OrderCost | null): Finding[] {
  if (!funds || plan.side === "SELL") return [];
  const price = "price" in plan.terms ? plan.terms.price : plan.shownPrice;
  const full = plan.productType === "CNC" && price !== null ? valueOf(price, qty) : null;
  const needed = cost?.margin ?? full;
  if (needed === null) return [];
  const total = cost?.charges == null ? needed : sumPaise([needed, cost.charges]);
  const isShort = total > funds.available;
  return isShort
    ? [{ level: "warn", code: "funds", label: link.label, needed: total, available: funds.available }]
    : [];
}

/** Delivery sells need shares that may be sold now: not T1 promises beyond what the broker allows, not pledged ones. */
function checkSellable(
  link: Link,
  plan: OrderPlan,
  qty: number,
  positions: readonly Position[] | null,
  holdings: readonly Holding[] | null,
): Finding[] {
  if (plan.side !== "SELL" || plan.productType !== "CNC" || !holdings || !positions) return [];
  const held = holdings.filter((holding) => isSame(holding, plan));
  const boughtToday = positions
    .filter((position) => isSame(position, plan) && position.productType === "CNC" && position.side === "BUY")
    .reduce((sum, position) => sum + position.qty, 0);
  const total = (pick: (holding: Holding) => number): number => held.reduce((sum, holding) => sum + pick(holding), 0);
  const sellable = total((holding) => holding.sellableQty) + boughtToday;
  if (qty <= sellable) return [];
  return [
    {
      level: "block",
      code: "not-sellable",
      label: link.label,
      sellable,
      owned: total((holding) => holding.qty) + boughtToday,
      t1: total((holding) => holding.t1Qty),
      pledged: total((holding) => holding.pledgedQty),
    },
  ];
}

function distinct(findings: readonly Finding[]): Finding[] {
  const seen = new Map(findings.map((finding) => [JSON.stringify(finding), finding]));
  return [...seen.values()];
}
