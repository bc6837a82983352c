import type { InstrumentTable } from "../base.ts";
import { brokerOrderId, tradingSymbol, type InstrumentKey, type TradingSymbol } from "../../src/domain/ids.ts";
import { instrumentKey, symbolPrefix, type TradedSegment } from "../../src/domain/instrument.ts";
import { istInstant, parseIst } from "../../src/domain/market.ts";
import { priceFromRupees, ZERO_PRICE } from "../../src/domain/money.ts";
import {
  assertNever,
  VALIDITIES,
  type Order,
  type OrderStatus,
  type OrderType,
  type Product,
  type Validity,
} from "../../src/domain/order.ts";
import type { Trade } from "../../src/domain/portfolio.ts";
import { bookMessage } from "../replies.ts";
import { orderHandle } from "./order-bodies.ts";
import type { OrderRaw, TradeRaw } from "./schemas.ts";

type AngelProduct = OrderRaw["producttype"];
type AngelOrderType = OrderRaw["ordertype"];

export interface InstrumentFields {
  readonly exchange: OrderRaw["exchange"];
  readonly tradingsymbol: string;
  readonly symboltoken?: string;
}
interface Identity {
  readonly segment: TradedSegment;
  readonly key: InstrumentKey | null;
  readonly symbol: TradingSymbol;
}

/**
 * Identity of a row. Shares need no master. A derivative's symbol needs it, and is Angel One's own name without it.
 * Trade rows have no token, so their key needs it too.
 */
export function identityOf(row: InstrumentFields, master: InstrumentTable | null): Identity {
  const segment = row.exchange;
  const token = row.symboltoken ?? "";
  const ownKey = /^\d{1,12}$/.test(token) ? instrumentKey(segment, token) : null;
  const entry = ownKey ? master?.byKey(ownKey) : master?.byVenueSymbol(segment, row.tradingsymbol);
  const key = ownKey ?? entry?.instrument.key ?? null;
  const symbol = entry?.instrument.symbol ?? tradingSymbol(`${symbolPrefix(segment)}:${row.tradingsymbol}`);
  return { segment, key, symbol };
}

export const PRODUCT_OF: Readonly<Record<AngelProduct, Product>> = {
  DELIVERY: "CNC",
  INTRADAY: "INTRADAY",
  CARRYFORWARD: "MARGIN",
  MARGIN: "MTF",
  BO: "BO",
};

const TYPE_OF: Readonly<Record<AngelOrderType, OrderType>> = {
  MARKET: "MARKET",
  LIMIT: "LIMIT",
  STOPLOSS_LIMIT: "SL",
  STOPLOSS_MARKET: "SL-M",
};
/** While a modification or cancellation is pending the order keeps its state: an unfilled stop waits. */
export function toStatus(row: Pick<OrderRaw, "status" | "ordertype" | "filledshares">): OrderStatus {
  switch (row.status) {
    case "put order req received":
    case "validation pending":
    case "open pending":
    case "after market order req received":
    case "modify after market order req received":
    case "amo submitted":
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
      return row.ordertype.startsWith("STOPLOSS") && row.filledshares === 0 ? "trigger-pending" : "open";
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

export function toOrder(row: OrderRaw, master: InstrumentTable | null): Order {
  const { key, symbol } = identityOf(row, master);
  const type = TYPE_OF[row.ordertype];
  const isPriced = type === "LIMIT" || type === "SL";
  const at = row.exchtime || row.updatetime;
  return {
    orderId: brokerOrderId(row.orderid),
    exchangeOrderId: row.exchangeorderid || null,
    tag: row.ordertag || null,
    symbol,
    key,
    side: row.transactiontype,
    type,
    productType: PRODUCT_OF[row.producttype],
    validity: toValidity(row.duration),
    qty: row.quantity,
    filledQty: row.filledshares,
    avgPrice: priceFromRupees(row.averageprice),
    price: isPriced ? priceFromRupees(row.price) : ZERO_PRICE,
    triggerPrice: priceFromRupees(row.triggerprice),
    status: toStatus(row),
    message: bookMessage(row.text),
    isAmo: row.variety === "AMO" || row.status.includes("after market") || row.status.startsWith("amo"),
    placedAt: at === "" ? null : parseIst(at),
    handle: orderHandle(row),
  };
}

const toValidity = (duration: string): Validity | "OTHER" =>
  VALIDITIES.find((validity) => validity === duration.trim().toUpperCase()) ?? "OTHER";

/** `filltime` has no date; the trade book is today's. */
export function toTrade(row: TradeRaw, master: InstrumentTable | null, today: string): Trade {
  const { key, symbol } = identityOf(row, master);
  return {
    tradeId: row.fillid,
    orderId: brokerOrderId(row.orderid),
    symbol,
    key,
    side: row.transactiontype,
    productType: PRODUCT_OF[row.producttype],
    qty: row.fillsize,
    price: priceFromRupees(row.fillprice),
    at: row.filltime === "" ? null : istInstant(today, row.filltime),
  };
}
