import { istClock, istDate } from "../../../src/domain/market.ts";
import { rupeesFromPrice } from "../../../src/domain/money.ts";
import type { Order, OrderStatus, OrderType } from "../../../src/domain/order.ts";
import type { Trade } from "../../../src/domain/portfolio.ts";
import { idOf, type Listing } from "./names.ts";
import { growwProduct } from "./portfolio.ts";

const STATUS: Readonly<Record<OrderStatus, string>> = {
  pending: "ACKED",
  open: "APPROVED",
  "trigger-pending": "TRIGGER_PENDING",
  filled: "EXECUTED",
  cancelled: "CANCELLED",
  expired: "CANCELLED",
  rejected: "REJECTED",
};

/** A filled delivery order waits for its delivery; an acknowledged cancel takes effect a moment later. */
export function statusOf({ status, productType }: Order, isBeingCancelled: boolean): string {
  if (status === "cancelled" && isBeingCancelled) return "CANCELLATION_REQUESTED";
  return status === "filled" && productType === "CNC" ? "DELIVERY_AWAITED" : STATUS[status];
}

const growwType = (type: OrderType): string => (type === "SL-M" ? "SL_M" : type);

function amoStatus({ isAmo, exchangeOrderId }: Order): string {
  if (!isAmo) return "NA";
  return exchangeOrderId === null ? "PENDING" : "PLACED";
}

const timeOf = (at: number | null): string => (at === null ? "" : `${istDate(at)}T${istClock(at)}`);

const listedFields = ({ exchange, segment, symbol }: Listing) => ({ exchange, segment, trading_symbol: symbol });

export function orderRow(order: Order, listing: Listing, isBeingCancelled: boolean): object {
  const isOpen = order.status === "open" || order.status === "trigger-pending";
  return {
    ...listedFields(listing),
    groww_order_id: idOf(order.orderId, listing),
    order_status: statusOf(order, isBeingCancelled),
    remark: order.message ?? "Order placed successfully",
    quantity: order.qty,
    price: rupeesFromPrice(order.price),
    trigger_price: rupeesFromPrice(order.triggerPrice),
    filled_quantity: order.filledQty,
    remaining_quantity: isOpen ? order.qty - order.filledQty : 0,
    average_fill_price: rupeesFromPrice(order.avgPrice),
    deliverable_quantity: order.filledQty,
    amo_status: amoStatus(order),
    validity: order.validity,
    order_type: growwType(order.type),
    transaction_type: order.side,
    product: growwProduct(order.productType),
    created_at: timeOf(order.placedAt),
    // Groww appends a Z although the time is IST.
    exchange_time: order.exchangeOrderId === null ? "" : `${timeOf(order.placedAt)}Z`,
    trade_date: order.placedAt === null ? "" : `${istDate(order.placedAt)}T00:00:00`,
    order_reference_id: order.tag,
  };
}

/** Groww leaves its own trade id empty. */
export function tradeRow(trade: Trade, listing: Listing, order: Order): object {
  return {
    ...listedFields(listing),
    price: rupeesFromPrice(trade.price),
    isin: listing.instrument.isin ?? "",
    quantity: trade.qty,
    groww_order_id: idOf(trade.orderId, listing),
    groww_trade_id: "",
    exchange_trade_id: trade.tradeId,
    exchange_order_id: order.exchangeOrderId ?? "",
    trade_status: "EXECUTED",
    remark: "Order placed successfully",
    product: growwProduct(trade.productType),
    transaction_type: trade.side,
    created_at: timeOf(trade.at),
    trade_date_time: timeOf(trade.at),
    settlement_number: "2026222",
  };
}
