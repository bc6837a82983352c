import type { LinkId } from "../../domain/ids.ts";
import { intentId, orderTag } from "../../domain/ids.ts";
import { type Instrument, isDerivative } from "../../domain/instrument.ts";
import type { Price } from "../../domain/money.ts";
import { price, roundToTick, valueOf, ZERO_PRICE } from "../../domain/money.ts";
import type { Leg, OrderPlan } from "../../domain/order-intent.ts";
import {
  expectedPrice,
  type MarketProtection,
  type OrderRequest,
  type OrderTerms,
  type Product,
} from "../../domain/order.ts";
import type { Quote } from "../../domain/portfolio.ts";
import { UserError } from "../../errors.ts";
import { randomAlphanumeric, randomToken } from "../../lib/token.ts";
import type { Link } from "../accounts/accounts.ts";
import type { Part } from "./account-check.ts";
import { largestSlice, sliceCount, slices } from "./findings.ts";
import type { IntentDocument } from "./journal.ts";
import type { TicketRequest } from "./tickets.ts";

/** The most orders that one confirmation may send. */
export const MAX_LEGS = 20;
/** How long a card can be confirmed. */
export const TICKET_TTL_MS = 120_000;
const UNCONFIRMED_KEPT_MS = 2 * 86_400_000;
/** 9e11 rupees in 1/10000 rupee. More is a typo, and would exceed safe integers. */
const MAX_VALUE = 9e15;

/** Also once the clock was set back by more than a card can be confirmed: then nobody knows how old it is. */
export const hasLapsed = (
  { pricedAt, lapsesAt }: Pick<IntentDocument, "pricedAt" | "lapsesAt">,
  now: number,
): boolean => now >= lapsesAt || pricedAt - now > TICKET_TTL_MS;

/** The product of an order that names none. */
export const defaultProduct = (instrument: Instrument): Product => (isDerivative(instrument) ? "MARGIN" : "CNC");

/** The order to place at every account, priced at the quote. */
export function planOf(request: TicketRequest, quote: Quote | null): OrderPlan {
  const terms = termsOf(request, quote);
  const qty = request.parts.reduce((sum, part) => sum + part.qty, 0);
  const at = expectedPrice(terms, quote?.ltp ?? null);
  if (at !== null && at * qty > MAX_VALUE) throw new UserError("That is more money than any exchange turns over.");
  return {
    key: request.instrument.key,
    symbol: request.instrument.symbol,
    side: request.side,
    productType: request.productType ?? defaultProduct(request.instrument),
    validity: request.validity,
    isAmo: request.isAmo,
    terms,
    shownPrice: quote?.ltp ?? null,
    isShownLive: quote?.source === "broker",
    value: at === null ? null : valueOf(at, qty),
  };
}

function termsOf(request: TicketRequest, quote: Quote | null): OrderTerms {
  const { type, price: limit, triggerPrice } = request;
  if (type === "LIMIT" && limit !== null) return { type, price: limit };
  if (type === "SL" && limit !== null && triggerPrice !== null) return { type, price: limit, triggerPrice };
  if (type === "SL-M" && triggerPrice !== null)
    return { type, triggerPrice, protection: protectionFrom(request, triggerPrice, quote) };
  if (type === "MARKET") return { type, protection: protectionFrom(request, quote?.ltp ?? ZERO_PRICE, quote) };
  throw new Error(`order type ${type} lacks its price`);
}

/** Fallback when the tick size is unknown. */
const PAISA = price(100);

/** Within the day's circuit limits, outside which the exchange would refuse the order. */
function protectionFrom(request: TicketRequest, reference: Price, quote: Quote | null): MarketProtection {
  const worst = worstPrice(request, reference);
  // The circuit limits of today do not apply to an after-market order.
  const limit = quote === null || request.isAmo ? worst : withinCircuit(worst, quote);
  return { basisPoints: request.protectionBasisPoints, limit };
}

/**
 * The worst price at which a market order may fill: `protectionBasisPoints` from the reference, rounded to a tick, and
 * never 0.
 */
export function worstPrice(
  { side, instrument, protectionBasisPoints }: Pick<TicketRequest, "side" | "instrument" | "protectionBasisPoints">,
  reference: Price,
): Price {
  const isBuy = side === "BUY";
  const tick = instrument.tickSize > 0 ? instrument.tickSize : PAISA;
  const exact = price(Math.round(reference * (1 + (isBuy ? 1 : -1) * (protectionBasisPoints / 10_000))));
  const limit = roundToTick(exact, tick, isBuy ? "up" : "down");
  return limit <= 0 && reference > 0 ? tick : limit;
}

function withinCircuit(at: Price, { lowerCircuit, upperCircuit }: Quote): Price {
  if (upperCircuit !== null && upperCircuit > 0 && at > upperCircuit) return upperCircuit;
  return lowerCircuit !== null && at < lowerCircuit ? lowerCircuit : at;
}

/** Splits one account's quantity into orders. */
const ordersOf = ({ instrument }: TicketRequest, qty: number): number[] =>
  slices(qty, instrument.freezeQty, instrument.lotSize);

/** The number of orders that a confirmation would send. */
export const orderCount = (request: TicketRequest): number =>
  request.parts.reduce(
    (count, { qty }) => count + sliceCount(qty, request.instrument.freezeQty, request.instrument.lotSize),
    0,
  );

/** How much of an open position one confirmation can close. The rest of a very large position needs another one. */
export const closableAtOnce = (open: number, { freezeQty, lotSize }: Instrument): number =>
  Math.min(open, largestSlice(open, freezeQty, lotSize) * MAX_LEGS);

/** Rebuilds the parts from an order's legs, adding up the slices of each account. Removed accounts are left out. */
export const partsOf = (legs: readonly Leg[], links: readonly Link[]): Part[] =>
  [...Map.groupBy(legs, (leg) => leg.link)].flatMap(([id, slices]) => {
    const link = links.find(({ _id }) => _id === id);
    return link ? [{ link, qty: slices.reduce((sum, { qty }) => sum + qty, 0) }] : [];
  });

export function newIntent(request: TicketRequest, plan: OrderPlan, now: number): IntentDocument {
  // Too many orders are blocked anyway, so the card gets one unsliced leg per account.
  const isTooMany = orderCount(request) > MAX_LEGS;
  return {
    _id: intentId(randomToken()),
    userId: request.userId,
    confirmId: randomToken(),
    instrument: request.instrument,
    plan,
    legs: request.parts.flatMap(({ link, qty }) =>
      (isTooMany ? [qty] : ordersOf(request, qty)).map((slice) => newLeg(link._id, slice)),
    ),
    createdAt: now,
    pricedAt: now,
    lapsesAt: now + TICKET_TTL_MS,
    confirmedAt: null,
    card: null,
    isCardStale: false,
    origin: request.origin,
    group: request.group ?? null,
    isWatched: true,
    nextLookAt: now + TICKET_TTL_MS,
    looks: 0,
    history: [{ at: now, who: request.userId, leg: null, what: "ticket" }],
    expiresAt: now + UNCONFIRMED_KEPT_MS,
  };
}

/** The tag is random so that it never collides with another order's, even if several users share a broker account. */
const newLeg = (link: LinkId, qty: number): Leg => ({
  link,
  qty,
  tag: orderTag(`sd${randomAlphanumeric(14)}`),
  state: "ticket",
  orderId: null,
  handle: {},
  filledQty: 0,
  avgPrice: ZERO_PRICE,
  booked: null,
  reason: null,
  notSentCause: null,
  change: null,
  sentAt: null,
  unknownSince: null,
});

/** The connector's request for one leg. */
export function requestOf(plan: OrderPlan, qty: number, tag: string): OrderRequest {
  const { key, symbol, side, productType, validity, isAmo, terms } = plan;
  return { tag: orderTag(tag), key, symbol, side, productType, validity, isAmo, terms, qty };
}
