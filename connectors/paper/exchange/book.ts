import type { BrokerOrderId, InstrumentKey, TradingSymbol } from "../../../src/domain/ids.ts";
import { ZERO_PAISE, ZERO_PRICE, averagePrice, paise } from "../../../src/domain/money.ts";
import type { Paise, Price } from "../../../src/domain/money.ts";
import { isFinal } from "../../../src/domain/order.ts";
import type { Order, OrderStatus, OrderTerms, Product, Side, Validity } from "../../../src/domain/order.ts";
import type { Trade } from "../../../src/domain/portfolio.ts";
import type { Calendar } from "./calendar.ts";
import type { Liquidity } from "./depth.ts";
import type { Market } from "./market.ts";
import type { Universe } from "./universe.ts";
import type { Walks } from "./walk.ts";

/** The exchange's own records, which are mutable. Outside this folder they are mapped to domain records. */
export interface BookOrder {
  readonly orderId: BrokerOrderId;
  /** Priority among orders of the same instant. */
  readonly sequence: number;
  readonly accountId: string;
  readonly tag: string | null;
  readonly key: InstrumentKey;
  readonly symbol: TradingSymbol;
  readonly side: Side;
  readonly productType: Product;
  readonly validity: Validity;
  readonly isAmo: boolean;
  readonly placedAt: number;
  qty: number;
  terms: OrderTerms;
  status: OrderStatus;
  message: string | null;
  filledQty: number;
  filledValue: Paise;
  charges: Paise;
  /** Money blocked for `reserveQty` units; fills release their share of it. */
  reserve: Paise;
  reserveQty: number;
  /** When it enters the book (after transit, or in the next session); null once it has. */
  arrivesAt: number | null;
  isTriggered: boolean;
  /** The second in which it fills at the prices of resting orders; later it rests and fills at its own limit. */
  takesAt: number;
  /** Seconds up to here have been matched. */
  seenUntil: number;
}

/** One instrument and product. `qty` is negative when short; `cost` is what the open quantity cost, or brought in. */
export interface PositionRow {
  readonly key: InstrumentKey;
  readonly product: Product;
  qty: number;
  cost: Paise;
  realised: Paise;
  /** Like `cost` and `realised`, but with carried quantity valued at the previous close. */
  dayCost: Paise;
  dayRealised: Paise;
  buyQty: number;
  buyValue: Paise;
  sellQty: number;
  sellValue: Paise;
}

/** Keyed by the share's NSE key, whichever exchange it was bought on. */
export interface HoldingRow {
  readonly key: InstrumentKey;
  readonly product: "CNC" | "MTF";
  settledQty: number;
  /** Bought but not delivered; `settlesOn` is the trading day of delivery (YYYY-MM-DD). */
  t1: { readonly qty: number; readonly settlesOn: string }[];
  /** Cost of all shares in the row; 0 when unknown. */
  cost: Paise;
}

export interface AccountState {
  readonly id: string;
  cash: Paise;
  charges: Paise;
  readonly orders: Map<BrokerOrderId, BookOrder>;
  trades: Trade[];
  readonly positions: Map<string, PositionRow>;
  readonly holdings: Map<string, HoldingRow>;
}

/** State shared by the parts of the exchange. */
export interface World {
  readonly calendar: Calendar;
  readonly walks: Walks;
  readonly universe: Universe;
  readonly market: Market;
  readonly liquidity: Liquidity;
  readonly accounts: Map<string, AccountState>;
  readonly live: Set<BookOrder>;
  readonly counters: { order: number; trade: number };
}

export const rowName = (key: InstrumentKey, product: Product): string => `${key} ${product}`;

export const isLive = (order: BookOrder): boolean => !isFinal(order.status);

/** `amount × part / whole`, rounded to the paisa; BigInt, because the product may exceed 2^53. */
export function proportion(amount: Paise, part: number, whole: number): Paise {
  if (part === whole) return amount;
  const twice = 2n * BigInt(whole);
  return paise(Number((BigInt(amount) * BigInt(part) * 2n + BigInt(whole)) / twice));
}

export const limitOf = (terms: OrderTerms): Price =>
  terms.type === "LIMIT" || terms.type === "SL" ? terms.price : terms.protection.limit;

export const triggerOf = (terms: OrderTerms): Price | null =>
  terms.type === "SL" || terms.type === "SL-M" ? terms.triggerPrice : null;

export function toOrder(order: BookOrder): Order {
  const { terms, filledQty, filledValue, status } = order;
  const isHeldBack = order.isAmo && order.arrivesAt !== null;
  const wasAtExchange = status !== "pending" && status !== "rejected" && !isHeldBack;
  return {
    orderId: order.orderId,
    exchangeOrderId: wasAtExchange ? String(1_100_000_000_000_000 + order.sequence) : null,
    tag: order.tag,
    symbol: order.symbol,
    key: order.key,
    side: order.side,
    type: terms.type,
    productType: order.productType,
    validity: order.validity,
    qty: order.qty,
    filledQty,
    avgPrice: filledQty === 0 ? ZERO_PRICE : averagePrice(filledValue, filledQty),
    price: terms.type === "LIMIT" || terms.type === "SL" ? terms.price : ZERO_PRICE,
    triggerPrice: triggerOf(terms) ?? ZERO_PRICE,
    status: order.status,
    message: order.message,
    isAmo: order.isAmo,
    placedAt: order.placedAt,
    handle: {},
  };
}

export function openRow(account: AccountState, key: InstrumentKey, product: Product): PositionRow {
  const name = rowName(key, product);
  let row = account.positions.get(name);
  if (!row) {
    const none = { cost: ZERO_PAISE, realised: ZERO_PAISE, dayCost: ZERO_PAISE, dayRealised: ZERO_PAISE };
    const traded = { buyQty: 0, buyValue: ZERO_PAISE, sellQty: 0, sellValue: ZERO_PAISE };
    row = { key, product, qty: 0, ...none, ...traded };
    account.positions.set(name, row);
  }
  return row;
}
