import { createHash } from "node:crypto";
import { istClock, istDate } from "../../../src/domain/market.ts";
import { PAISE_PER_RUPEE, PRICE_SCALE, type Paise, type Price } from "../../../src/domain/money.ts";
import type { Order, OrderType, Product } from "../../../src/domain/order.ts";
import type { Holding, Position, Quote, Trade } from "../../../src/domain/portfolio.ts";
import { venueTime, type Listing } from "./names.ts";

export const PRODUCT_NAMES: Readonly<Record<string, Product>> = {
  DELIVERY: "CNC",
  INTRADAY: "INTRADAY",
  CARRYFORWARD: "MARGIN",
  MARGIN: "MTF",
};
const productName = (product: Product): string =>
  Object.entries(PRODUCT_NAMES).find(([, known]) => known === product)?.[0] ?? product;

const TYPE_NAMES: Readonly<Record<OrderType, string>> = {
  MARKET: "LIMIT",
  LIMIT: "LIMIT",
  SL: "STOPLOSS_LIMIT",
  "SL-M": "STOPLOSS_MARKET",
};

const number = (at: Price): number => at / PRICE_SCALE;
const text = (amount: Paise): string => (amount / PAISE_PER_RUPEE).toFixed(2);
const priceText = (at: Price): string => (at / PRICE_SCALE).toFixed(2);
const average = (value: Paise, qty: number): string =>
  qty === 0 ? "0.00" : (value / qty / PAISE_PER_RUPEE).toFixed(2);

/** Derived from the order id, so that it survives a restart. */
export function uniqueOrderId(orderId: string): string {
  const hex = createHash("sha256").update(orderId).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

export function varietyOf(order: Pick<Order, "type" | "isAmo">): string {
  if (order.type === "SL" || order.type === "SL-M") return "STOPLOSS";
  return order.isAmo ? "AMO" : "NORMAL";
}

interface Shown {
  /** How often the book has shown the order while it was pending. */
  readonly reads: number;
  /** An after-market order was changed while it waited for its session. */
  readonly isChangedWaiting: boolean;
}

export function statusText(order: Order, { reads, isChangedWaiting }: Shown): string {
  switch (order.status) {
    case "pending":
      if (order.isAmo) return `${isChangedWaiting ? "modify " : ""}after market order req received`;
      return reads === 0 ? "put order req received" : "open pending";
    case "open":
      return "open";
    case "trigger-pending":
      return "trigger pending";
    case "filled":
      return "complete";
    case "cancelled":
      return order.isAmo && order.exchangeOrderId === null ? "cancelled after market order" : "cancelled";
    case "expired":
      return "cancelled";
    case "rejected":
      return "rejected";
  }
}

/** Prices are numbers and quantities text, as in the real book. */
export function orderRow(order: Order, listing: Listing, status: string, message: string): Record<string, unknown> {
  const at = order.placedAt ?? 0;
  const time = venueTime(istDate(at), istClock(at));
  const { instrument } = listing;
  return {
    variety: varietyOf(order),
    ordertype: TYPE_NAMES[order.type],
    producttype: productName(order.productType),
    duration: order.validity,
    price: number(order.price),
    triggerprice: number(order.triggerPrice),
    quantity: String(order.qty),
    disclosedquantity: "0",
    squareoff: 0,
    stoploss: 0,
    trailingstoploss: 0,
    tradingsymbol: listing.tradingsymbol,
    transactiontype: order.side,
    exchange: listing.exchange,
    symboltoken: listing.token,
    ordertag: order.tag ?? "",
    instrumenttype: listing.type,
    strikeprice: instrument.kind === "option" ? number(instrument.strike) : -1,
    optiontype: instrument.kind === "option" ? instrument.optionType : "",
    expirydate: listing.expiry,
    lotsize: String(instrument.lotSize),
    cancelsize: status.startsWith("cancelled") ? String(order.qty - order.filledQty) : "0",
    averageprice: number(order.avgPrice),
    filledshares: String(order.filledQty),
    unfilledshares: String(order.qty - order.filledQty),
    orderid: order.orderId,
    text: message,
    status,
    orderstatus: status,
    updatetime: time,
    exchtime: order.exchangeOrderId === null ? "" : time,
    exchorderupdatetime: order.exchangeOrderId === null ? "" : time,
    fillid: "",
    filltime: "",
    parentorderid: "",
    uniqueorderid: uniqueOrderId(order.orderId),
    exchangeorderid: order.exchangeOrderId ?? "",
  };
}

export const tradeRow = (trade: Trade, listing: Listing): Record<string, unknown> => ({
  exchange: listing.exchange,
  producttype: productName(trade.productType),
  tradingsymbol: listing.tradingsymbol,
  instrumenttype: listing.type,
  symbolgroup: "EQ",
  strikeprice: "-1",
  optiontype: "",
  expirydate: listing.expiry,
  marketlot: String(listing.instrument.lotSize),
  precision: "2",
  multiplier: "-1",
  tradevalue: (number(trade.price) * trade.qty).toFixed(2),
  transactiontype: trade.side,
  fillprice: priceText(trade.price),
  fillsize: String(trade.qty),
  orderid: trade.orderId,
  fillid: trade.tradeId,
  filltime: istClock(trade.at ?? 0),
});

/** Carried-forward (`cf…`) values are the totals minus today's trades. All values are text. */
export function positionRow(
  position: Position,
  trades: readonly Trade[],
  listing: Listing,
  quote: Quote,
): Record<string, unknown> {
  const today = (side: "BUY" | "SELL"): { qty: number; amount: number } =>
    trades
      .filter((trade) => trade.side === side)
      .reduce((sum, trade) => ({ qty: sum.qty + trade.qty, amount: sum.amount + trade.qty * trade.price }), {
        qty: 0,
        amount: 0,
      });
  const [bought, sold] = [today("BUY"), today("SELL")];
  const amount = (value: number): string => (value / PRICE_SCALE).toFixed(2);
  const carried = (total: Paise, day: number): string => (total / PAISE_PER_RUPEE - day / PRICE_SCALE).toFixed(2);
  const net = position.buyQty - position.sellQty;
  const netValue = (position.sellValue - position.buyValue) as Paise;
  const netPrice = average(Math.abs(netValue) as Paise, Math.abs(net));
  return {
    exchange: listing.exchange,
    symboltoken: listing.token,
    producttype: productName(position.productType),
    tradingsymbol: listing.tradingsymbol,
    symbolname: listing.name,
    instrumenttype: listing.type,
    priceden: "1",
    pricenum: "1",
    genden: "1",
    gennum: "1",
    precision: "2",
    multiplier: "-1",
    boardlotsize: String(listing.instrument.lotSize),
    buyqty: String(bought.qty),
    sellqty: String(sold.qty),
    buyamount: amount(bought.amount),
    sellamount: amount(sold.amount),
    strikeprice: listing.instrument.kind === "option" ? String(number(listing.instrument.strike)) : "-1",
    optiontype: listing.instrument.kind === "option" ? listing.instrument.optionType : "",
    expirydate: listing.expiry,
    lotsize: String(listing.instrument.lotSize),
    cfbuyqty: String(position.buyQty - bought.qty),
    cfsellqty: String(position.sellQty - sold.qty),
    cfbuyamount: carried(position.buyValue, bought.amount),
    cfsellamount: carried(position.sellValue, sold.amount),
    avgnetprice: netPrice,
    // The real rows have a blank after the minus.
    netvalue: text(netValue).replace("-", "- "),
    netqty: String(net),
    totalbuyvalue: text(position.buyValue),
    totalsellvalue: text(position.sellValue),
    totalbuyavgprice: average(position.buyValue, position.buyQty),
    totalsellavgprice: average(position.sellValue, position.sellQty),
    netprice: netPrice,
    pnl: text(position.pnl),
    realised: text(position.realised),
    unrealised: text(position.unrealised),
    ltp: priceText(quote.ltp),
    close: priceText(quote.prevClose ?? quote.ltp),
  };
}

/** Quantities are as of the morning, so `soldToday` is added back. `profitandloss` is rounded to rupees. */
export function holdingRow(holding: Holding, listing: Listing, soldToday: number): Record<string, unknown> {
  const quantity = holding.qty + soldToday;
  const pnl = holding.ltp === null ? 0 : (number(holding.ltp) - number(holding.avgPrice)) * quantity;
  return {
    tradingsymbol: listing.tradingsymbol,
    exchange: listing.exchange,
    isin: holding.isin ?? "",
    t1quantity: holding.t1Qty,
    realisedquantity: quantity - holding.t1Qty,
    quantity,
    authorisedquantity: 0,
    product: productName(holding.productType),
    collateralquantity: holding.pledgedQty === 0 ? null : holding.pledgedQty,
    collateraltype: null,
    haircut: 0,
    averageprice: number(holding.avgPrice),
    // Some of the real rows have none; here those of unknown cost.
    ltp: holding.ltp === null || holding.avgPrice === 0 ? 0 : number(holding.ltp),
    symboltoken: listing.token,
    close: holding.prevClose === null ? 0 : number(holding.prevClose),
    profitandloss: Math.round(pnl),
    pnlpercentage:
      holding.avgPrice === 0 ? 0 : Math.round((pnl / (number(holding.avgPrice) * quantity)) * 10_000) / 100,
  };
}
