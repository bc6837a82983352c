import type { InstrumentKey, TradingSymbol } from "./ids.ts";
import { addDays, istDate, istInstant } from "./market.ts";
import { paise, PAISE_PER_RUPEE, PRICE_SCALE, type Paise, type Price } from "./money.ts";
import { isDelivery, type Product, type Side } from "./order.ts";
import { shareName } from "./portfolio.ts";

/** What first in, first out needs of a trade. */
export interface Fill {
  readonly tradeId: string;
  readonly symbol: TradingSymbol;
  readonly key: InstrumentKey | null;
  readonly productType: Product;
  readonly side: Side;
  readonly qty: number;
  readonly price: Price;
  /** Epoch ms. */
  readonly at: number;
  /** Rupees per unit and point, 1 when absent: commodities and currency are traded in lots. */
  readonly multiplier?: number;
  /** YYYY-MM-DD of a contract. */
  readonly expiry?: string;
}

/** A quantity that was opened and closed again. */
export interface RoundTrip {
  readonly symbol: TradingSymbol;
  readonly productType: Product;
  readonly qty: number;
  readonly entry: Price;
  readonly exit: Price;
  /** Sold first. */
  readonly isShort: boolean;
  readonly closedAt: number;
  readonly multiplier: number;
}

/** A quantity that is still open, at its own price. */
export interface Lot {
  readonly side: Side;
  readonly qty: number;
  readonly price: Price;
}

export interface FifoResult {
  readonly closed: readonly RoundTrip[];
  /** By instrument and product, intraday by day. */
  readonly open: ReadonlyMap<string, readonly Lot[]>;
  /** Delivery sold that no known buy stands against: bought before the first fill here. */
  readonly unmatched: readonly Fill[];
}

/**
 * Matches the oldest open quantity first, each instrument and product by itself. Fills may come in any order. What is
 * delivered can't be sold before it is bought: its buy is older than the records.
 */
export function matchFifo(fills: readonly Fill[], names: Names = namesOf(fills)): FifoResult {
  const closed: RoundTrip[] = [];
  const unmatched: Fill[] = [];
  const open = new Map<string, Lot[]>();
  for (const fill of [...fills].sort(byTime)) {
    const book = bookOf(fill, names);
    const lots = open.get(book) ?? [];
    open.set(book, lots);
    const left = close(fill, lots, closed);
    if (left === 0) continue;
    if (fill.side === "SELL" && isDelivery(fill.productType)) unmatched.push({ ...fill, qty: left });
    else lots.push({ side: fill.side, qty: left, price: fill.price });
  }
  return { closed, open, unmatched };
}

/** What a share that is delivered was called last, by its token: it may be renamed. */
type Names = ReadonlyMap<InstrumentKey, string>;
const namesOf = (fills: readonly Fill[]): Names =>
  new Map(
    [...fills]
      .sort(byTime)
      .flatMap(({ key, symbol, productType }) =>
        key !== null && isDelivery(productType) ? [[key, shareName(symbol)] as const] : [],
      ),
  );

/** Exchanges give the tokens of expired contracts to new ones: of these the symbol tells, of shares the token. */
const SHARE = /^(?:NSE|BSE):/;
function bookOf({ key, symbol, productType, at }: Fill, names: Names): string {
  // What is delivered may be sold on the other exchange, which has a token of its own for it.
  if (isDelivery(productType)) return `${(key !== null && names.get(key)) || shareName(symbol)} ${productType}`;
  const listing = key !== null && SHARE.test(key) ? key : symbol;
  return `${listing} ${productType}${isOfOneDay(productType) ? ` ${istDate(at)}` : ""}`;
}

/** Ends with its day, though the records may not show how: it was converted, or closed after the day was kept. */
const isOfOneDay = (product: Product): boolean => product === "INTRADAY" || product === "CO" || product === "BO";

const byTime = (a: Fill, b: Fill): number =>
  a.at - b.at || (a.tradeId < b.tradeId ? -1 : a.tradeId > b.tradeId ? 1 : 0);

/** Takes opposite lots from the front; answers what is left of the fill. */
function close(fill: Fill, lots: Lot[], closed: RoundTrip[]): number {
  let left = fill.qty;
  for (let oldest = lots[0]; left > 0 && oldest && oldest.side !== fill.side; oldest = lots[0]) {
    const qty = Math.min(left, oldest.qty);
    closed.push({
      symbol: fill.symbol,
      productType: fill.productType,
      qty,
      entry: oldest.price,
      exit: fill.price,
      isShort: oldest.side === "SELL",
      closedAt: fill.at,
      multiplier: fill.multiplier ?? 1,
    });
    left -= qty;
    if (qty === oldest.qty) lots.shift();
    else lots[0] = { ...oldest, qty: oldest.qty - qty };
  }
  return left;
}

/** An instrument whose trades do not tell what it made: none of it counts, and it is named. */
export interface Uncounted {
  readonly symbol: TradingSymbol;
  /**
   * `oversold`: bought before the first fill here, or split since; with something open that no trade closed, `expired` as a
   * contract or `unended` at the end of its one day.
   */
  readonly why: "oversold" | "expired" | "unended";
}

export interface Realised {
  readonly trips: readonly RoundTrip[];
  readonly uncounted: readonly Uncounted[];
}

/** What one account closed in a span of time, epoch ms, by all its fills until the span's end. */
export function realisedIn(fills: readonly Fill[], from: number, to: number): Realised {
  const names = namesOf(fills);
  const books = [...Map.groupBy(fills, (fill) => bookOf(fill, names)).values()].map((same): Realised => {
    const { closed, open, unmatched } = matchFifo(same, names);
    const oversold = unmatched.find(({ at }) => at >= from);
    if (oversold) return { trips: [], uncounted: [{ symbol: oversold.symbol, why: "oversold" }] };
    const isOpen = [...open.values()].some((lots) => lots.length > 0);
    const ended = isOpen && same.find((fill) => isIn(endOf(fill), from, to));
    if (ended)
      return {
        trips: [],
        uncounted: [{ symbol: ended.symbol, why: isOfOneDay(ended.productType) ? "unended" : "expired" }],
      };
    return { trips: closed.filter(({ closedAt }) => closedAt >= from), uncounted: [] };
  });
  return { trips: books.flatMap(({ trips }) => trips), uncounted: books.flatMap(({ uncounted }) => uncounted) };
}

/** Contracts of NSE and BSE end with the session of their last day, at 15:40; no day's trades are kept before this. */
const EXPIRES_AT = "15:45";
const endOf = ({ productType, at, expiry }: Fill): number => {
  const day = isOfOneDay(productType) ? istInstant(addDays(istDate(at), 1)) - 1 : Infinity;
  return expiry === undefined ? day : Math.min(day, istInstant(expiry, EXPIRES_AT));
};
const isIn = (at: number, from: number, to: number): boolean => at >= from && at <= to;

/** Gain of all, rounded once, half away from zero, so that it does not depend on how a trade was split. Before charges. */
export function realisedOf(trips: readonly RoundTrip[]): Paise {
  const total = trips.reduce((sum, trip) => sum + gain(trip), 0n);
  const unit = BigInt(PRICE_SCALE / PAISE_PER_RUPEE);
  const size = ((total < 0n ? -total : total) + unit / 2n) / unit;
  return paise(Number(total < 0n ? -size : size));
}

/** In 1/10000 rupee. */
const gain = ({ qty, multiplier, entry, exit, isShort }: RoundTrip): bigint =>
  BigInt(Math.round(qty * multiplier)) * BigInt(isShort ? entry - exit : exit - entry);
