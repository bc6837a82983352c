import { brokerOrderId } from "../../src/domain/ids.ts";
import type { TradedSegment } from "../../src/domain/instrument.ts";
import { parseIst } from "../../src/domain/market.ts";
import { priceFromRupees, ZERO_PRICE } from "../../src/domain/money.ts";
import { assertNever, type Order, type OrderStatus, type Product } from "../../src/domain/order.ts";
import type { Trade } from "../../src/domain/portfolio.ts";
import { bookMessage } from "../replies.ts";
import type { OrderRaw, ProductRaw, TradeRaw } from "./schemas.ts";
import { identityOf, type Lookup } from "./venue.ts";

/** `D` is delivery (CNC) for shares and carry-over (MARGIN) for contracts. */
export function toProduct(product: ProductRaw, segment: TradedSegment): Product {
  switch (product) {
    case "D":
      return segment === "NSE" || segment === "BSE" ? "CNC" : "MARGIN";
    case "I":
      return "INTRADAY";
    case "MTF":
    case "CO":
      return product;
    default:
      return assertNever(product, "product");
  }
}

/** While a modification or cancellation is pending the order keeps its state: an unfilled stop waits. */
export function toStatus(row: Pick<OrderRaw, "status" | "order_type" | "filled_quantity">): OrderStatus {
  switch (row.status) {
    case "put order req received":
    case "validation pending":
    case "open pending":
    case "after market order req received":
    case "modify after market order req received":
      return "pending";
    case "open":
      return "open";
    case "trigger pending":
      return "trigger-pending";
    case "modify validation pending":
    case "modify pending":
    case "modified":
    case "not modified":
    case "cancel pending":
    case "not cancelled":
      return row.order_type.startsWith("SL") && row.filled_quantity === 0 ? "trigger-pending" : "open";
    case "complete":
      return "filled";
    case "cancelled":
    case "cancelled after market order":
      return "cancelled";
    case "rejected":
      return "rejected";
    default:
      return assertNever(row.status, "order status");
  }
}

export function toOrder(row: OrderRaw, lookup: Lookup): Order {
  const { key, symbol, segment } = identityOf(row, lookup);
  const { order_type: type, disclosed_quantity: disclosed } = row;
  const isPriced = type === "LIMIT" || type === "SL";
  return {
    orderId: brokerOrderId(row.order_id),
    exchangeOrderId: row.exchange_order_id || null,
    tag: row.tag || null,
    symbol,
    key,
    side: row.transaction_type,
    type,
    productType: toProduct(row.product, segment),
    validity: row.validity === "DAY" || row.validity === "IOC" ? row.validity : "OTHER",
    qty: row.quantity,
    filledQty: row.filled_quantity,
    avgPrice: priceFromRupees(row.average_price),
    price: isPriced ? priceFromRupees(row.price) : ZERO_PRICE,
    triggerPrice: priceFromRupees(row.trigger_price),
    status: toStatus(row),
    message: bookMessage(row.status_message || row.status_message_raw),
    isAmo: row.is_amo || row.status.includes("after market"),
    placedAt: toTime(row.order_timestamp),
    // A modification resends every field, so those that it must not reset are kept in the handle.
    handle: disclosed > 0 ? { disclosedQuantity: String(disclosed) } : {},
  };
}

export function toTrade(row: TradeRaw, lookup: Lookup): Trade {
  const { key, symbol, segment } = identityOf(row, lookup);
  return {
    tradeId: row.trade_id,
    orderId: brokerOrderId(row.order_id),
    symbol,
    key,
    side: row.transaction_type,
    productType: toProduct(row.product, segment),
    qty: row.quantity,
    price: priceFromRupees(row.average_price),
    at: toTime(row.exchange_timestamp),
  };
}

/** IST without a zone: `2026-11-20 13:25:13` for orders, `20-Nov-2026 15:03:42` for trades. */
const toTime = (text: string | null): number | null => (text ? parseIst(text) : null);
