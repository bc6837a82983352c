import type { Exchange, ExchangeOrder } from "../../../connectors/paper/exchange/types.ts";
import { price, priceFromRupees, roundToTick, type Price } from "../../../src/domain/money.ts";
import type { OrderTerms, Product, Side } from "../../../src/domain/order.ts";
import type { Directory, Listing } from "./names.ts";
import { UpstoxRefusal, type Fields } from "./replies.ts";

const MAX_TAG = 40;
/** The protection that Upstox applies for `market_protection: -1`, in percent. */
const AUTOMATIC_PERCENT = 3;
const REQUIRED = ["quantity", "product", "validity", "price", "instrument_token", "order_type", "transaction_type"];
const REQUIRED_TOO = ["disclosed_quantity", "trigger_price", "is_amo"];

const bad = (code: number, message: string): UpstoxRefusal => new UpstoxRefusal(400, code, message);

/** Reads the body of a new order; a failed risk check shows up later, in the order book. */
export function newOrder(exchange: Exchange, directory: Directory, body: Fields): ExchangeOrder {
  for (const field of [...REQUIRED, ...REQUIRED_TOO])
    if (body[field] === undefined || body[field] === "") throw bad(1004, `The ${field} is required`);
  const listing = directory.named(String(body["instrument_token"]));
  if (!listing || listing.instrument.kind === "index") throw bad(1026, "The instrument_token is invalid");
  const side = sideOf(body["transaction_type"]);
  const tag = body["tag"] ?? null;
  if (tag !== null && (typeof tag !== "string" || tag.length > MAX_TAG)) throw bad(1119, "The tag is too long");
  if (body["validity"] !== "DAY" && body["validity"] !== "IOC") throw bad(1007, "The validity is invalid");
  return {
    tag,
    key: listing.instrument.key,
    side,
    productType: productOf(body["product"], listing),
    validity: body["validity"],
    qty: quantityOf(body["quantity"]),
    // Upstox ignores the body's `is_amo`: the time of day decides.
    isAmo: false,
    terms: termsOf(exchange, listing, side, body),
  };
}

function sideOf(value: unknown): Side {
  if (value === "BUY" || value === "SELL") return value;
  throw bad(1057, "The transaction_type is invalid");
}

/** `D` means delivery for a share and carry-forward for a contract. */
function productOf(value: unknown, { instrument }: Listing): Product {
  const isShare = instrument.kind === "equity";
  if (value === "I") return "INTRADAY";
  if (value === "D") return isShare ? "CNC" : "MARGIN";
  if (value === "MTF" && isShare) return "MTF";
  throw bad(1054, "The product is invalid");
}

/** JSON numbers, never text. */
export function quantityOf(value: unknown): number {
  if (value === 0) throw bad(1052, "The quantity cannot be zero");
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0) throw bad(1008, "The quantity is invalid");
  return value;
}

function amount(value: unknown, code: number, field: string): Price {
  if (typeof value !== "number" || value <= 0) throw bad(code, `The ${field} is invalid`);
  return priceFromRupees(value);
}

export function termsOf(exchange: Exchange, listing: Listing, side: Side, body: Fields): OrderTerms {
  const type = body["order_type"];
  const limit = (): Price => amount(body["price"], 1029, "price");
  const trigger = (): Price => amount(body["trigger_price"], 1030, "trigger_price");
  switch (type) {
    case "LIMIT":
      return { type, price: limit() };
    case "SL":
      return { type, price: limit(), triggerPrice: trigger() };
    case "MARKET":
      return { type, protection: protectionOf(body, exchange.quote(listing.instrument.key).ltp, side, listing) };
    case "SL-M":
      return { type, triggerPrice: trigger(), protection: protectionOf(body, trigger(), side, listing) };
    default:
      throw bad(1004, "The order_type is invalid");
  }
}

function protectionOf(body: Fields, reference: Price, side: Side, { instrument }: Listing) {
  const asked = body["market_protection"];
  if (typeof asked !== "number" || !Number.isInteger(asked) || asked === 0 || asked < -1)
    throw bad(1158, "Market orders are not allowed without market protection");
  if (asked > 25) throw bad(1159, "market_protection must be between -1 and 25");
  const percent = asked === -1 ? AUTOMATIC_PERCENT : asked;
  const far = price(Math.round((reference * (100 + (side === "BUY" ? percent : -percent))) / 100));
  return { basisPoints: percent * 100, limit: roundToTick(far, instrument.tickSize, side === "BUY" ? "down" : "up") };
}
