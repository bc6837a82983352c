import type { BrokerOrderId, InstrumentKey, OrderTag, TradingSymbol } from "./ids.ts";
import { ZERO_PRICE, type Paise, type Price } from "./money.ts";

export const SIDES = ["BUY", "SELL"] as const;
export type Side = (typeof SIDES)[number];
export const ORDER_TYPES = ["MARKET", "LIMIT", "SL", "SL-M"] as const;
export type OrderType = (typeof ORDER_TYPES)[number];
/**
 * CNC: delivery. INTRADAY: MIS. MARGIN: NRML, derivatives carried overnight. MTF: funded delivery. CO, BO: cover,
 * bracket order.
 */
export const PRODUCTS = ["CNC", "INTRADAY", "MARGIN", "MTF", "CO", "BO"] as const;
export type Product = (typeof PRODUCTS)[number];
/** Shares are delivered, so only owned shares can be sold: there are no short positions. */
export const isDelivery = (product: Product): product is "CNC" | "MTF" => product === "CNC" || product === "MTF";
export const VALIDITIES = ["DAY", "IOC"] as const;
export type Validity = (typeof VALIDITIES)[number];

/**
 * An order's status at the broker. `pending`: in validation or transit. `open`: resting in the market, maybe partly filled.
 * `trigger-pending`: waiting for its trigger. The last four are final.
 */
export const ORDER_STATUSES = [
  "pending",
  "open",
  "trigger-pending",
  "filled",
  "cancelled",
  "rejected",
  "expired",
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];
const FINAL: ReadonlySet<OrderStatus> = new Set(["filled", "cancelled", "rejected", "expired"]);
export const isFinal = (status: OrderStatus): boolean => FINAL.has(status);

/** One row of the broker's order book. */
export interface Order {
  readonly orderId: BrokerOrderId;
  readonly exchangeOrderId: string | null;
  readonly tag: string | null;
  readonly symbol: TradingSymbol;
  readonly key: InstrumentKey | null;
  readonly side: Side;
  readonly type: OrderType;
  readonly productType: Product;
  readonly validity: Validity | "OTHER";
  readonly qty: number;
  readonly filledQty: number;
  /** 0 until something has filled. */
  readonly avgPrice: Price;
  /** 0 for MARKET and SL-M. */
  readonly price: Price;
  /** 0 when there is none. */
  readonly triggerPrice: Price;
  readonly status: OrderStatus;
  /** The broker's or exchange's own message; null when it gave none. */
  readonly message: string | null;
  readonly isAmo: boolean;
  /** Epoch ms. */
  readonly placedAt: number | null;
  /** What the broker needs besides the id to change or cancel this order (Kite's variety, Angel's unique id). */
  readonly handle: Readonly<Record<string, string>>;
}

/** An order as it goes to a connector. Prices that do not belong to the type are absent, never 0. */
export interface OrderRequest {
  readonly tag: OrderTag;
  readonly key: InstrumentKey;
  readonly symbol: TradingSymbol;
  readonly side: Side;
  readonly productType: Product;
  readonly validity: Validity;
  /** Units. */
  readonly qty: number;
  readonly isAmo: boolean;
  readonly terms: OrderTerms;
}

/**
 * The price terms of an order. `protection` limits how far a market order may fill from the last (or trigger) price.
 */
export type OrderTerms =
  | { readonly type: "MARKET"; readonly protection: MarketProtection }
  | { readonly type: "LIMIT"; readonly price: Price }
  | { readonly type: "SL"; readonly price: Price; readonly triggerPrice: Price }
  | { readonly type: "SL-M"; readonly triggerPrice: Price; readonly protection: MarketProtection };

/** Estimated fill price of a unit. An SL-M order fills near its trigger, wherever the price is now. */
export function expectedPrice(terms: OrderTerms, last: Price | null): Price | null {
  if ("price" in terms) return terms.price;
  return "triggerPrice" in terms ? terms.triggerPrice : last;
}

export interface MarketProtection {
  /** In 1/100 percent: 100 is 1 %. */
  readonly basisPoints: number;
  /** Limit price, on a tick, for brokers that accept no market orders through their API. */
  readonly limit: Price;
}

/** A limit order, or a stop with a limit. `triggerPrice` is 0 for a limit order. */
export interface LimitTerms {
  readonly type: "LIMIT" | "SL";
  readonly price: Price;
  readonly triggerPrice: Price;
}

/** The same order with the protection's limit in place of a market price. */
export function limitTerms(terms: OrderTerms): LimitTerms {
  switch (terms.type) {
    case "MARKET":
      return { type: "LIMIT", price: terms.protection.limit, triggerPrice: ZERO_PRICE };
    case "LIMIT":
      return { type: "LIMIT", price: terms.price, triggerPrice: ZERO_PRICE };
    case "SL":
      return { type: "SL", price: terms.price, triggerPrice: terms.triggerPrice };
    case "SL-M":
      return { type: "SL", price: terms.protection.limit, triggerPrice: terms.triggerPrice };
    default:
      return assertNever(terms, "order terms");
  }
}

/** A modification of an open order. Absent fields stay as they are; `qty` is the new total. */
export interface OrderChange {
  readonly qty?: number;
  readonly terms?: OrderTerms;
}

/**
 * Outcome of an order request. `unknown`: the order may be live, and only the broker's order book can tell. The request is
 * never repeated. The `handle` of an accepted change replaces what it names of the order's.
 */
export type OrderOutcome =
  | { readonly kind: "accepted"; readonly orderId: BrokerOrderId; readonly handle: Readonly<Record<string, string>> }
  | { readonly kind: "rejected"; readonly reason: string; readonly raw: string; readonly orderId?: BrokerOrderId }
  | { readonly kind: "not-sent"; readonly reason: string; readonly cause: NotSentCause }
  | { readonly kind: "unknown"; readonly reason: string };
/** Proof that nothing reached the market. */
export type NotSentCause =
  | "session-expired"
  | "ip-not-allowed"
  | "invalid-credentials"
  | "invalid-request"
  | "unreachable";

export interface OrderCost {
  /** Null when the broker does not report it. */
  readonly margin: Paise | null;
  readonly charges: Paise | null;
}

export const opposite = (side: Side): Side => (side === "BUY" ? "SELL" : "BUY");

export function assertNever(value: never, what: string): never {
  throw new RangeError(`unknown ${what}: ${String(value)}`);
}
