import type { BrokerOrderId, InstrumentKey, TradingSymbol } from "./ids.ts";
import { SHARE_SERIES, type Instrument, type Segment } from "./instrument.ts";
import { price, valueOf, type Paise, type Price } from "./money.ts";
import { isDelivery, opposite, type Product, type Side } from "./order.ts";

/** The part of a position that was carried in from the previous day. */
export interface Carried {
  /** Units, negative when short. */
  readonly qty: number;
  /** Today's sales minus today's purchases; null when it must be summed from the day's trades. */
  readonly dayCash: Paise | null;
}

/** One row of the day's positions. Closed rows stay for the day with `qty` 0. */
export interface Position {
  readonly symbol: TradingSymbol;
  /** Null when the broker's row has no exchange token. */
  readonly key: InstrumentKey | null;
  readonly segment: Segment;
  readonly productType: Product;
  /** Units, never negative; the direction is `side`. */
  readonly qty: number;
  readonly side: Side | "CLOSED";
  /** Average price of the open quantity; 0 when closed. */
  readonly avgPrice: Price;
  /** Null when neither the broker's row nor a quote has one. */
  readonly ltp: Price | null;
  /** Since entry: realised plus unrealised. */
  readonly pnl: Paise;
  readonly realised: Paise;
  readonly unrealised: Paise;
  /** Today's P&L, with carried quantity valued at the previous close; null when the broker does not report it. */
  readonly dayPnl: Paise | null;
  /** What today's P&L can be computed from when the broker does not report it. */
  readonly carried?: Carried;
  readonly buyQty: number;
  readonly buyValue: Paise;
  readonly sellQty: number;
  readonly sellValue: Paise;
  /** Rupees per unit and point: 1 except for commodities and currency. */
  readonly multiplier: number;
}

/** What identifies the instrument of a broker's row. */
export interface Listed {
  readonly key: InstrumentKey | null;
  readonly symbol: TradingSymbol;
}

/** Whether two rows are of the same instrument: by exchange token, or by symbol when a row has no token. */
export const isSameListing = (one: Listed, other: Listed): boolean =>
  one.key === null || other.key === null ? one.symbol === other.symbol : one.key === other.key;

/**
 * Brokers show shares sold from the demat account as a short position for the day, though nothing has to be bought
 * back.
 */
export const isDeliverySale = ({ side, productType }: Pick<Position, "side" | "productType">): boolean =>
  side === "SELL" && isDelivery(productType);

export type OpenPosition = Position & { readonly side: Side };
/** Open, and closed by an opposite order. Not so for a delivery sale: buying would only undo it. */
export const isExitable = (position: Position): position is OpenPosition =>
  position.qty > 0 && position.side !== "CLOSED" && !isDeliverySale(position);

/** Open, with neither a last price nor an unrealised P&L from the broker. */
export const isUnpriced = (position: Position): boolean =>
  isExitable(position) && position.ltp === null && position.unrealised === 0;

/**
 * Open rows of an instrument in a product. Brokers list one; of several nobody can tell whether they are parts of a
 * position or the same one twice, so none of them may be closed.
 */
export const openRows = (
  of: Listed & { readonly productType: Product },
  positions: readonly Position[],
): OpenPosition[] =>
  positions.filter(isExitable).filter((row) => isSameListing(row, of) && row.productType === of.productType);

/** Open units that an order would close. In another product, the order would open a new position instead. */
export const closableBy = (
  order: Listed & { readonly side: Side; readonly productType: Product },
  positions: readonly Position[],
): number =>
  openRows(order, positions)
    .filter(({ side }) => side === opposite(order.side))
    .reduce((sum, { qty }) => sum + qty, 0);

export interface Holding {
  readonly symbol: TradingSymbol;
  readonly key: InstrumentKey | null;
  readonly isin: string | null;
  readonly productType: "CNC" | "MTF";
  /** Owned now: T1 included, sold today excluded. Rows with nothing left are dropped. */
  readonly qty: number;
  /** Bought, not yet delivered. */
  readonly t1Qty: number;
  /** Largest quantity for a sell order now. Some brokers count T1 shares in it, others do not: see `sellableWithT1`. */
  readonly sellableQty: number;
  readonly pledgedQty: number;
  /** 0 when the cost is unknown (transfer, bonus). */
  readonly avgPrice: Price;
  readonly ltp: Price | null;
  readonly prevClose: Price | null;
  /** Null when the cost or the last price is unknown. */
  readonly pnl: Paise | null;
}

type Owned = Pick<Holding, "qty" | "t1Qty" | "sellableQty" | "pledgedQty">;

/**
 * Largest quantity for a sale. T1 shares may be sold before delivery (BTST), but not all brokers count them as
 * sellable.
 */
export const sellableWithT1 = ({ qty, t1Qty, sellableQty, pledgedQty }: Owned): number =>
  Math.max(sellableQty, Math.min(sellableQty + t1Qty, qty - pledgedQty));

/** The part of the sellable quantity that has been delivered. */
export const deliveredQty = ({ qty, t1Qty, sellableQty, pledgedQty }: Owned): number =>
  Math.max(0, Math.min(sellableQty, qty - pledgedQty - t1Qty));

/** Units of a holding that were sold today under its own listing. */
const soldOutOf = (holding: Holding, positions: readonly Position[]): number =>
  positions
    .filter((row) => isDeliverySale(row) && isSameListing(row, holding) && row.productType === holding.productType)
    .reduce((sum, { qty }) => sum + qty, 0);

/** A share's name without exchange and series, the same on NSE and BSE. */
export function shareName(symbol: TradingSymbol): string {
  const [exchange = "", name = ""] = symbol.split(":", 2);
  const end = name.lastIndexOf("-");
  return exchange === "NSE" && SHARE_SERIES.has(name.slice(end + 1)) ? name.slice(0, end) : name;
}

/**
 * Units of this share sold today on the exchange where it has no holding row. Matched by name: positions have no ISIN.
 */
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

/** False for a row that a broker keeps although nothing is left of it. */
const isHeld = ({ qty, pledgedQty }: Owned): boolean => qty > 0 || pledgedQty > 0;

/** For brokers whose holdings stay as at the start of the day: subtracts what was sold today. */
export function ownedNow(holdings: readonly Holding[], positions: readonly Position[]): Holding[] {
  // A share may have two rows, delivered and T1: subtract the sold quantity only once.
  const left = new Map<string, number>();
  return holdings.flatMap((row) => {
    const name = `${row.key ?? row.symbol} ${row.productType}`;
    const toTake = left.get(name) ?? soldToday(row, holdings, positions);
    const sold = Math.min(row.qty, toTake);
    left.set(name, toTake - sold);
    if (sold === 0) return isHeld(row) ? row : [];
    const qty = row.qty - sold;
    return qty === 0 ? [] : { ...row, qty, t1Qty: Math.min(row.t1Qty, qty), pnl: holdingPnl(row, qty) };
  });
}

const holdingPnl = ({ ltp, avgPrice, pnl }: Holding, qty: number): Paise | null =>
  pnl === null || ltp === null ? null : valueOf(price(ltp - avgPrice), qty);

/**
 * A share listed on both exchanges has one row, under either, and can be sold on both. Several brokers give no ISIN.
 */
export const isHoldingOf = (holding: Holding, instrument: Instrument): boolean =>
  isSameListing(holding, instrument) ||
  (instrument.isin === undefined || holding.isin === null
    ? instrument.kind === "equity" && shareName(holding.symbol) === shareName(instrument.symbol)
    : holding.isin === instrument.isin);

export interface Funds {
  /** Available for a new order, collateral included. */
  readonly available: Paise;
  /** Blocked margin, and money spent today on delivery purchases (not holdings yet) and option premiums. */
  readonly used: Paise;
  /** The ledger balance; for brokers that do not report one, the available balance minus collateral. */
  readonly cash: Paise;
  readonly collateral: Paise;
}

export interface Profile {
  readonly accountId: string;
  readonly name: string;
  /** Whether delivery sells need no daily authorisation (DDPI or POA); null when the broker does not report it. */
  readonly canSellWithoutAuthorisation: boolean | null;
  /** Whether the API plan includes quotes and candles; null when the broker does not report it. */
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
  /** Epoch ms of the price; null when the source does not report it. */
  readonly at: number | null;
  /** `broker` is live; Yahoo's prices for India are 15 minutes delayed. */
  readonly source: "broker" | "yfinance";
}

export interface DepthLevel {
  readonly price: Price;
  readonly quantity: number;
  /** Null when the broker does not report it. */
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
/** Intervals shorter than a day; their bars are aligned to the start of the session. */
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
