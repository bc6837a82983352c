import { rupeesFromPrice, ZERO_PRICE, type Price } from "../../src/domain/money.ts";
import { brokerOrderId } from "../../src/domain/ids.ts";
import {
  assertNever,
  type Order,
  type OrderChange,
  type OrderOutcome,
  type OrderRequest,
  type OrderTerms,
} from "../../src/domain/order.ts";
import { BrokerError, failedOutcome } from "../../src/errors.ts";
import { ORDER_ID } from "../base.ts";
import { requireSame, withoutNumber } from "./errors.ts";
import { BROKER } from "./facts.ts";
import type { OrderAckRaw, OrderStatusRaw, OrderTypeRaw } from "./schemas.ts";
import { venueId } from "./venue.ts";

/** POST /orders. Keys without a value are left out: the server refuses empty ones. */
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
 * Dhan turns MARKET into a limit at a distance of its own: the one that the card promised goes out instead. A bare
 * STOP_LOSS_MARKET is unreliable, so the protective limit goes with it too.
 */
function fromTerms(terms: OrderTerms): { orderType: OrderTypeRaw; price?: number; triggerPrice?: number } {
  switch (terms.type) {
    case "MARKET":
      return { orderType: "LIMIT", price: rupeesFromPrice(terms.protection.limit) };
    case "LIMIT":
      return { orderType: "LIMIT", price: rupeesFromPrice(terms.price) };
    case "SL":
      return stopLoss(terms.price, terms.triggerPrice);
    case "SL-M":
      return stopLoss(terms.protection.limit, terms.triggerPrice);
    default:
      return assertNever(terms, "order terms");
  }
}

const stopLoss = (limit: Price, trigger: Price) => ({
  orderType: "STOP_LOSS" as const,
  price: rupeesFromPrice(limit),
  triggerPrice: rupeesFromPrice(trigger),
});

/** PUT /orders/{order-id} takes the whole set; `quantity` is the new total. */
export function fromChange(order: Order, change: OrderChange): Record<string, unknown> {
  if (order.validity === "OTHER") throw unknownOwn("validity");
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
      return { orderType: "LIMIT", price: rupeesFromPrice(own(price, "limit")) };
    case "SL":
      return stopLoss(own(price, "limit"), own(triggerPrice, "trigger"));
    case "SL-M":
      return { orderType: "STOP_LOSS_MARKET", triggerPrice: rupeesFromPrice(own(triggerPrice, "trigger")) };
    default:
      return assertNever(type, "order type");
  }
}

/** A row may lack it, and the order would be changed to 0. */
function own(price: Price, what: string): Price {
  if (price === ZERO_PRICE) throw unknownOwn(what);
  return price;
}

const unknownOwn = (what: string): BrokerError =>
  new BrokerError("invalid-request", `the order's own ${what} is not known`, {
    broker: BROKER,
    endpoint: "PUT /orders/{order-id}",
  });

/** The price at which the margin of an order is asked. */
export function marginBody(request: OrderRequest): Record<string, unknown> {
  const { terms } = request;
  const limit = terms.type === "LIMIT" || terms.type === "SL" ? terms.price : terms.protection.limit;
  const trigger = terms.type === "SL" || terms.type === "SL-M" ? terms.triggerPrice : ZERO_PRICE;
  return {
    ...venueId(request.key),
    transactionType: request.side,
    quantity: request.qty,
    productType: fromProduct(request),
    price: rupeesFromPrice(limit),
    triggerPrice: rupeesFromPrice(trigger),
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
/** A cancel that finds the order traded has not cancelled it. */
const REFUSES_CANCEL: ReadonlySet<OrderStatusRaw> = new Set(["TRADED", "CLOSED", "REJECTED", "EXPIRED"]);

export function toChanged(ack: OrderAckRaw, order: Order): OrderOutcome {
  requireSame("PUT /orders/{order-id}", "orderId", order.orderId, ack.orderId);
  return answered(ack, order, REFUSES_CHANGE);
}
export function toCancelled(ack: OrderAckRaw, order: Order): OrderOutcome {
  requireSame("DELETE /orders/{order-id}", "orderId", order.orderId, ack.orderId);
  return answered(ack, order, REFUSES_CANCEL);
}

function answered(ack: OrderAckRaw, { orderId, handle }: Order, refusing: ReadonlySet<OrderStatusRaw>): OrderOutcome {
  if (!refusing.has(ack.orderStatus)) return { kind: "accepted", orderId, handle };
  return { kind: "rejected", reason: `Dhan answered ${ack.orderStatus}`, raw: ack.orderStatus, orderId };
}

export function toOutcome(error: unknown): OrderOutcome {
  const outcome = failedOutcome(error);
  return outcome.kind === "rejected" ? { ...outcome, reason: withoutNumber(outcome.reason) } : outcome;
}
