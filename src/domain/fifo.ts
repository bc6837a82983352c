import type { InstrumentKey, TradingSymbol } from "./ids.ts";
import { addDays, istDate, istInstant } from "./market.ts";
import { paise, PAISE_PER_RUPEE, PRICE_SCALE, type Paise, type Price } from "./money.ts";
import { isDelivery, type Product, type Side } from "./order.ts";
import { shareName } from "./portfolio.ts";

/** The fields of a trade that FIFO matching needs. */
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
  /** Rupees per unit and point; absent means 1. Commodities and currency have others. */
  readonly multiplier?: number;
  /** YYYY-MM-DD, of derivatives only. */
  readonly expiry?: string;
}

/** A quantity that was opened and closed again. */
export interface RoundTrip {
  readonly symbol: TradingSymbol;
  readonly productType: Product;
  readonly qty: number;
  readonly entry: Price;
  readonly exit: Price;
  /** The sale came first. */
  readonly isShort: boolean;
  readonly openedAt: number;
  readonly closedAt: number;
  readonly multiplier: number;
}

/** A quantity that is still open, at its entry price. */
export interface Lot {
  readonly side: Side;
  readonly qty: number;
  readonly price: Price;
  readonly at: number;
}

export interface FifoResult {
  readonly closed: readonly RoundTrip[];
  /** Keyed by instrument and product; intraday products also by day. */
  readonly open: ReadonlyMap<string, readonly Lot[]>;
  /** Delivery sales without a known purchase: bought before the first fill given here. */
  readonly unmatched: readonly Fill[];
}

/**
 * Matches fills, given in any order, against the oldest open quantity of the same instrument and product. A delivery sale
 * cannot open a short, so one without a matching purchase goes to `unmatched`.
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
    else lots.push({ side: fill.side, qty: left, price: fill.price, at: fill.at });
  }
  return { closed, open, unmatched };
}

/** The latest name of each delivered share by its exchange token, because companies get renamed. */
type Names = ReadonlyMap<InstrumentKey, string>;
const namesOf = (fills: readonly Fill[]): Names =>
  new Map(
    [...fills]
      .sort(byTime)
      .flatMap(({ key, symbol, productType }) =>
        key !== null && isDelivery(productType) ? [[key, shareName(symbol)] as const] : [],
      ),
  );

/** Exchanges reuse the tokens of expired contracts, so contracts are told apart by symbol, shares by token. */
const SHARE = /^(?:NSE|BSE):/;
type Booked = Pick<Fill, "key" | "symbol" | "productType" | "at">;
function bookOf({ key, symbol, productType, at }: Booked, names: Names): string {
  // Shares bought on one exchange may be sold on the other, where they have a different token.
  if (isDelivery(productType)) return `${(key !== null && names.get(key)) || shareName(symbol)} ${productType}`;
  const listing = key !== null && SHARE.test(key) ? key : symbol;
  return `${listing} ${productType}${isOfOneDay(productType) ? ` ${istDate(at)}` : ""}`;
}

/** Closed by the end of its day, even if no recorded fill shows it (converted, or closed after the day's snapshot). */
export const isOfOneDay = (product: Product): boolean => product === "INTRADAY" || product === "CO" || product === "BO";

const byTime = (a: Fill, b: Fill): number =>
  a.at - b.at || (a.tradeId < b.tradeId ? -1 : a.tradeId > b.tradeId ? 1 : 0);

/** Closes opposite lots, oldest first; returns the quantity of the fill that is left over. */
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
      openedAt: oldest.at,
      closedAt: fill.at,
      multiplier: fill.multiplier ?? 1,
    });
    left -= qty;
    if (qty === oldest.qty) lots.shift();
    else lots[0] = { ...oldest, qty: oldest.qty - qty };
  }
  return left;
}

/** What an account has of something at a day's end. */
export interface Owned extends Omit<Booked, "at"> {
  /** Units, negative when short. */
  readonly qty: number;
  /** Brokers may or may not count these in `qty`. */
  readonly pledgedQty: number;
}

/**
 * Symbols that fills of the day closed, in part at least, while the account does not have what all its fills leave open:
 * earlier ones are not recorded, so FIFO would take the wrong entries.
 */
export function unrecorded(fills: readonly Fill[], date: string, owned: readonly Owned[]): TradingSymbol[] {
  const names = namesOf(fills);
  const carried = fills.filter(({ productType }) => !isOfOneDay(productType));
  const books = Map.groupBy(carried, (fill) => bookOf(fill, names));
  const ownedIn = Map.groupBy(owned, (row) => bookOf({ ...row, at: 0 }, names));
  return [...books].flatMap(([book, same]) => {
    const today = same.filter(({ at }) => istDate(at) === date);
    return hasGap(matchFifo(same, names), today, ownedIn.get(book) ?? [])
      ? [...new Set(today.map(({ symbol }) => symbol))]
      : [];
  });
}

function hasGap({ closed, open }: FifoResult, today: readonly Fill[], owned: readonly Owned[]): boolean {
  const left = signedQty([...open.values()].flat());
  const qty = sum(owned.map((row) => row.qty));
  if (left === qty || left === qty + sum(owned.map(({ pledgedQty }) => pledgedQty))) return false;
  const before = qty - signedQty(today);
  const times = new Set(today.map(({ at }) => at));
  return closed.some(({ closedAt }) => times.has(closedAt)) || today.some((fill) => signedQty([fill]) * before < 0);
}

const sum = (quantities: readonly number[]): number => quantities.reduce((total, qty) => total + qty, 0);
const signedQty = (rows: readonly Pick<Lot, "side" | "qty">[]): number =>
  sum(rows.map(({ side, qty }) => (side === "BUY" ? qty : -qty)));

/** An instrument whose recorded fills are incomplete: it is left out of the total and reported by name. */
export interface Uncounted {
  readonly symbol: TradingSymbol;
  /**
   * `oversold`: more sold than bought, because it was bought before the first fill or split since.
   * `rebased`: split, or given a bonus, between the purchase and the sale.
   * `unrecorded`: the account has another quantity than its fills leave open, so earlier ones are not recorded.
   * `expired`, `unended`: still open by the fills though the contract expired, or though the intraday product's day ended.
   */
  readonly why: "oversold" | "rebased" | "unrecorded" | "expired" | "unended";
}

export interface Realised {
  readonly trips: readonly RoundTrip[];
  readonly uncounted: readonly Uncounted[];
}

interface RealisedSpan {
  /** Epoch ms, both included. */
  readonly from: number;
  readonly to: number;
  /** Shares whose delivery sales in the span came after a split or bonus since their purchase. */
  readonly rebased?: ReadonlySet<TradingSymbol>;
  /** Symbols closed in the span of which earlier fills are not recorded. */
  readonly unrecorded?: ReadonlySet<TradingSymbol>;
}

/** Round trips that one account closed within the span. `fills` are all its fills up to the span's end. */
export function realisedIn(fills: readonly Fill[], span: RealisedSpan): Realised {
  const names = namesOf(fills);
  const books = [...Map.groupBy(fills, (fill) => bookOf(fill, names)).values()].map((same) =>
    realisedInBook(same, names, span),
  );
  return { trips: books.flatMap(({ trips }) => trips), uncounted: books.flatMap(({ uncounted }) => uncounted) };
}

function realisedInBook(fills: readonly Fill[], names: Names, span: RealisedSpan): Realised {
  const { from, to, rebased } = span;
  const { closed, open, unmatched } = matchFifo(fills, names);
  const oversold = unmatched.find(({ at }) => at >= from);
  if (oversold) return without(oversold, "oversold");
  const isOpen = [...open.values()].some((lots) => lots.length > 0);
  const ended = isOpen && fills.find((fill) => isIn(endOf(fill), from, to));
  if (ended) return without(ended, isOfOneDay(ended.productType) ? "unended" : "expired");
  const trips = closed.filter(({ closedAt }) => closedAt >= from);
  const changed = trips.find(({ symbol, productType }) => isDelivery(productType) && rebased?.has(symbol));
  if (changed) return without(changed, "rebased");
  const gap = fills.find(
    ({ symbol, productType, at }) => isIn(at, from, to) && !isOfOneDay(productType) && span.unrecorded?.has(symbol),
  );
  return gap ? without(gap, "unrecorded") : { trips, uncounted: [] };
}

const without = ({ symbol }: Pick<Fill, "symbol">, why: Uncounted["why"]): Realised => ({
  trips: [],
  uncounted: [{ symbol, why }],
});

/**
 * Contracts of NSE and BSE stop trading at 15:40 on their last day, and a snapshot has the day's last fills only after this.
 */
const EXPIRES_AT = "15:45";
const endOf = ({ productType, at, expiry }: Fill): number => {
  const day = isOfOneDay(productType) ? istInstant(addDays(istDate(at), 1)) - 1 : Infinity;
  return expiry === undefined ? day : Math.min(day, istInstant(expiry, EXPIRES_AT));
};
const isIn = (at: number, from: number, to: number): boolean => at >= from && at <= to;

/**
 * Total gain before charges, rounded once (half away from zero) so that it does not depend on how an order was split
 * into fills.
 */
export function realisedOf(trips: readonly RoundTrip[]): Paise {
  const total = trips.reduce((sum, trip) => sum + gain(trip), 0n);
  const unit = BigInt(PRICE_SCALE / PAISE_PER_RUPEE);
  const size = ((total < 0n ? -total : total) + unit / 2n) / unit;
  return paise(Number(total < 0n ? -size : size));
}

/** In 1/10000 rupee. */
const gain = ({ qty, multiplier, entry, exit, isShort }: RoundTrip): bigint =>
  BigInt(Math.round(qty * multiplier)) * BigInt(isShort ? entry - exit : exit - entry);
