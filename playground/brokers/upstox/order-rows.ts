import { istClock, istDate, istDateTime } from "../../../src/domain/market.ts";
import { rupeesFromPrice } from "../../../src/domain/money.ts";
import type { Order, OrderStatus } from "../../../src/domain/order.ts";
import type { Trade } from "../../../src/domain/portfolio.ts";
import { bookFields, type Listing } from "./names.ts";
import { upstoxProduct } from "./portfolio.ts";

const STATUS: Readonly<Record<OrderStatus, string>> = {
  pending: "open pending",
  open: "open",
  "trigger-pending": "trigger pending",
  filled: "complete",
  cancelled: "cancelled",
  expired: "cancelled",
  rejected: "rejected",
};

function statusOf({ status, isAmo, exchangeOrderId }: Order, isNotModified: boolean): string {
  const isWaiting = isAmo && exchangeOrderId === null;
  if (isWaiting && status === "cancelled") return "cancelled after market order";
  if (isWaiting && status === "pending") return "after market order req received";
  return isNotModified && (status === "open" || status === "trigger-pending") ? "not modified" : STATUS[status];
}

export interface RowParts {
  readonly userId: string;
  readonly notModified: string | null;
}

export function orderRow(order: Order, listing: Listing, { userId, notModified }: RowParts): object {
  const at = order.placedAt === null ? null : istDateTime(order.placedAt);
  const message = order.message ?? notModified;
  return {
    ...bookFields(listing),
    product: upstoxProduct(order.productType),
    price: rupeesFromPrice(order.price),
    quantity: order.qty,
    status: statusOf(order, notModified !== null),
    guid: null,
    tag: order.tag,
    placed_by: userId,
    order_type: order.type,
    validity: order.validity,
    trigger_price: rupeesFromPrice(order.triggerPrice),
    disclosed_quantity: 0,
    transaction_type: order.side,
    average_price: rupeesFromPrice(order.avgPrice),
    filled_quantity: order.filledQty,
    pending_quantity: order.status === "open" || order.status === "trigger-pending" ? order.qty - order.filledQty : 0,
    status_message: message,
    status_message_raw: message,
    exchange_order_id: order.exchangeOrderId ?? "",
    parent_order_id: null,
    order_id: order.orderId,
    variety: "SIMPLE",
    order_timestamp: at,
    exchange_timestamp: order.exchangeOrderId === null ? null : at,
    is_amo: order.isAmo,
    order_request_id: "1",
    order_ref_id: `udapi-${order.orderId}`,
  };
}

export function tradeRow(trade: Trade, listing: Listing, order: Order | undefined): object {
  const at = trade.at === null ? null : namedTime(trade.at);
  return {
    ...bookFields(listing),
    product: upstoxProduct(trade.productType),
    order_type: order?.type ?? "LIMIT",
    transaction_type: trade.side,
    quantity: trade.qty,
    exchange_order_id: order?.exchangeOrderId ?? "",
    order_id: trade.orderId,
    exchange_timestamp: at,
    average_price: rupeesFromPrice(trade.price),
    trade_id: trade.tradeId,
    order_ref_id: `udapi-${trade.orderId}`,
    order_timestamp: at,
  };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `20-Nov-2026 15:03:42` */
function namedTime(at: number): string {
  const [year, month, day] = istDate(at).split("-");
  return `${day}-${MONTHS[Number(month) - 1]}-${year} ${istClock(at)}`;
}
