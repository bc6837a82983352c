import type { BrokerOrderId, InstrumentKey, TradingSymbol } from "./ids.ts";
import { SHARE_SERIES, type Instrument, type Segment } from "./instrument.ts";
import { price, valueOf, type Paise, type Price } from "./money.ts";
import { isDelivery, opposite, type Product, type Side } from "./order.ts";

/** A position as it came into the day. */
export interface Carried {
  /** Units, negative when short. */
  readonly qty: number;
  /** Today's sales of it less today's purchases; null where only the day's trades tell. */
  readonly dayCash: Paise | null;
}

/** One row of the day's positions. Closed rows stay for the day with `qty` 0. */
export interface Position {
  readonly symbol: TradingSymbol;
  /** Null where the broker's row does not carry the exchange's token. */
  readonly key: InstrumentKey | null;
  readonly segment: Segment;
  readonly productType: Product;
  /** Units, never negative; the direction is `side`. */
  readonly qty: number;
  readonly side: Side | "CLOSED";
  /** Average price of the open quantity; 0 when closed. */
  readonly avgPrice: Price;
  /** Null where the broker's row has none and no quote was had. */
  readonly ltp: Price | null;
  /** Since entry: realised plus unrealised. */
  readonly pnl: Paise;
  readonly realised: Paise;
  readonly unrealised: Paise;
  /** Today's part, with carried quantity valued at the previous close; null where the broker does not tell. */
  readonly dayPnl: Paise | null;
  /** Where it does not: what the part can be counted from. */
  readonly carried?: Carried;
  readonly buyQty: number;
  readonly buyValue: Paise;
  readonly sellQty: number;
  readonly sellValue: Paise;
  /** Rupees per unit and point: 1 but for commodities and currency. */
  readonly multiplier: number;
}

/** Which instrument a row is of. */
export interface Listed {
  readonly key: InstrumentKey | null;
  readonly symbol: TradingSymbol;
}

/** Whether two rows are of the same instrument: by the exchange's token, by name where a broker's row has none. */
export const isSameListing = (one: Listed, other: Listed): boolean =>
  one.key === null || other.key === null ? one.symbol === other.symbol : one.key === other.key;

/** Shares sold out of the demat account stand in the day's rows as if short: they are delivered, not owed. */
export const isDeliverySale = ({ side, productType }: Pick<Position, "side" | "productType">): boolean =>
  side === "SELL" && isDelivery(productType);

export type OpenPosition = Position & { readonly side: Side };
/** Open, and ended by the opposite order; buying delivered shares would undo their sale. */
export const isExitable = (position: Position): position is OpenPosition =>
  position.qty > 0 && position.side !== "CLOSED" && !isDeliverySale(position);

/** Open, and neither a price nor a result of the broker's own says what it has made. */
export const isUnpriced = (position: Position): boolean =>
  isExitable(position) && position.ltp === null && position.unrealised === 0;

/** Units of open positions that an order would close: in its own product, where any other would be opened the other way. */
export const closableBy = (
  order: Listed & { readonly side: Side; readonly productType: Product },
  positions: readonly Position[],
): number =>
  positions
    .filter((row) => isExitable(row) && isSameListing(row, order))
    .filter(({ side, productType }) => side === opposite(order.side) && productType === order.productType)
    .reduce((sum, { qty }) => sum + qty, 0);

export interface Holding {
  readonly symbol: TradingSymbol;
  readonly key: InstrumentKey | null;
  readonly isin: string | null;
  readonly productType: "CNC" | "MTF";
  /** Owned now, T1 included: what was sold today is gone, and a row of which nothing is left is left out. */
  readonly qty: number;
  /** Bought, not yet delivered. */
  readonly t1Qty: number;
  /** What a sell order may ask for now. */
  readonly sellableQty: number;
  readonly pledgedQty: number;
  /** 0 means that the cost is not known (transfer, bonus). */
  readonly avgPrice: Price;
  readonly ltp: Price | null;
  readonly prevClose: Price | null;
  /** Null when cost or last price is not known. */
  readonly pnl: Paise | null;
}

type Owned = Pick<Holding, "qty" | "t1Qty" | "sellableQty" | "pledgedQty">;

/** What a sale may ask for. T1 shares may be sold before they arrive (BTST); some brokers tell them as sellable, some do not. */
export const sellableWithT1 = ({ qty, t1Qty, sellableQty, pledgedQty }: Owned): number =>
  Math.max(sellableQty, Math.min(sellableQty + t1Qty, qty - pledgedQty));

/** The part of it that has been delivered. */
export const deliveredQty = ({ qty, t1Qty, sellableQty, pledgedQty }: Owned): number =>
  Math.max(0, Math.min(sellableQty, qty - pledgedQty - t1Qty));

/** Units of a holding that were sold today under its own listing. */
const soldOutOf = (holding: Holding, positions: readonly Position[]): number =>
  positions
    .filter((row) => isDeliverySale(row) && isSameListing(row, holding) && row.productType === holding.productType)
    .reduce((sum, { qty }) => sum + qty, 0);

/** What both exchanges call a share: NSE's symbols end in a series, which BSE's lack. */
export function shareName(symbol: TradingSymbol): string {
  const [exchange = "", name = ""] = symbol.split(":", 2);
  const end = name.lastIndexOf("-");
  return exchange === "NSE" && SHARE_SERIES.has(name.slice(end + 1)) ? name.slice(0, end) : name;
}

/** Units sold today of what has this holding's name, on an exchange where no holding is listed: positions have no ISIN. */
function soldElsewhere({ symbol, productType }: Holding, holdings: readonly Holding[], positions: readonly Position[]) {
  const name = shareName(symbol);
  return positions
    .filter((row) => isDeliverySale(row) && row.productType === productType && shareName(row.symbol) === name)
    .filter((row) => !holdings.some((other) => soldOutOf(other, [row]) > 0))
    .reduce((sum, { qty }) => sum + qty, 0);
}

/** Units of a holding that were sold today, on either exchange. */
export const soldToday = (holding: Holding, holdings: readonly Holding[], positions: readonly Position[]): number =>
  soldOutOf(holding, positions) + soldElsewhere(holding, holdings, positions);

/** The holdings of a broker that tells what the day began with, less what was sold out of them today. */
export function ownedNow(holdings: readonly Holding[], positions: readonly Position[]): Holding[] {
  // A share may have a row for what is delivered and one for T1: what was sold is taken off once.
  const left = new Map<string, number>();
  return holdings.flatMap((row) => {
    const name = `${row.key ?? row.symbol} ${row.productType}`;
    const toTake = left.get(name) ?? soldToday(row, holdings, positions);
    const sold = Math.min(row.qty, toTake);
    left.set(name, toTake - sold);
    const qty = row.qty - sold;
    if (qty === 0) return [];
    return sold === 0 ? row : { ...row, qty, t1Qty: Math.min(row.t1Qty, qty), pnl: holdingPnl(row, qty) };
  });
}

const holdingPnl = ({ ltp, avgPrice, pnl }: Holding, qty: number): Paise | null =>
  pnl === null || ltp === null ? null : valueOf(price(ltp - avgPrice), qty);

/** Shares that two exchanges list stand in one row under either; they can be sold on both. Several lists tell no ISIN. */
export const isHoldingOf = (holding: Holding, instrument: Instrument): boolean =>
  isSameListing(holding, instrument) ||
  (instrument.isin === undefined || holding.isin === null
    ? instrument.kind === "equity" && shareName(holding.symbol) === shareName(instrument.symbol)
    : holding.isin === instrument.isin);

export interface Funds {
  /** What can be used for a new order, collateral included. */
  readonly available: Paise;
  /** Blocked, or spent on what is no holding yet: what was bought for delivery today, premiums paid. */
  readonly used: Paise;
  /** The ledger balance, or the available balance less collateral at brokers that do not tell the ledger. */
  readonly cash: Paise;
  readonly collateral: Paise;
}

export interface Profile {
  readonly accountId: string;
  readonly name: string;
  /** Whether delivery sells need no daily authorisation (DDPI or POA); null where the broker does not tell. */
  readonly canSellWithoutAuthorisation: boolean | null;
  /** Whether the plan includes quotes and candles; null where the broker does not tell. */
  readonly hasMarketData: boolean | null;
}

export interface Quote {
  readonly key: InstrumentKey;
  readonly symbol: TradingSymbol;
  readonly ltp: Price;
  readonly open: Price | null;
  readonly high: Price | null;
  readonly low: Price | null;
  readonly prevClose: Price | null;
  readonly bid: Price | null;
  readonly ask: Price | null;
  readonly volume: number | null;
  readonly openInterest: number | null;
  readonly lowerCircuit: Price | null;
  readonly upperCircuit: Price | null;
  /** Epoch ms of the price; null where the source does not tell. */
  readonly at: number | null;
  /** `broker` is live; Yahoo's prices for India are 15 minutes late. */
  readonly source: "broker" | "yfinance";
}

export interface DepthLevel {
  readonly price: Price;
  readonly quantity: number;
  /** Null where the broker does not tell. */
  readonly orders: number | null;
}
/** Five levels a side at most, best first; empty levels are left out. */
export interface Depth {
  readonly key: InstrumentKey;
  readonly symbol: TradingSymbol;
  readonly bids: readonly DepthLevel[];
  readonly asks: readonly DepthLevel[];
  readonly totalBidQty: number | null;
  readonly totalAskQty: number | null;
  readonly ltp: Price | null;
}

export const INTERVALS = ["1m", "5m", "15m", "30m", "1h", "1d", "1w", "1mo"] as const;
export type Interval = (typeof INTERVALS)[number];
/** Bars within a day, on the session's own grid. */
export const isIntraday = (interval: Interval): boolean => /[mh]$/.test(interval);
export interface Candle {
  /** Epoch ms of the bar's start; a daily bar starts at 00:00 IST of its trading day. */
  readonly at: number;
  readonly open: Price;
  readonly high: Price;
  readonly low: Price;
  readonly close: Price;
  readonly volume: number;
}

export interface Trade {
  readonly tradeId: string;
  readonly orderId: BrokerOrderId;
  readonly symbol: TradingSymbol;
  readonly key: InstrumentKey | null;
  readonly side: Side;
  readonly productType: Product;
  readonly qty: number;
  readonly price: Price;
  readonly at: number | null;
}
