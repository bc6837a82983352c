import { brokerOrderId, type InstrumentKey, tradingSymbol, type TradingSymbol } from "../../src/domain/ids.ts";
import {
  equitySymbol,
  type Instrument,
  instrumentKey,
  type TradedSegment,
  SEGMENTS,
  symbolPrefix,
} from "../../src/domain/instrument.ts";
import { parseIst } from "../../src/domain/market.ts";
import { paiseFromRupees, priceFromRupees, rupeesFromPrice } from "../../src/domain/money.ts";
import {
  assertNever,
  type MarketProtection,
  type Order,
  type OrderChange,
  type OrderCost,
  type OrderRequest,
  type OrderStatus,
  type OrderTerms,
  type OrderType,
  ORDER_TYPES,
  type Product,
  type Side,
  SIDES,
} from "../../src/domain/order.ts";
import type { Trade } from "../../src/domain/portfolio.ts";
import type { VenueInstrument } from "../base.ts";
import { bookMessage } from "../replies.ts";
import type { OrderParams, OrderPath } from "./client.ts";
import type { OrderMarginRaw, OrderRaw, TradeRaw } from "./schemas.ts";

type ListedRaw = Pick<OrderRaw, "exchange" | "tradingsymbol" | "instrument_token">;

/** NSE series have two characters (`RELINFRA-BE`) and EQ is omitted, so `BAJAJ-AUTO` is a name with a hyphen, in EQ. */
export function splitSeries(venueSymbol: string): { ticker: string; series: string } {
  const match = /^(.+)-([A-Z0-9]{2})$/.exec(venueSymbol);
  return { ticker: match?.[1] ?? venueSymbol, series: match?.[2] ?? "EQ" };
}

/** Kite spells derivatives as we do. */
export function toSymbol(segment: TradedSegment, venueSymbol: string): TradingSymbol {
  if (segment !== "NSE") return tradingSymbol(`${symbolPrefix(segment)}:${venueSymbol}`);
  const { ticker, series } = splitSeries(venueSymbol);
  return equitySymbol("NSE", ticker, series);
}

/** The lowest byte of Kite's token is the segment, the rest is the exchange's token. */
export const toKey = (segment: TradedSegment, instrumentToken: number): InstrumentKey =>
  instrumentKey(segment, Math.floor(instrumentToken / 256));

export function toListed(raw: ListedRaw): { segment: TradedSegment; symbol: TradingSymbol; key: InstrumentKey } {
  const segment = SEGMENTS.find((segment) => segment === raw.exchange);
  if (segment === undefined || segment === "INDEX") throw new RangeError(`unknown exchange: ${raw.exchange}`);
  return {
    segment,
    symbol: toSymbol(segment, raw.tradingsymbol),
    key: toKey(segment, raw.instrument_token),
  };
}

export function toProduct(product: string): Product {
  switch (product) {
    case "CNC":
    case "MTF":
    case "CO":
    case "BO":
      return product;
    case "MIS":
      return "INTRADAY";
    case "NRML":
      return "MARGIN";
    default:
      throw new RangeError(`unknown product: ${product}`);
  }
}

function fromProduct(product: Product): string {
  switch (product) {
    case "CNC":
    case "MTF":
      return product;
    case "INTRADAY":
      return "MIS";
    case "MARGIN":
      return "NRML";
    case "CO":
    case "BO":
      throw new RangeError(`${product} orders cannot be placed at Zerodha from here`);
    default:
      return assertNever(product, "product");
  }
}

/**
 * All statuses that Kite documents or was seen to send. An unknown one throws: it must not pass for another. While a
 * modification or cancellation is pending the order keeps its state: an unfilled stop waits.
 */
export function toStatus(raw: Pick<OrderRaw, "status" | "order_type" | "filled_quantity">): OrderStatus {
  switch (raw.status) {
    case "COMPLETE":
      return "filled";
    case "CANCELLED":
    case "CANCELLED AMO":
      return "cancelled";
    case "REJECTED":
      return "rejected";
    case "OPEN":
      return "open";
    case "CANCEL PENDING":
    case "MODIFY PENDING":
    case "MODIFY VALIDATION PENDING":
    case "MODIFIED":
    case "NOT MODIFIED":
      return raw.order_type.startsWith("SL") && raw.filled_quantity === 0 ? "trigger-pending" : "open";
    case "TRIGGER PENDING":
      return "trigger-pending";
    case "PUT ORDER REQ RECEIVED":
    case "VALIDATION PENDING":
    case "OPEN PENDING":
    case "AMO REQ RECEIVED":
    case "MODIFY AMO REQ RECEIVED":
      return "pending";
    default:
      throw new RangeError(`unknown order status: ${raw.status}`);
  }
}

function oneOf<T extends string>(values: readonly T[], value: string, what: string): T {
  const known = values.find((candidate) => candidate === value);
  if (known === undefined) throw new RangeError(`unknown ${what}: ${value}`);
  return known;
}
const toSide = (side: string): Side => oneOf(SIDES, side, "side");
const toOrderType = (type: string): OrderType => oneOf(ORDER_TYPES, type, "order type");

/** Kite writes "no time" as null, as an empty or missing field, or as the year 1. */
export const toTime = (time: string | null | undefined): number | null =>
  !time || time.startsWith("0001-") ? null : parseIst(time);

export function toOrder(raw: OrderRaw): Order {
  const { symbol, key } = toListed(raw);
  return {
    orderId: brokerOrderId(raw.order_id),
    exchangeOrderId: raw.exchange_order_id,
    tag: raw.tag ?? null,
    symbol,
    key,
    side: toSide(raw.transaction_type),
    type: toOrderType(raw.order_type),
    productType: toProduct(raw.product),
    validity: raw.validity === "DAY" || raw.validity === "IOC" ? raw.validity : "OTHER",
    qty: raw.quantity,
    filledQty: raw.filled_quantity,
    avgPrice: priceFromRupees(raw.average_price),
    price: priceFromRupees(raw.price),
    triggerPrice: priceFromRupees(raw.trigger_price),
    status: toStatus(raw),
    message: bookMessage(raw.status_message),
    isAmo: raw.variety === "amo",
    placedAt: toTime(raw.order_timestamp),
    handle: { variety: raw.variety },
  };
}

export const carriesTag = (raw: Pick<OrderRaw, "tag" | "tags">, tag: string): boolean =>
  raw.tag === tag || (raw.tags ?? []).includes(tag);

export function toTrade(raw: TradeRaw): Trade {
  const { symbol, key } = toListed(raw);
  return {
    tradeId: raw.trade_id,
    orderId: brokerOrderId(raw.order_id),
    symbol,
    key,
    side: toSide(raw.transaction_type),
    productType: toProduct(raw.product),
    qty: raw.quantity,
    price: priceFromRupees(raw.average_price),
    at: toTime(raw.fill_timestamp),
  };
}

export const toOrderCost = (raw: OrderMarginRaw): OrderCost => ({
  margin: paiseFromRupees(raw.total),
  charges: raw.charges ? paiseFromRupees(raw.charges.total) : null,
});

export const varietyOf = (request: Pick<OrderRequest, "isAmo">): string => (request.isAmo ? "amo" : "regular");

export function fromOrder(order: Pick<Order, "orderId" | "handle">): OrderPath {
  const variety = order.handle["variety"];
  if (variety === undefined) throw new RangeError("a Zerodha order is changed by its variety, which is missing");
  return { variety, orderId: order.orderId };
}

/** `exchange` and `tradingsymbol` from Zerodha's own master, never built from our symbol. */
export function fromRequest(request: OrderRequest, venue: VenueInstrument): OrderParams {
  const { segment } = venue.instrument;
  if (segment === "INDEX") throw new RangeError("an index cannot be traded");
  return {
    exchange: segment,
    tradingsymbol: venue.venueSymbol,
    transaction_type: request.side,
    quantity: request.qty,
    product: fromProduct(request.productType),
    validity: request.validity,
    tag: request.tag,
    ...fromTerms(takesStopMarket(venue.instrument) ? request.terms : asStopLimit(request.terms)),
  };
}

/** BSE no longer takes SL-M, nor NSE for options, so Kite refuses it there. */
const takesStopMarket = ({ segment, kind }: Instrument): boolean =>
  kind !== "option" && segment !== "BSE" && segment !== "BFO";

/** A stop-limit order with the limit shown on the card. */
const asStopLimit = (terms: OrderTerms): OrderTerms =>
  terms.type === "SL-M" ? { type: "SL", price: terms.protection.limit, triggerPrice: terms.triggerPrice } : terms;

export const fromChange = ({ qty, terms }: OrderChange): OrderParams => ({
  ...(qty === undefined ? {} : { quantity: qty }),
  ...(terms === undefined ? {} : fromTerms(terms)),
});

/** One order of POST /margins/orders, where every price field is mandatory. */
export function fromRequestForCost(request: OrderRequest, venue: VenueInstrument): OrderParams {
  const { tag: _tag, validity: _validity, market_protection: _protection, ...params } = fromRequest(request, venue);
  return { price: 0, trigger_price: 0, ...params, variety: varietyOf(request) };
}

function fromTerms(terms: OrderTerms): OrderParams {
  switch (terms.type) {
    case "MARKET":
      return { order_type: terms.type, market_protection: percentOf(terms.protection) };
    case "LIMIT":
      return { order_type: terms.type, price: rupeesFromPrice(terms.price) };
    case "SL":
      return {
        order_type: terms.type,
        price: rupeesFromPrice(terms.price),
        trigger_price: rupeesFromPrice(terms.triggerPrice),
      };
    case "SL-M":
      return {
        order_type: terms.type,
        trigger_price: rupeesFromPrice(terms.triggerPrice),
        market_protection: percentOf(terms.protection),
      };
    default:
      return assertNever(terms, "order terms");
  }
}

/** Since 2026-04 Kite refuses MARKET and SL-M without protection; 0 counts as none. */
function percentOf({ basisPoints }: MarketProtection): number {
  if (!(basisPoints > 0 && basisPoints <= 10_000))
    throw new RangeError(`not a protection: ${basisPoints} basis points`);
  return basisPoints / 100;
}
