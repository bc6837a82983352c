import { istClock, istDateTime } from "../../../src/domain/market.ts";
import { type Price, rupeesFromPrice } from "../../../src/domain/money.ts";
import type { Order, OrderStatus } from "../../../src/domain/order.ts";
import type { Trade } from "../../../src/domain/portfolio.ts";
import type { KiteDirectory } from "./names.ts";
import type { Form } from "./order-forms.ts";
import { kiteProduct, listedFields } from "./portfolio.ts";

/** What Kite's order book shows of an order but the exchange does not store. */
export interface KiteMemo {
  readonly variety: string;
  readonly protection: { readonly percent: number; readonly limit: Price } | null;
  readonly modifications: number;
}

/** Kite's newer ids have 19 digits, more than a JSON number holds; the exchange's have 15. */
const KITE_ID_PREFIX = "1992";
export const toKiteId = (orderId: string): string => KITE_ID_PREFIX + orderId;
export const fromKiteId = (orderId: string): string =>
  orderId.startsWith(KITE_ID_PREFIX) && orderId.length > KITE_ID_PREFIX.length
    ? orderId.slice(KITE_ID_PREFIX.length)
    : "unknown";

const STATUS: Readonly<Record<OrderStatus, string>> = {
  pending: "OPEN PENDING",
  open: "OPEN",
  "trigger-pending": "TRIGGER PENDING",
  filled: "COMPLETE",
  cancelled: "CANCELLED",
  expired: "CANCELLED",
  rejected: "REJECTED",
};

/** An after-market order that the exchange has not had has states of its own. */
function statusOf({ status, isAmo, exchangeOrderId }: Order, modifications: number): string {
  const isHeldBack = isAmo && exchangeOrderId === null;
  if (isHeldBack && status === "cancelled") return "CANCELLED AMO";
  if (!isHeldBack || status !== "pending") return STATUS[status];
  return modifications > 0 ? "MODIFY AMO REQ RECEIVED" : "AMO REQ RECEIVED";
}

export function orderRow(
  order: Order,
  { variety, protection, modifications }: KiteMemo,
  directory: KiteDirectory,
  userId: string,
): Record<string, unknown> {
  const listing = order.key === null ? undefined : directory.of(order.key);
  const at = order.placedAt === null ? null : istDateTime(order.placedAt);
  const exchangeAt = order.exchangeOrderId === null ? null : at;
  const left = order.qty - order.filledQty;
  const isCancelled = order.status === "cancelled" || order.status === "expired";
  // The book shows a protected market order as the limit order that it became.
  const isShownAsLimit = protection !== null && order.type === "MARKET";
  const tags = [order.tag ?? [], protection ? ["mktp", `mktp:${protection.percent.toFixed(2)}`] : []].flat();
  return {
    account_id: userId,
    placed_by: userId,
    order_id: toKiteId(order.orderId),
    exchange_order_id: order.exchangeOrderId,
    parent_order_id: null,
    status: statusOf(order, modifications),
    status_message: order.message,
    status_message_raw: order.message === null ? null : `RMS:${order.message}`,
    order_timestamp: at,
    exchange_update_timestamp: exchangeAt,
    exchange_timestamp: exchangeAt,
    variety,
    modified: modifications > 0,
    ...(listing ? listedFields(listing) : {}),
    order_type: isShownAsLimit ? "LIMIT" : order.type,
    transaction_type: order.side,
    validity: order.validity,
    validity_ttl: 0,
    product: kiteProduct(order.productType),
    quantity: order.qty,
    disclosed_quantity: 0,
    price: rupeesFromPrice(isShownAsLimit ? protection.limit : order.price),
    trigger_price: rupeesFromPrice(order.triggerPrice),
    average_price: rupeesFromPrice(order.avgPrice),
    filled_quantity: order.filledQty,
    pending_quantity: order.status === "rejected" ? 0 : left,
    cancelled_quantity: isCancelled ? left : 0,
    market_protection: 0,
    meta: {},
    tag: order.tag,
    ...(tags.length > 0 ? { tags } : {}),
    guid: null,
  };
}

export function tradeRow(trade: Trade, directory: KiteDirectory): Record<string, unknown> {
  const listing = trade.key === null ? undefined : directory.of(trade.key);
  const at = trade.at === null ? null : istDateTime(trade.at);
  return {
    trade_id: trade.tradeId,
    order_id: toKiteId(trade.orderId),
    ...(listing ? listedFields(listing) : {}),
    product: kiteProduct(trade.productType),
    average_price: rupeesFromPrice(trade.price),
    quantity: trade.qty,
    exchange_order_id: null,
    transaction_type: trade.side,
    fill_timestamp: at,
    // Kite sends the time without a date here.
    order_timestamp: trade.at === null ? null : istClock(trade.at),
    exchange_timestamp: at,
  };
}

export function marginRow(form: Form, total: number, charges: number, isCompact: boolean): Record<string, unknown> {
  const compact = { type: "equity", tradingsymbol: form["tradingsymbol"], exchange: form["exchange"], total };
  if (isCompact) return compact;
  return {
    ...compact,
    span: 0,
    exposure: 0,
    option_premium: 0,
    additional: 0,
    bo: 0,
    cash: 0,
    var: total,
    pnl: { realised: 0, unrealised: 0 },
    leverage: 1,
    charges: {
      transaction_tax: 0,
      transaction_tax_type: "stt",
      exchange_turnover_charge: 0,
      sebi_turnover_charge: 0,
      brokerage: 0,
      stamp_duty: 0,
      gst: { igst: 0, cgst: 0, sgst: 0, total: 0 },
      total: charges,
    },
  };
}
