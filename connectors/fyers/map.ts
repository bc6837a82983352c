import { brokerOrderId } from "../../src/domain/ids.ts";
import { parseIst } from "../../src/domain/market.ts";
import { paiseFromRupees, priceFromRupees, rupeesFromPrice, ZERO_PAISE, ZERO_PRICE } from "../../src/domain/money.ts";
import type { Paise } from "../../src/domain/money.ts";
import type {
  Order,
  OrderChange,
  OrderRequest,
  OrderStatus,
  OrderTerms,
  OrderType,
  Side,
  Validity,
} from "../../src/domain/order.ts";
import { limitTerms } from "../../src/domain/order.ts";
import type { Carried, Funds, Holding, Listed, Position, Profile, Trade } from "../../src/domain/portfolio.ts";
import { priceOrNull } from "../quotes.ts";
import { bookMessage } from "../replies.ts";
import type {
  FundsRaw,
  HoldingRaw,
  OrderRaw,
  OrderTypeRaw,
  PositionRaw,
  ProfileRaw,
  StatusRaw,
  TradeRaw,
} from "./schemas.ts";
import { canonicalSymbol, keyFromFyToken, toSegment } from "./venue.ts";

export const toProfile = ({ data }: ProfileRaw): Profile => ({
  accountId: data.fy_id,
  name: data.name,
  canSellWithoutAuthorisation: data.ddpi_enabled ?? null,
  hasMarketData: null,
});

/** `Available Balance` includes the collateral. */
export function toFunds({ fund_limit: rows }: FundsRaw): Funds {
  const amount = (id: number, title: string): Paise => {
    const row = rows.find((row) => row.id === id);
    if (row === undefined) throw new RangeError(`no row ${id} (${title})`);
    return paiseFromRupees(row.equityAmount);
  };
  return {
    available: amount(10, "Available Balance"),
    used: amount(2, "Utilized Amount"),
    cash: amount(3, "Clear Balance"),
    collateral: amount(5, "Collaterals"),
  };
}

type ListedRaw = Pick<OrderRaw, "symbol" | "fyToken" | "exchange" | "segment">;

export const toListed = (row: ListedRaw): Listed => ({
  symbol: canonicalSymbol(row.symbol, toSegment(row.exchange, row.segment)),
  key: keyFromFyToken(row.fyToken),
});

/** Unverified: whether `quantity` includes the T1 shares, so the two are never added. */
export const openingQty = ({ quantity, qty_t1 }: HoldingRaw): number => Math.max(quantity, qty_t1);

export function toHolding(row: HoldingRaw): Holding {
  const qty = openingQty(row);
  const avgPrice = priceFromRupees(row.costPrice);
  const ltp = priceOrNull(row.ltp);
  return {
    ...toListed(row),
    isin: row.isin ? row.isin : null,
    productType: "CNC",
    qty,
    t1Qty: row.holdingType === "T1" ? qty : row.qty_t1,
    sellableQty: row.remainingQuantity,
    pledgedQty: row.collateralQuantity,
    avgPrice,
    ltp,
    prevClose: null,
    pnl: avgPrice === 0 || ltp === null ? null : paiseFromRupees(row.pl),
  };
}

/** P&L is Fyers' own: it cannot be computed from `netAvg`, which is adjusted by realised profit. */
export function toPosition(row: PositionRaw): Position {
  const segment = toSegment(row.exchange, row.segment);
  const isClosed = row.side === 0 || row.netQty === 0;
  const ltp = priceOrNull(row.ltp);
  // Without a last price, Fyers' formula values the open quantity at 0.
  const isPriced = isClosed || ltp !== null;
  const realised = paiseFromRupees(row.realized_profit);
  const pnl = isPriced ? paiseFromRupees(row.pl) : realised;
  const isAllFromToday = row.cfBuyQty === 0 && row.cfSellQty === 0;
  return {
    ...toListed(row),
    segment,
    productType: row.productType,
    qty: Math.abs(row.netQty),
    side: isClosed ? "CLOSED" : row.side === 1 ? "BUY" : "SELL",
    avgPrice: isClosed ? ZERO_PRICE : priceFromRupees(row.netAvg),
    ltp,
    pnl,
    realised,
    unrealised: isPriced ? paiseFromRupees(row.unrealized_profit) : ZERO_PAISE,
    dayPnl: isAllFromToday && isPriced ? pnl : null,
    ...(isAllFromToday ? {} : carriedIn(row)),
    buyQty: row.buyQty,
    buyValue: paiseFromRupees(row.buyVal),
    sellQty: row.sellQty,
    sellValue: paiseFromRupees(row.sellVal),
    multiplier: row.qtyMulti_com,
  };
}

/**
 * Fyers reports today's quantities but not their values, which only the trade book has (hence `dayCash: null`).
 * Unverified: whether the quantities include the multiplier. Where that matters, `carried` is left out.
 */
function carriedIn(row: PositionRaw): { readonly carried?: Carried } {
  const isTraded = row.dayBuyQty !== 0 || row.daySellQty !== 0;
  if (row.qtyMulti_com !== 1 && isTraded) return {};
  return { carried: { qty: row.cfBuyQty - row.cfSellQty, dayCash: isTraded ? null : ZERO_PAISE } };
}

const toSide = (side: 1 | -1): Side => (side === 1 ? "BUY" : "SELL");

const ORDER_TYPES = { 1: "LIMIT", 2: "MARKET", 3: "SL-M", 4: "SL" } as const satisfies Record<OrderTypeRaw, OrderType>;
const TYPE_CODES = { LIMIT: 1, MARKET: 2, "SL-M": 3, SL: 4 } as const satisfies Record<OrderType, OrderTypeRaw>;
const STATUSES = {
  1: "cancelled",
  2: "filled",
  4: "pending",
  5: "rejected",
  6: "open",
  7: "expired",
} as const satisfies Record<StatusRaw, OrderStatus>;

export function toOrder(row: OrderRaw): Order {
  const type = ORDER_TYPES[row.type];
  return {
    orderId: brokerOrderId(row.id),
    exchangeOrderId: row.exchOrdId ? row.exchOrdId : null,
    tag: toTag(row.orderTag),
    ...toListed(row),
    side: toSide(row.side),
    type,
    productType: row.productType,
    validity: toValidity(row.orderValidity),
    qty: row.qty,
    filledQty: row.filledQty,
    avgPrice: row.filledQty > 0 ? priceFromRupees(row.tradedPrice) : ZERO_PRICE,
    price: type === "LIMIT" || type === "SL" ? priceFromRupees(row.limitPrice) : ZERO_PRICE,
    triggerPrice: type === "SL" || type === "SL-M" ? priceFromRupees(row.stopPrice) : ZERO_PRICE,
    status: toStatus(row),
    message: bookMessage(row.message),
    isAmo: row.offlineOrder,
    placedAt: toInstant(row.orderDateTime),
    handle: {},
  };
}

/** Status 6 means open or waiting for the trigger: type, fills and message tell which. */
function toStatus(row: OrderRaw): OrderStatus {
  const isStop = row.type === 3 || row.type === 4;
  const hasTriggered = row.filledQty > 0 || /\btriggered\b/i.test(row.message ?? "");
  return row.status === 6 && isStop && !hasTriggered ? "trigger-pending" : STATUSES[row.status];
}

const toValidity = (text: string): Validity | "OTHER" => (text === "DAY" || text === "IOC" ? text : "OTHER");

/** Our tag comes back as `1:<tag>`. `2:…` is Fyers' own tag, `Untagged` is none. */
export function toTag(orderTag: string | null | undefined): string | null {
  const [, source, tag] = /^(?:(\d):)?(.*)$/.exec(orderTag ?? "") ?? [];
  return !tag || tag === "Untagged" || source === "2" ? null : tag;
}

/** Books have `20-Nov-2026 11:04:33` IST; the postback's documentation says epoch. */
function toInstant(when: string | number): number | null {
  const text = String(when).trim();
  if (text === "") return null;
  if (!/^\d{9,13}$/.test(text)) return parseIst(text);
  return Number(text) < 1e11 ? Number(text) * 1_000 : Number(text);
}

export const toTrade = (row: TradeRaw): Trade => ({
  tradeId: row.tradeNumber,
  orderId: brokerOrderId(row.orderNumber),
  ...toListed(row),
  side: toSide(row.side),
  productType: row.productType,
  qty: row.tradedQty,
  price: priceFromRupees(row.tradePrice),
  at: toInstant(row.orderDateTime),
});

/**
 * Fyers turns MARKET, and SL-M once triggered, into a limit order at a distance of its own, so the limit shown on the
 * card is sent instead. For options and on BSE the exchanges no longer take SL-M anyway.
 */
const fromTerms = (terms: OrderTerms) => wireTerms(limitTerms(terms));

const wireTerms = ({ type, price, triggerPrice }: Pick<Order, "type" | "price" | "triggerPrice">) => ({
  type: TYPE_CODES[type],
  limitPrice: rupeesFromPrice(price),
  stopPrice: rupeesFromPrice(triggerPrice),
});

const fromSide = (side: Side): 1 | -1 => (side === "BUY" ? 1 : -1);

/** Body of POST /orders/sync. Every field is mandatory; 0 is the default. */
export const fromRequest = (request: OrderRequest, symbol: string) => ({
  symbol,
  qty: request.qty,
  ...fromTerms(request.terms),
  side: fromSide(request.side),
  productType: request.productType,
  disclosedQty: 0,
  validity: request.validity,
  offlineOrder: request.isAmo,
  stopLoss: 0,
  takeProfit: 0,
  orderTag: request.tag,
  isSliceOrder: false,
});

/** Body of PATCH /orders/sync. Sends every field: what Fyers does with a missing one is not documented. */
export const fromChange = (order: Order, change: OrderChange) => ({
  id: order.orderId,
  qty: change.qty ?? order.qty,
  ...(change.terms ? fromTerms(change.terms) : wireTerms(order)),
});

/** One leg of POST /multiorder/margin. */
export const fromCostRequest = (request: OrderRequest, symbol: string) => ({
  symbol,
  qty: request.qty,
  side: fromSide(request.side),
  ...fromTerms(request.terms),
  productType: request.productType,
  stopLoss: 0,
  takeProfit: 0,
});
