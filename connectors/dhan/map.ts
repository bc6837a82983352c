import { brokerOrderId, type InstrumentKey, type TradingSymbol } from "../../src/domain/ids.ts";
import { instrumentKey } from "../../src/domain/instrument.ts";
import { parseIst } from "../../src/domain/market.ts";
import {
  paiseFromRupees,
  price,
  priceFromRupees,
  roundToTick,
  subtractPaise,
  sumPaise,
  valueOf,
  ZERO_PRICE,
  type Paise,
  type Price,
} from "../../src/domain/money.ts";
import { assertNever, type Order, type OrderStatus, type OrderType } from "../../src/domain/order.ts";
import type { Carried, Funds, Holding, Position, Profile, Trade } from "../../src/domain/portfolio.ts";
import { bookMessage } from "../replies.ts";
import type { FundsRaw, HoldingRaw, OrderRaw, OrderTypeRaw, PositionRaw, ProfileRaw, TradeRaw } from "./schemas.ts";
import { withoutOrderNumber } from "./errors.ts";
import { cashSymbol, textOrNull, SEGMENT_OF, toListed, type Lookup } from "./venue.ts";

const time = (text: string | null | undefined): number | null => {
  const at = textOrNull(text);
  return at === null ? null : parseIst(at);
};

export function toOrder(row: OrderRaw, lookup: Lookup): Order {
  const status = toStatus(row);
  return {
    orderId: brokerOrderId(row.orderId),
    exchangeOrderId: textOrNull(row.exchangeOrderId),
    tag: textOrNull(row.correlationId),
    ...toListed(row, lookup),
    side: row.transactionType,
    type: toOrderType(row.orderType),
    productType: row.productType,
    validity: row.validity === "DAY" || row.validity === "IOC" ? row.validity : "OTHER",
    qty: row.quantity,
    filledQty: row.filledQty,
    avgPrice: priceFromRupees(row.averageTradedPrice),
    price: priceFromRupees(row.price ?? 0),
    triggerPrice: priceFromRupees(row.triggerPrice ?? 0),
    status,
    // Orders that are not rejected have texts like CONFIRMED in this field.
    message: status === "rejected" ? bookMessage(withoutOrderNumber(textOrNull(row.omsErrorDescription) ?? "")) : null,
    isAmo: row.afterMarketOrder ?? false,
    placedAt: time(row.createTime),
    handle: orderHandle(row),
  };
}

/** A modification resends every field, so those that it must not reset are kept in the handle. */
function orderHandle(row: OrderRaw): Record<string, string> {
  const leg = textOrNull(row.legName);
  const disclosed = row.disclosedQuantity ?? 0;
  return {
    ...(leg === null ? {} : { legName: leg }),
    ...(disclosed > 0 ? { disclosedQuantity: String(disclosed) } : {}),
  };
}

/**
 * PENDING is also an after-market order before the exchange has it, and a stop order both before and after its trigger:
 * one without fills counts as waiting for it.
 */
function toStatus(row: OrderRaw): OrderStatus {
  switch (row.orderStatus) {
    case "TRANSIT":
      return "pending";
    case "PENDING":
    case "MODIFIED":
    case "CONFIRM":
    case "INACTIVE":
      if (row.afterMarketOrder && textOrNull(row.exchangeOrderId) === null) return "pending";
      return row.orderType.startsWith("STOP_LOSS") && row.filledQty === 0 ? "trigger-pending" : "open";
    case "TRIGGERED":
    case "PART_TRADED":
      return "open";
    case "TRADED":
    case "CLOSED":
      return "filled";
    case "CANCELLED":
      return "cancelled";
    case "REJECTED":
      return "rejected";
    case "EXPIRED":
      return "expired";
    default:
      return assertNever(row.orderStatus, "order status");
  }
}

function toOrderType(type: OrderTypeRaw): OrderType {
  switch (type) {
    case "LIMIT":
    case "MARKET":
      return type;
    case "STOP_LOSS":
      return "SL";
    case "STOP_LOSS_MARKET":
      return "SL-M";
    default:
      return assertNever(type, "order type");
  }
}

export const toTrade = (row: TradeRaw, lookup: Lookup): Trade => ({
  tradeId: row.exchangeTradeId,
  orderId: brokerOrderId(row.orderId),
  ...toListed(row, lookup),
  side: row.transactionType,
  productType: row.productType,
  qty: row.tradedQuantity,
  price: priceFromRupees(row.tradedPrice),
  at: time(row.exchangeTime) ?? time(row.createTime),
});

export function toPosition(row: PositionRaw, lookup: Lookup): Position {
  const listed = toListed(row, lookup);
  const realised = paiseFromRupees(row.realizedProfit);
  const unrealised = paiseFromRupees(row.unrealizedProfit);
  const pnl = sumPaise([realised, unrealised]);
  const isOpen = row.netQty !== 0;
  const isCarried = row.carryForwardBuyQty !== 0 || row.carryForwardSellQty !== 0;
  const avgPrice = isOpen ? priceFromRupees(row.costPrice) : ZERO_PRICE;
  return {
    ...listed,
    segment: SEGMENT_OF[row.exchangeSegment],
    productType: row.productType,
    qty: Math.abs(row.netQty),
    side: isOpen ? (row.netQty > 0 ? "BUY" : "SELL") : "CLOSED",
    avgPrice,
    ltp: isOpen
      ? impliedPrice(avgPrice, unrealised, row.netQty * row.multiplier, lookup(listed.key)?.instrument.tickSize)
      : null,
    pnl,
    realised,
    unrealised,
    // Without carried quantity all P&L is today's; with it, Dhan does not report today's part.
    dayPnl: isCarried ? null : pnl,
    ...(isCarried ? carriedIn(row) : {}),
    buyQty: row.buyQty,
    buyValue: sumPaise([paiseFromRupees(row.carryForwardBuyValue), paiseFromRupees(row.dayBuyValue)]),
    sellQty: row.sellQty,
    sellValue: sumPaise([paiseFromRupees(row.carryForwardSellValue), paiseFromRupees(row.daySellValue)]),
    multiplier: row.multiplier,
  };
}

/** Unverified: whether the day's values include the multiplier. Where that matters, `carried` is left out. */
function carriedIn(row: PositionRaw): { readonly carried?: Carried } {
  const dayCash = subtractPaise(paiseFromRupees(row.daySellValue), paiseFromRupees(row.dayBuyValue));
  const isTraded = row.daySellValue !== 0 || row.dayBuyValue !== 0;
  if (row.multiplier !== 1 && isTraded) return {};
  return { carried: { qty: row.carryForwardBuyQty - row.carryForwardSellQty, dayCash } };
}

const ONE_PAISA = price(100);

/** Rows have no last price: it is the price, on a tick, at which `units` bought at `cost` have this profit. */
function impliedPrice(cost: Price, unrealised: Paise, units: number, tick: Price = ONE_PAISA): Price {
  const perUnit = Math.round((unrealised * 100) / units);
  return roundToTick(price(cost + perUnit), tick > 0 ? tick : ONE_PAISA, "nearest");
}

export function toHolding(row: HoldingRaw, lookup: Lookup): Holding {
  const { key, symbol } = holdingIdentity(row, lookup);
  const avgPrice = priceFromRupees(row.avgCostPrice);
  const ltp = row.lastTradedPrice ? priceFromRupees(row.lastTradedPrice) : null;
  const funded = (row.mtf_qty ?? 0) + (row.mtf_t1_qty ?? 0);
  return {
    symbol,
    key,
    isin: textOrNull(row.isin),
    // Unverified: a row that is entirely funded counts as MTF, so that it is sold under that product.
    productType: funded > 0 && funded >= row.totalQty ? "MTF" : "CNC",
    qty: row.totalQty,
    t1Qty: row.t1Qty,
    sellableQty: row.availableQty,
    pledgedQty: row.collateralQty,
    avgPrice,
    ltp,
    prevClose: null,
    pnl: ltp === null || avgPrice === 0 ? null : valueOf(price(ltp - avgPrice), row.totalQty),
  };
}

/** The holding with a last price, and the P&L at it. */
export const pricedAt = (row: Holding, ltp: Price): Holding => ({
  ...row,
  ltp,
  pnl: row.avgPrice === 0 ? null : valueOf(price(ltp - row.avgPrice), row.qty),
});

/** `ALL` means both exchanges with NSE's id, unless only BSE lists a share with that id. */
export function holdingIdentity(
  row: Pick<HoldingRaw, "exchange" | "securityId" | "tradingSymbol">,
  lookup: Lookup,
): { key: InstrumentKey; symbol: TradingSymbol } {
  const nse = instrumentKey("NSE", row.securityId);
  const bse = instrumentKey("BSE", row.securityId);
  const isBse = row.exchange === "BSE" || (row.exchange === "ALL" && !lookup(nse) && lookup(bse) !== undefined);
  const key = isBse ? bse : nse;
  return { key, symbol: lookup(key)?.instrument.symbol ?? cashSymbol(isBse ? "BSE" : "NSE", row.tradingSymbol) };
}

/** `availabelBalance` includes the pledged collateral. */
export function toFunds(row: FundsRaw): Funds {
  const available = paiseFromRupees(row.available);
  const collateral = paiseFromRupees(row.collateralAmount);
  return {
    available,
    used: paiseFromRupees(row.utilizedAmount),
    cash: subtractPaise(available, collateral),
    collateral,
  };
}

const isActive = (text: string | null | undefined): boolean | null => (text ? text === "Active" : null);

/** The profile has no name. The reply to a login has, and the session keeps it. */
export const toProfile = (row: ProfileRaw, name: string | undefined): Profile => ({
  accountId: row.dhanClientId,
  name: name ?? row.dhanClientId,
  canSellWithoutAuthorisation: isActive(row.ddpi),
  hasMarketData: isActive(row.dataPlan),
});
