import type { Instrument } from "../../../src/domain/instrument.ts";
import { rupeesFromPaise, rupeesFromPrice } from "../../../src/domain/money.ts";
import type { Price } from "../../../src/domain/money.ts";
import type { Order } from "../../../src/domain/order.ts";
import type { Depth, DepthLevel, Funds, Holding, Position, Quote, Trade } from "../../../src/domain/portfolio.ts";
import {
  bookTime,
  codesOf,
  fyTokenOf,
  instrumentTypeOf,
  sideCode,
  STATUS_CODES,
  tickerOf,
  TYPE_CODES,
} from "./venue.ts";

const rupees = (at: Price | null): number => (at === null ? 0 : rupeesFromPrice(at));

/** The rows of the funds ledger come in no fixed order. */
export function fundRows(funds: Funds) {
  const row = (id: number, title: string, amount: number) => ({ id, title, equityAmount: amount, commodityAmount: 0 });
  const [available, used] = [rupeesFromPaise(funds.available), rupeesFromPaise(funds.used)];
  return [
    row(10, "Available Balance", available),
    row(1, "Total Balance", rupeesFromPaise(funds.available) + used),
    row(2, "Utilized Amount", used),
    row(3, "Clear Balance", rupeesFromPaise(funds.cash)),
    row(4, "Realized Profit and Loss", 0),
    row(5, "Collaterals", rupeesFromPaise(funds.collateral)),
    row(6, "Fund Transfer", 0),
    row(7, "Receivables", 0),
    row(8, "Adhoc Limit", 0),
    row(9, "Limit at start of the day", available + used),
  ];
}

/** Quantities are as of the start of the day, except the remaining ones. Only here is fyToken a JSON number. */
export function holdingRow(holding: Holding, sold: number, { instrument, id }: { instrument: Instrument; id: number }) {
  const ltp = rupees(holding.ltp);
  const quantity = holding.qty + sold;
  return {
    holdingType: holding.t1Qty === holding.qty && holding.qty > 0 ? "T1" : "HLD",
    quantity,
    costPrice: rupees(holding.avgPrice),
    marketVal: round2(ltp * quantity),
    remainingQuantity: holding.sellableQty,
    pl: holding.pnl === null ? 0 : round2((ltp - rupees(holding.avgPrice)) * quantity),
    ltp,
    id,
    fyToken: Number(fyTokenOf(instrument)),
    ...codesOf(instrument),
    symbol: tickerOf(instrument),
    isin: holding.isin ?? instrument.isin ?? "",
    qty_t1: holding.t1Qty,
    remainingPledgeQuantity: holding.sellableQty,
    collateralQuantity: holding.pledgedQty,
  };
}

export function holdingsTotal(rows: readonly ReturnType<typeof holdingRow>[]) {
  const invested = round2(rows.reduce((sum, row) => sum + row.costPrice * row.quantity, 0));
  const pl = round2(rows.reduce((sum, row) => sum + row.pl, 0));
  return {
    count_total: rows.length,
    total_investment: invested,
    total_current_value: round2(invested + pl),
    total_pl: pl,
    pnl_perc: invested === 0 ? 0 : Math.round((pl / invested) * 1e6) / 1e4,
  };
}

export function positionRow(position: Position, instrument: Instrument, trades: readonly Trade[], slNo: number) {
  const today = (side: "BUY" | "SELL"): number =>
    trades
      .filter(
        ({ key, productType, ...trade }) =>
          key === position.key && productType === position.productType && trade.side === side,
      )
      .reduce((sum, { qty }) => sum + qty, 0);
  const [dayBuyQty, daySellQty] = [today("BUY"), today("SELL")];
  const netQty = position.side === "SELL" ? -position.qty : position.qty;
  const [buyVal, sellVal] = [rupeesFromPaise(position.buyValue), rupeesFromPaise(position.sellValue)];
  const symbol = tickerOf(instrument);
  return {
    symbol,
    id: `${symbol}-${position.productType}`,
    buyAvg: average(buyVal, position.buyQty),
    buyQty: position.buyQty,
    buyVal,
    sellAvg: average(sellVal, position.sellQty),
    sellQty: position.sellQty,
    sellVal,
    netAvg: rupees(position.avgPrice),
    avgPrice: rupees(position.avgPrice),
    netQty,
    qty: position.qty,
    side: Math.sign(netQty),
    productType: position.productType,
    realized_profit: rupeesFromPaise(position.realised),
    unrealized_profit: rupeesFromPaise(position.unrealised),
    pl: rupeesFromPaise(position.pnl),
    ltp: rupees(position.ltp),
    crossCurrency: "",
    rbiRefRate: 1,
    qtyMulti_com: position.multiplier,
    ...codesOf(instrument),
    fyToken: fyTokenOf(instrument),
    slNo,
    cfBuyQty: Math.max(position.buyQty - dayBuyQty, 0),
    cfSellQty: Math.max(position.sellQty - daySellQty, 0),
    dayBuyQty,
    daySellQty,
  };
}

export function positionsTotal(positions: readonly Position[]) {
  const sum = (of: (position: Position) => number): number =>
    positions.reduce((total, each) => total + of(each), 0) / 100;
  return {
    count_total: positions.length,
    count_open: positions.filter(({ qty }) => qty > 0).length,
    pl_total: sum(({ pnl }) => pnl),
    pl_realized: sum(({ realised }) => realised),
    pl_unrealized: sum(({ unrealised }) => unrealised),
  };
}

/** A stop order has the same status before and after its trigger; only the message tells them apart. */
const isTriggered = ({ type, status }: Order): boolean => status === "open" && (type === "SL" || type === "SL-M");

/** Users' tags come back with the prefix `1:`, Fyers' own with `2:`. */
export function orderRow(order: Order, instrument: Instrument, quote: Quote, context: { fyId: string; slNo: number }) {
  const status = STATUS_CODES[order.status];
  return {
    clientId: context.fyId,
    id: order.orderId,
    id_fyers: `sim-${order.orderId}`,
    exchOrdId: order.exchangeOrderId ?? "",
    qty: order.qty,
    remainingQuantity: order.qty - order.filledQty,
    filledQty: order.filledQty,
    discloseQty: 0,
    limitPrice: rupees(order.price),
    stopPrice: rupees(order.triggerPrice),
    tradedPrice: rupees(order.avgPrice),
    type: TYPE_CODES[order.type],
    fyToken: fyTokenOf(instrument),
    ...codesOf(instrument),
    symbol: tickerOf(instrument),
    instrument: instrumentTypeOf(instrument),
    message: order.message ?? (isTriggered(order) ? "Order triggered" : ""),
    offlineOrder: order.isAmo,
    orderDateTime: order.placedAt === null ? "" : bookTime(order.placedAt),
    orderValidity: order.validity,
    pan: "",
    productType: order.productType,
    side: sideCode(order.side),
    status,
    source: "ITS",
    ex_sym: instrument.symbol.slice(4),
    description: instrument.name,
    lp: rupees(quote.ltp),
    slNo: context.slNo,
    dqQtyRem: 0,
    orderNumStatus: `${order.orderId}:${status}`,
    disclosedQty: 0,
    orderTag: order.tag === null ? "2:Untagged" : `1:${order.tag}`,
    takeProfit: 0,
    stopLoss: 0,
  };
}

export function tradeRow(trade: Trade, instrument: Instrument, order: Order | undefined, fyId: string) {
  return {
    clientId: fyId,
    orderDateTime: trade.at === null ? "" : bookTime(trade.at),
    orderNumber: trade.orderId,
    exchangeOrderNo: order?.exchangeOrderId ?? "",
    ...codesOf(instrument),
    side: sideCode(trade.side),
    orderType: order ? TYPE_CODES[order.type] : 1,
    fyToken: fyTokenOf(instrument),
    productType: trade.productType,
    tradedQty: trade.qty,
    tradePrice: rupees(trade.price),
    tradeValue: round2(rupees(trade.price) * trade.qty),
    tradeNumber: trade.tradeId,
    row: 1,
    symbol: tickerOf(instrument),
    orderTag: order?.tag ? `1:${order.tag}` : "1:Untagged",
  };
}

export function quoteItem(instrument: Instrument, quote: Quote) {
  const [ltp, close] = [rupees(quote.ltp), rupees(quote.prevClose)];
  const symbol = tickerOf(instrument);
  const name = symbol.slice(symbol.indexOf(":") + 1);
  const dayStart = quote.at === null ? 0 : Math.floor(quote.at / 86_400_000) * 86_400;
  return {
    n: symbol,
    s: "ok",
    v: {
      ch: round2(ltp - close),
      chp: close === 0 ? 0 : round2(((ltp - close) / close) * 100),
      lp: ltp,
      spread: round2(Math.max(rupees(quote.ask) - rupees(quote.bid), 0)),
      ask: rupees(quote.ask),
      bid: rupees(quote.bid),
      open_price: rupees(quote.open),
      high_price: rupees(quote.high),
      low_price: rupees(quote.low),
      prev_close_price: close,
      atp: ltp,
      volume: quote.volume ?? 0,
      short_name: name,
      exchange: symbol.slice(0, 3),
      description: symbol,
      original_name: symbol,
      symbol,
      fyToken: fyTokenOf(instrument),
      tt: String(dayStart),
    },
  };
}

/** `bids` plural, `ask` singular, always five levels. */
export function depthEntry(instrument: Instrument, quote: Quote, depth: Depth) {
  const [ltp, close] = [rupees(quote.ltp), rupees(quote.prevClose)];
  return {
    totalbuyqty: depth.totalBidQty ?? 0,
    totalsellqty: depth.totalAskQty ?? 0,
    bids: padded(depth.bids),
    ask: padded(depth.asks),
    o: rupees(quote.open),
    h: rupees(quote.high),
    l: rupees(quote.low),
    c: close,
    chp: close === 0 ? 0 : round2(((ltp - close) / close) * 100),
    tick_Size: rupees(instrument.tickSize),
    ch: round2(ltp - close),
    ltq: 1,
    ltt: quote.at === null ? 0 : Math.floor(quote.at / 1_000),
    ltp,
    v: quote.volume ?? 0,
    atp: ltp,
    lower_ckt: rupees(quote.lowerCircuit),
    upper_ckt: rupees(quote.upperCircuit),
    expiry: "",
    oi: quote.openInterest ?? 0,
    oiflag: quote.openInterest !== null,
    pdoi: 0,
    oipercent: 0,
  };
}

const padded = (levels: readonly DepthLevel[]) =>
  Array.from({ length: 5 }, (_, at) => {
    const level = levels[at];
    return level
      ? { price: rupees(level.price), volume: level.quantity, ord: level.orders }
      : { price: 0, volume: 0, ord: 0 };
  });

const average = (value: number, qty: number): number => (qty === 0 ? 0 : Math.round((value / qty) * 1e4) / 1e4);
const round2 = (value: number): number => Math.round(value * 100) / 100;
