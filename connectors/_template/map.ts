import { brokerOrderId, tradingSymbol, type InstrumentKey, type TradingSymbol } from "../../src/domain/ids.ts";
import { indexKey, instrumentKey, SEGMENTS, type Instrument } from "../../src/domain/instrument.ts";
import { parseIst } from "../../src/domain/market.ts";
import {
  paiseFromRupees,
  priceFromRupees,
  rupeesFromPrice,
  subtractPaise,
  ZERO_PRICE,
  type Price,
} from "../../src/domain/money.ts";
import {
  assertNever,
  type Order,
  type OrderRequest,
  type OrderStatus,
  type OrderTerms,
} from "../../src/domain/order.ts";
import type { Candle, Depth, Funds, Holding, Position, Quote, Trade } from "../../src/domain/portfolio.ts";
import { candleAt } from "../candles.ts";
import { bookMessage } from "../replies.ts";
import type * as raw from "./schemas.ts";

/** `NSE:3045`, `INDEX:NIFTY50`: Acme identifies instruments by segment and the exchange's token, as we do. */
export function toKey(text: string): InstrumentKey {
  const [head = "", token = ""] = text.split(":");
  const segment = SEGMENTS.find((each) => each === head);
  if (segment === undefined) throw new RangeError(`unknown segment: ${head}`);
  return segment === "INDEX" ? indexKey(token) : instrumentKey(segment, token);
}

export const toListed = (row: {
  instrument: string;
  symbol: string;
}): { key: InstrumentKey; symbol: TradingSymbol } => ({
  key: toKey(row.instrument),
  symbol: tradingSymbol(row.symbol),
});
const orNull = (rupees: number | null): Price | null => (rupees === null ? null : priceFromRupees(rupees));

export const toFunds = (row: raw.FundsRaw): Funds => ({
  available: paiseFromRupees(row.available),
  used: paiseFromRupees(row.used),
  cash: paiseFromRupees(row.cash),
  collateral: paiseFromRupees(row.collateral),
});

export const toHolding = (row: raw.HoldingRaw): Holding => ({
  ...toListed(row),
  isin: row.isin,
  productType: row.product,
  qty: row.quantity,
  t1Qty: row.t1,
  sellableQty: row.sellable,
  pledgedQty: row.pledged,
  avgPrice: priceFromRupees(row.average),
  ltp: orNull(row.last),
  prevClose: orNull(row.close),
  pnl: row.pnl === null ? null : paiseFromRupees(row.pnl),
});

export function toPosition(row: raw.PositionRaw): Position {
  const pnl = paiseFromRupees(row.pnl);
  const realised = paiseFromRupees(row.realised);
  return {
    ...toListed(row),
    segment: row.segment,
    productType: row.product,
    qty: Math.abs(row.net),
    side: row.net === 0 ? "CLOSED" : row.net > 0 ? "BUY" : "SELL",
    avgPrice: row.net === 0 ? ZERO_PRICE : priceFromRupees(row.average),
    ltp: orNull(row.last),
    pnl,
    realised,
    unrealised: subtractPaise(pnl, realised),
    dayPnl: paiseFromRupees(row.day_pnl),
    buyQty: row.buy_quantity,
    buyValue: paiseFromRupees(row.buy_value),
    sellQty: row.sell_quantity,
    sellValue: paiseFromRupees(row.sell_value),
    multiplier: 1,
  };
}

const STATUS = {
  new: "pending",
  open: "open",
  waiting: "trigger-pending",
  done: "filled",
  cancelled: "cancelled",
  rejected: "rejected",
  expired: "expired",
} as const satisfies Record<raw.OrderRaw["status"], OrderStatus>;

export const toOrder = (row: raw.OrderRaw): Order => ({
  ...toListed(row),
  orderId: brokerOrderId(row.id),
  exchangeOrderId: row.exchange_id,
  tag: row.tag,
  side: row.side,
  type: row.type,
  productType: row.product,
  validity: row.validity === "DAY" || row.validity === "IOC" ? row.validity : "OTHER",
  qty: row.quantity,
  filledQty: row.filled,
  avgPrice: priceFromRupees(row.average),
  price: priceFromRupees(row.price),
  triggerPrice: priceFromRupees(row.trigger),
  status: STATUS[row.status],
  message: bookMessage(row.message),
  isAmo: row.after_market,
  placedAt: parseIst(row.placed_at),
  handle: {},
});

export const toTrade = (row: raw.TradeRaw): Trade => ({
  ...toListed(row),
  tradeId: row.id,
  orderId: brokerOrderId(row.order_id),
  side: row.side,
  productType: row.product,
  qty: row.quantity,
  price: priceFromRupees(row.price),
  at: parseIst(row.at),
});

export const toQuote = ({ key, symbol }: Instrument, row: raw.QuoteRaw): Quote => ({
  key,
  symbol,
  ltp: priceFromRupees(row.last),
  open: orNull(row.open),
  high: orNull(row.high),
  low: orNull(row.low),
  prevClose: orNull(row.close),
  bid: orNull(row.bid),
  ask: orNull(row.ask),
  volume: row.volume,
  openInterest: row.open_interest,
  lowerCircuit: orNull(row.lower_circuit),
  upperCircuit: orNull(row.upper_circuit),
  at: parseIst(row.at),
  source: "broker",
});

export function toDepth({ key, symbol }: Instrument, row: raw.DepthRaw): Depth {
  const levels = (side: raw.DepthRaw["bids"]) =>
    side.map((level) => ({ ...level, price: priceFromRupees(level.price) }));
  return {
    key,
    symbol,
    bids: levels(row.bids),
    asks: levels(row.asks),
    totalBidQty: row.total_bids,
    totalAskQty: row.total_asks,
    ltp: priceFromRupees(row.last),
  };
}

export const toCandle = ([at, open, high, low, close, volume]: raw.CandleRaw): Candle =>
  candleAt(parseIst(at), open, high, low, close, volume);

/** Body of POST /orders. */
export const fromRequest = (request: OrderRequest) => ({
  tag: request.tag,
  instrument: request.key,
  side: request.side,
  product: request.productType,
  validity: request.validity,
  quantity: request.qty,
  after_market: request.isAmo,
  ...fromTerms(request.terms),
});

/** Only the prices that the order type uses. Market orders carry how far from the last price they may fill. */
export function fromTerms(terms: OrderTerms): Readonly<Record<string, string | number>> {
  const { type } = terms;
  switch (type) {
    case "MARKET":
      return { type, protection_percent: terms.protection.basisPoints / 100 };
    case "LIMIT":
      return { type, price: rupeesFromPrice(terms.price) };
    case "SL":
      return { type, price: rupeesFromPrice(terms.price), trigger: rupeesFromPrice(terms.triggerPrice) };
    case "SL-M":
      return {
        type,
        trigger: rupeesFromPrice(terms.triggerPrice),
        protection_percent: terms.protection.basisPoints / 100,
      };
    default:
      return assertNever(type, "order type");
  }
}
