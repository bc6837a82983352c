import { brokerOrderId, type OrderTag } from "../../src/domain/ids.ts";
import { parseIst } from "../../src/domain/market.ts";
import { priceFromRupees, ZERO_PRICE } from "../../src/domain/money.ts";
import { assertNever, type Order, type OrderStatus, type OrderType, type Product } from "../../src/domain/order.ts";
import type { Trade } from "../../src/domain/portfolio.ts";
import type { ReadRow } from "../../src/lib/rows.ts";
import { bookMessage } from "../replies.ts";
import type { OrderRaw, OrderTypeRaw, ProductRaw, TradeRaw } from "./schemas.ts";
import { identityOf, type Lookup } from "./venue.ts";

const PRODUCTS = { CNC: "CNC", MIS: "INTRADAY", NRML: "MARGIN" } as const satisfies Record<ProductRaw, Product>;
export const toProduct = (product: ProductRaw): Product => PRODUCTS[product];

export const ORDER_TYPES = {
  LIMIT: "LIMIT",
  MARKET: "MARKET",
  SL: "SL",
  SL_M: "SL-M",
} as const satisfies Record<OrderTypeRaw, OrderType>;

/** While a modification or cancellation is pending the order keeps its state: an unfilled stop waits. */
export function toStatus(row: Pick<OrderRaw, "order_status" | "order_type" | "filled_quantity">): OrderStatus {
  switch (row.order_status) {
    case "NEW":
    case "ACKED":
      return "pending";
    case "APPROVED":
    case "OPEN":
      return "open";
    case "MODIFICATION_REQUESTED":
    case "CANCELLATION_REQUESTED":
      return row.order_type.startsWith("SL") && row.filled_quantity === 0 ? "trigger-pending" : "open";
    case "TRIGGER_PENDING":
      return "trigger-pending";
    case "EXECUTED":
    case "DELIVERY_AWAITED":
    case "COMPLETED":
      return "filled";
    case "CANCELLED":
      return "cancelled";
    case "REJECTED":
    case "FAILED":
      return "rejected";
    default:
      return assertNever(row.order_status, "order status");
  }
}

const MIN_REFERENCE = 8;

/** A reference has 8 to 20 letters, digits and at most two hyphens. Shorter tags are padded: hyphen, then zeros. */
export const toReference = (tag: OrderTag): string =>
  tag.length >= MIN_REFERENCE ? tag : `${tag}-${"0".repeat(MIN_REFERENCE - tag.length)}`;

export function toTag(reference: string | null | undefined): string | null {
  if (!reference) return null;
  const [, tag, padding = ""] = /^([A-Za-z0-9]+)-(0+)$/.exec(reference) ?? [];
  return tag !== undefined && tag.length + padding.length === MIN_REFERENCE ? tag : reference;
}

/** Values of orders placed outside the session. Others have NA; unverified: what MARKET means. */
const AFTER_MARKET: ReadonlySet<string> = new Set(["PENDING", "DISPATCHED", "PARKED", "PLACED", "FAILED"]);

export function toOrder(row: OrderRaw, lookup: Lookup): Order {
  const { key, symbol } = identityOf(row, lookup);
  const type = ORDER_TYPES[row.order_type];
  const isPriced = type === "LIMIT" || type === "SL";
  const isStop = type === "SL" || type === "SL-M";
  const status = toStatus(row);
  return {
    orderId: brokerOrderId(row.groww_order_id),
    exchangeOrderId: null,
    tag: toTag(row.order_reference_id),
    symbol,
    key,
    side: row.transaction_type,
    type,
    productType: toProduct(row.product),
    validity: row.validity === "DAY" || row.validity === "IOC" ? row.validity : "OTHER",
    qty: row.quantity,
    filledQty: row.filled_quantity,
    avgPrice: row.filled_quantity > 0 ? priceFromRupees(row.average_fill_price ?? 0) : ZERO_PRICE,
    price: isPriced ? priceFromRupees(row.price ?? 0) : ZERO_PRICE,
    triggerPrice: isStop ? priceFromRupees(row.trigger_price ?? 0) : ZERO_PRICE,
    status,
    // For any other order, even a cancelled one, the remark only says that it was placed.
    message: status === "rejected" ? bookMessage(row.remark) : null,
    isAmo: AFTER_MARKET.has(row.amo_status ?? ""),
    placedAt: toTime(row.created_at),
    // Every call about an order needs its segment.
    handle: { segment: row.segment },
  };
}

export function toTrade(row: TradeRaw, lookup: Lookup): Trade {
  const { key, symbol } = identityOf(row, lookup);
  return {
    tradeId: row.exchange_trade_id,
    orderId: brokerOrderId(row.groww_order_id),
    symbol,
    key,
    side: row.transaction_type,
    productType: toProduct(row.product),
    qty: row.quantity,
    price: priceFromRupees(row.price),
    at: toTime(row.trade_date_time),
  };
}

/** All fills of an order as one trade at the average price, for when its trades are not available. */
export function averageFill(row: OrderRaw): ReadRow<TradeRaw> {
  const { groww_order_id, exchange, segment, trading_symbol, product, transaction_type } = row;
  const named = { groww_order_id, exchange, segment, trading_symbol };
  if (!row.average_fill_price) return { ok: false, partial: named, field: "average_fill_price" };
  const fill = { ...named, product, transaction_type, quantity: row.filled_quantity, price: row.average_fill_price };
  const when = row.exchange_time || row.created_at;
  return {
    ok: true,
    row: { ...fill, exchange_trade_id: groww_order_id, trade_status: "EXECUTED", trade_date_time: when },
  };
}

/** Times are IST even if they end in Z; only an explicit offset is used. */
export function toTime(text: string): number {
  if (!/[+-]\d{2}:\d{2}$/.test(text)) return parseIst(text);
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new RangeError(`not a time: ${text}`);
  return at;
}
