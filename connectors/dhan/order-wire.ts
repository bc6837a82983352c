import { rupeesFromPrice, ZERO_PRICE, type Price } from "../../src/domain/money.ts";
import { brokerOrderId } from "../../src/domain/ids.ts";
import {
  assertNever,
  limitTerms,
  type Order,
  type OrderChange,
  type OrderOutcome,
  type OrderRequest,
  type OrderTerms,
} from "../../src/domain/order.ts";
import { BrokerError, failedOutcome } from "../../src/errors.ts";
import { ORDER_ID } from "../base.ts";
import { requireSame, withoutOrderNumber } from "./errors.ts";
import { DHAN } from "./facts.ts";
import type { OrderAckRaw, OrderStatusRaw, OrderTypeRaw } from "./schemas.ts";
import { venueId } from "./venue.ts";

/** Body of POST /orders. Fields without a value are left out, because Dhan refuses empty ones. */
export function fromRequest(request: OrderRequest): Record<string, unknown> {
  return {
    correlationId: request.tag,
    transactionType: request.side,
    ...venueId(request.key),
    productType: fromProduct(request),
    ...fromTerms(request.terms),
    validity: request.validity,
    quantity: request.qty,
    ...(request.isAmo ? { afterMarketOrder: true, amoTime: "OPEN" } : {}),
  };
}

function fromProduct({ productType }: OrderRequest): string {
  if (productType === "CO" || productType === "BO") throw new RangeError(`not offered at Dhan: ${productType}`);
  return productType;
}

/**
 * Dhan turns MARKET into a limit order at a distance of its own, so the limit shown on the card is sent instead. Its
 * STOP_LOSS_MARKET is unreliable, so a stop is sent with that limit too.
 */
function fromTerms(terms: OrderTerms): { orderType: OrderTypeRaw; price?: number; triggerPrice?: number } {
  const { type, price, triggerPrice } = limitTerms(terms);
  return type === "SL" ? stopLoss(price, triggerPrice) : { orderType: "LIMIT", price: rupeesFromPrice(price) };
}

const stopLoss = (limit: Price, trigger: Price) => ({
  orderType: "STOP_LOSS" as const,
  price: rupeesFromPrice(limit),
  triggerPrice: rupeesFromPrice(trigger),
});

/** Body of PUT /orders/{order-id}, which takes every field. `quantity` is the new total. */
export function fromChange(order: Order, change: OrderChange): Record<string, unknown> {
  if (order.validity === "OTHER") throw notKnown("validity");
  const { legName, disclosedQuantity } = order.handle;
  return {
    orderId: order.orderId,
    ...(change.terms ? fromTerms(change.terms) : termsOf(order)),
    quantity: change.qty ?? order.qty,
    validity: order.validity,
    ...(legName === undefined ? {} : { legName }),
    ...(disclosedQuantity === undefined ? {} : { disclosedQuantity: Number(disclosedQuantity) }),
  };
}

function termsOf({ type, price, triggerPrice }: Order): ReturnType<typeof fromTerms> {
  switch (type) {
    case "MARKET":
      return { orderType: "MARKET" };
    case "LIMIT":
      return { orderType: "LIMIT", price: rupeesFromPrice(requirePrice(price, "limit")) };
    case "SL":
      return stopLoss(requirePrice(price, "limit"), requirePrice(triggerPrice, "trigger"));
    case "SL-M":
      return { orderType: "STOP_LOSS_MARKET", triggerPrice: rupeesFromPrice(requirePrice(triggerPrice, "trigger")) };
    default:
      return assertNever(type, "order type");
  }
}

/** A row may lack its price; resending 0 would change the order. */
function requirePrice(price: Price, what: string): Price {
  if (price === ZERO_PRICE) throw notKnown(what);
  return price;
}

const notKnown = (what: string): BrokerError =>
  new BrokerError("invalid-request", `the order's own ${what} is not known`, {
    broker: DHAN,
    endpoint: "PUT /orders/{order-id}",
  });

/** Body of POST /margincalculator. */
export function marginBody(request: OrderRequest): Record<string, unknown> {
  const { price, triggerPrice } = limitTerms(request.terms);
  return {
    ...venueId(request.key),
    transactionType: request.side,
    quantity: request.qty,
    productType: fromProduct(request),
    price: rupeesFromPrice(price),
    triggerPrice: rupeesFromPrice(triggerPrice),
  };
}

/** "Accepted" means that Dhan took the order: risk checks or the exchange may still reject it, as the book shows. */
export function toPlaced(ack: OrderAckRaw): OrderOutcome {
  if (!ORDER_ID.test(ack.orderId)) return { kind: "unknown", reason: "Dhan answered without an order id" };
  const orderId = brokerOrderId(ack.orderId);
  if (ack.orderStatus !== "REJECTED") return { kind: "accepted", orderId, handle: {} };
  return { kind: "rejected", reason: "Dhan rejected the order", raw: ack.orderStatus, orderId };
}

const REFUSES_CHANGE: ReadonlySet<OrderStatusRaw> = new Set(["REJECTED"]);
/** States that mean the order was not cancelled. */
const REFUSES_CANCEL: ReadonlySet<OrderStatusRaw> = new Set(["TRADED", "CLOSED", "REJECTED", "EXPIRED"]);

export function toChanged(ack: OrderAckRaw, order: Order): OrderOutcome {
  requireSame("PUT /orders/{order-id}", "orderId", order.orderId, ack.orderId);
  return outcomeOf(ack, order, REFUSES_CHANGE);
}
export function toCancelled(ack: OrderAckRaw, order: Order): OrderOutcome {
  requireSame("DELETE /orders/{order-id}", "orderId", order.orderId, ack.orderId);
  return outcomeOf(ack, order, REFUSES_CANCEL);
}

function outcomeOf(ack: OrderAckRaw, { orderId, handle }: Order, refusing: ReadonlySet<OrderStatusRaw>): OrderOutcome {
  if (!refusing.has(ack.orderStatus)) return { kind: "accepted", orderId, handle };
  return { kind: "rejected", reason: `Dhan answered ${ack.orderStatus}`, raw: ack.orderStatus, orderId };
}

export function toOutcome(error: unknown): OrderOutcome {
  const outcome = failedOutcome(error);
  return outcome.kind === "rejected" ? { ...outcome, reason: withoutOrderNumber(outcome.reason) } : outcome;
}
