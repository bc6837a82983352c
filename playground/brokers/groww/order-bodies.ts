import type { Exchange, ExchangeOrder } from "../../../connectors/paper/exchange/types.ts";
import { price, priceFromRupees, roundToTick, type Price } from "../../../src/domain/money.ts";
import type { OrderTerms, Product, Side } from "../../../src/domain/order.ts";
import type { Directory, Listing } from "./names.ts";
import { badRequest, type Fields } from "./replies.ts";

const REQUIRED = [
  "trading_symbol",
  "quantity",
  "validity",
  "exchange",
  "segment",
  "product",
  "order_type",
  "transaction_type",
  "order_reference_id",
];
/** How far from the last price a market order may fill. Unverified: Groww does not say what it does. */
const PROTECTION_PERCENT = 3;

/** 8 to 20 letters and digits with two hyphens at most. */
const isReference = (value: unknown): value is string =>
  typeof value === "string" && /^[A-Za-z0-9-]{8,20}$/.test(value) && (value.match(/-/g) ?? []).length <= 2;

export interface NewOrder {
  readonly order: ExchangeOrder;
  readonly listing: Listing;
  readonly reference: string;
}

/** Reads the body of a new order; a failed risk check shows up later, in the order list. */
export function newOrder(exchange: Exchange, directory: Directory, body: Fields): NewOrder {
  for (const field of REQUIRED)
    if (body[field] === undefined || body[field] === "") throw badRequest(`${field} is required.`);
  const reference = body["order_reference_id"];
  if (!isReference(reference)) throw badRequest("Invalid order reference id.");
  if (body["validity"] !== "DAY" && body["validity"] !== "IOC") throw badRequest("Invalid validity.");
  const { order, listing } = estimated(exchange, directory, body);
  return { order: { ...order, validity: body["validity"], tag: reference }, listing, reference };
}

/** Reads the fields that a new order and a margin call have in common. */
export function estimated(
  exchange: Exchange,
  directory: Directory,
  body: Fields,
): { order: ExchangeOrder; listing: Listing } {
  const listing = directory.named(body["exchange"], body["segment"], body["trading_symbol"]);
  if (!listing || listing.instrument.kind === "index") throw badRequest("Invalid trading symbol.");
  const side = sideOf(body["transaction_type"]);
  const order: ExchangeOrder = {
    tag: null,
    key: listing.instrument.key,
    side,
    productType: productOf(body["product"], listing),
    validity: "DAY",
    qty: quantityOf(body["quantity"]),
    isAmo: false,
    terms: termsOf(exchange, listing, side, body),
  };
  return { order, listing };
}

function sideOf(value: unknown): Side {
  if (value === "BUY" || value === "SELL") return value;
  throw badRequest("Invalid transaction type.");
}

function productOf(value: unknown, { segment }: Listing): Product {
  if (value === "MIS") return "INTRADAY";
  if (value === "CNC" && segment === "CASH") return "CNC";
  if (value === "NRML" && segment === "FNO") return "MARGIN";
  throw badRequest("Invalid product.");
}

/** JSON numbers, never text. */
export function quantityOf(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw badRequest("Invalid quantity.");
}

function amount(value: unknown, field: string): Price {
  if (typeof value === "number" && value > 0) return priceFromRupees(value);
  throw badRequest(`Invalid ${field}.`);
}

export function termsOf(exchange: Exchange, listing: Listing, side: Side, body: Fields): OrderTerms {
  const limit = (): Price => amount(body["price"], "price");
  const trigger = (): Price => amount(body["trigger_price"], "trigger price");
  switch (body["order_type"]) {
    case "LIMIT":
      return { type: "LIMIT", price: limit() };
    case "SL":
      return { type: "SL", price: limit(), triggerPrice: trigger() };
    case "MARKET":
      return { type: "MARKET", protection: protectionOf(exchange.quote(listing.instrument.key).ltp, side, listing) };
    case "SL_M":
      return { type: "SL-M", triggerPrice: trigger(), protection: protectionOf(trigger(), side, listing) };
    default:
      throw badRequest("Invalid order type.");
  }
}

function protectionOf(reference: Price, side: Side, { instrument }: Listing) {
  const far = price(Math.round((reference * (100 + (side === "BUY" ? 1 : -1) * PROTECTION_PERCENT)) / 100));
  const limit = roundToTick(far, instrument.tickSize, side === "BUY" ? "down" : "up");
  return { basisPoints: PROTECTION_PERCENT * 100, limit };
}
