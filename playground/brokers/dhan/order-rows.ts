import type { Instrument } from "../../../src/domain/instrument.ts";
import { isDerivative } from "../../../src/domain/instrument.ts";
import { istDateTime } from "../../../src/domain/market.ts";
import { rupeesFromPrice } from "../../../src/domain/money.ts";
import { isFinal, type Order, type OrderStatus } from "../../../src/domain/order.ts";
import type { Trade } from "../../../src/domain/portfolio.ts";
import { contractFields, tradingName, wireId } from "./names.ts";
import type { Fields } from "./reply.ts";

const STATUS_WORDS: Readonly<Record<OrderStatus, string>> = {
  pending: "TRANSIT",
  open: "PENDING",
  "trigger-pending": "PENDING",
  filled: "TRADED",
  cancelled: "CANCELLED",
  rejected: "REJECTED",
  expired: "EXPIRED",
};

export interface RowParts {
  readonly clientId: string;
  readonly isInTransit: boolean;
}

export function orderRow(
  order: Order,
  instrument: Instrument | undefined,
  { clientId, isInTransit }: RowParts,
): Fields {
  const at = order.placedAt === null ? "0001-01-01 00:00:00" : istDateTime(order.placedAt);
  const filledQty = isInTransit ? 0 : order.filledQty;
  const isAtExchange = !isInTransit && order.exchangeOrderId !== null;
  const isPartial = order.status === "open" && filledQty > 0;
  return {
    dhanClientId: clientId,
    orderId: order.orderId,
    exchangeOrderId: isAtExchange ? order.exchangeOrderId : "0",
    correlationId: order.tag ?? "NA",
    orderStatus: isInTransit ? "TRANSIT" : isPartial ? "PART_TRADED" : statusWord(order),
    transactionType: order.side,
    ...(order.key ? wireId(order.key) : {}),
    productType: order.productType,
    orderType: wireType(order),
    validity: order.validity,
    tradingSymbol: instrument ? tradingName(instrument) : order.symbol,
    quantity: order.qty,
    disclosedQuantity: 0,
    price: rupeesFromPrice(order.price),
    triggerPrice: rupeesFromPrice(order.triggerPrice),
    afterMarketOrder: order.isAmo,
    boProfitValue: 0,
    boStopLossValue: 0,
    legName: "NA",
    createTime: at,
    updateTime: at,
    exchangeTime: isAtExchange ? at : "0001-01-01 00:00:00",
    ...contractFields(instrument),
    omsErrorCode: "0",
    omsErrorDescription: isInTransit ? "CONFIRMED" : description(order),
    algoId: "0",
    remainingQuantity: isFinal(order.status) ? 0 : order.qty - filledQty,
    averageTradedPrice: isInTransit ? 0 : rupeesFromPrice(order.avgPrice),
    filledQty,
  };
}

/** An after-market order is PENDING already before the exchange has it. */
const statusWord = ({ status, isAmo }: Order): string =>
  status === "pending" && isAmo ? "PENDING" : STATUS_WORDS[status];

function description(order: Order): string {
  if (order.status === "rejected") return `RMS:${order.message ?? ""}`;
  return order.exchangeOrderId === null ? "" : "CONFIRMED";
}

function wireType(order: Order): string {
  if (order.type === "SL") return "STOP_LOSS";
  return order.type === "SL-M" ? "STOP_LOSS_MARKET" : "LIMIT";
}

export function tradeRow(trade: Trade, instrument: Instrument | undefined, clientId: string): Fields {
  const at = trade.at === null ? "0001-01-01 00:00:00" : istDateTime(trade.at);
  return {
    dhanClientId: clientId,
    orderId: trade.orderId,
    exchangeOrderId: trade.orderId,
    exchangeTradeId: trade.tradeId,
    transactionType: trade.side,
    ...(trade.key ? wireId(trade.key) : {}),
    productType: trade.productType,
    orderType: "LIMIT",
    tradingSymbol: instrument ? tradingName(instrument) : trade.symbol,
    customSymbol: instrument && isDerivative(instrument) ? tradingName(instrument) : (instrument?.name ?? ""),
    tradedQuantity: trade.qty,
    tradedPrice: rupeesFromPrice(trade.price),
    createTime: at,
    updateTime: at,
    exchangeTime: at,
    ...contractFields(instrument),
    // Trades do not say whether an option is a call or a put; orders do.
    drvOptionType: "NA",
  };
}
