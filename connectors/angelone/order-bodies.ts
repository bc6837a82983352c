import { PRICE_SCALE, type Price } from "../../src/domain/money.ts";
import {
  assertNever,
  limitTerms,
  type Order,
  type OrderChange,
  type OrderRequest,
  type OrderTerms,
  type OrderType,
  type Product,
} from "../../src/domain/order.ts";
import type { OrderAckRaw, OrderRaw } from "./schemas.ts";

type AngelProduct = OrderRaw["producttype"];
type AngelOrderType = OrderRaw["ordertype"];

export function fromProduct(product: Product): AngelProduct {
  switch (product) {
    case "CNC":
      return "DELIVERY";
    case "INTRADAY":
      return "INTRADAY";
    case "MARGIN":
      return "CARRYFORWARD";
    case "MTF":
      return "MARGIN";
    case "BO":
      return "BO";
    case "CO":
      throw new RangeError("Angel One has no cover orders");
    default:
      return assertNever(product, "product");
  }
}

const ANGEL_TYPE_OF: Readonly<Record<OrderType, AngelOrderType>> = {
  MARKET: "MARKET",
  LIMIT: "LIMIT",
  SL: "STOPLOSS_LIMIT",
  "SL-M": "STOPLOSS_MARKET",
};

interface Venue {
  readonly exchange: string;
  readonly tradingsymbol: string;
  readonly symboltoken: string;
}

/**
 * Angel One refuses MARKET or turns it into a limit at a distance of its own, so the limit shown on the card is sent
 * instead.
 */
export const fromTerms = (terms: OrderTerms) => wireTerms(limitTerms(terms));

const wireTerms = ({ type, price, triggerPrice }: Pick<Order, "type" | "price" | "triggerPrice">) => ({
  ordertype: ANGEL_TYPE_OF[type],
  price: rupees(price),
  triggerprice: rupees(triggerPrice),
});

/** Body of placeOrder: all values are strings. */
export function fromRequest(request: OrderRequest, venue: Venue): Readonly<Record<string, string>> {
  const terms = fromTerms(request.terms);
  return {
    variety: varietyOf(request),
    ...venue,
    transactiontype: request.side,
    ...terms,
    producttype: fromProduct(request.productType),
    duration: request.validity,
    squareoff: "0",
    stoploss: "0",
    trailingStopLoss: "0",
    quantity: String(request.qty),
    disclosedquantity: "0",
    ordertag: request.tag,
    // Consent to trade securities under surveillance, which are refused without it (AB4036). No effect on others.
    scripconsent: "yes",
  };
}

/** A stop must have variety STOPLOSS; outside the session Angel One makes it an after-market order by itself. */
function varietyOf(request: OrderRequest): "NORMAL" | "STOPLOSS" | "AMO" {
  if (request.terms.type === "SL" || request.terms.type === "SL-M") return "STOPLOSS";
  return request.isAmo ? "AMO" : "NORMAL";
}

/** Body of modifyOrder: every field, unchanged ones from the order. Null when the handle lacks any of them. */
export function fromChange(order: Order, change: OrderChange): Readonly<Record<string, string>> | null {
  const { variety, exchange, tradingsymbol, symboltoken, duration } = order.handle;
  if (!variety || !exchange || !tradingsymbol || !symboltoken || !duration) return null;
  return {
    variety,
    orderid: order.orderId,
    ...(change.terms ? fromTerms(change.terms) : wireTerms(order)),
    producttype: fromProduct(order.productType),
    duration,
    quantity: String(change.qty ?? order.qty),
    tradingsymbol,
    symboltoken,
    exchange,
  };
}

/** The handle of a new order: fields of the request, and the unique id from the reply. */
export const handleOf = (sent: Readonly<Record<string, string>>, ack: OrderAckRaw): Readonly<Record<string, string>> =>
  orderHandle({
    variety: sent.variety ?? "",
    exchange: sent.exchange ?? "",
    tradingsymbol: sent.tradingsymbol ?? "",
    symboltoken: sent.symboltoken ?? "",
    duration: sent.duration ?? "",
    uniqueorderid: ack.uniqueorderid,
  });

/** "1010.50"; four decimals only if the price needs them. */
function rupees(at: Price): string {
  if (at === 0) return "0";
  return (at / PRICE_SCALE).toFixed(at % 100 === 0 ? 2 : 4);
}

/** Fields that modifyOrder, cancelOrder and details need. */
export function orderHandle(row: {
  variety: string;
  exchange: string;
  tradingsymbol: string;
  symboltoken: string;
  duration: string;
  uniqueorderid: string;
}): Readonly<Record<string, string>> {
  const { variety, exchange, tradingsymbol, symboltoken, duration, uniqueorderid } = row;
  return { variety, exchange, tradingsymbol, symboltoken, duration, ...(uniqueorderid ? { uniqueorderid } : {}) };
}
