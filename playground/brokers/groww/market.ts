import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import { istClock, istDate, parseIst } from "../../../src/domain/market.ts";
import { rupeesFromPrice, type Price } from "../../../src/domain/money.ts";
import type { DepthLevel, Interval } from "../../../src/domain/portfolio.ts";
import type { Directory, Listing } from "./names.ts";
import { badRequest } from "./replies.ts";

const MAX_NAMES = 50;
const DAY_MS = 86_400_000;
const rupees = (at: Price | null): number => (at === null ? 0 : rupeesFromPrice(at));

/** Last prices keyed by name (`NSE_SBIN`). One unknown name fails the whole call. */
export function lastPrices(exchange: Exchange, directory: Directory, query: URLSearchParams): object {
  const names = (query.get("exchange_symbols") ?? "").split(",").filter((name) => name !== "");
  if (names.length === 0 || names.length > MAX_NAMES) throw badRequest("exchange_symbols must have 1 to 50 symbols");
  return Object.fromEntries(
    names.map((name) => {
      const at = name.indexOf("_");
      const listing = directory.named(name.slice(0, at), query.get("segment"), name.slice(at + 1));
      if (!listing) throw badRequest("Invalid exchange symbols.");
      return [name, rupees(exchange.quote(listing.instrument.key).ltp)];
    }),
  );
}

/** One instrument per call. For some of them `ohlc` is text instead of an object. */
export function quote(exchange: Exchange, directory: Directory, query: URLSearchParams): object {
  const listing = directory.named(query.get("exchange"), query.get("segment"), query.get("trading_symbol"));
  if (!listing) throw badRequest("Invalid trading symbol.");
  const { key, kind } = listing.instrument;
  const snapshot = exchange.quote(key);
  const depth = kind === "index" ? null : exchange.depth(key);
  const [open, high, low] = [rupees(snapshot.open), rupees(snapshot.high), rupees(snapshot.low)];
  const close = rupees(snapshot.prevClose);
  const change = snapshot.prevClose === null ? 0 : (snapshot.ltp - snapshot.prevClose) / 10_000;
  return {
    average_price: rupees(snapshot.ltp),
    bid_quantity: depth?.bids[0]?.quantity ?? 0,
    bid_price: rupees(snapshot.bid),
    day_change: change,
    day_change_perc: close === 0 ? 0 : Math.round((change / close) * 10_000) / 100,
    upper_circuit_limit: rupees(snapshot.upperCircuit),
    lower_circuit_limit: rupees(snapshot.lowerCircuit),
    ohlc: hasText(listing) ? `{open: ${open},high: ${high},low: ${low},close: ${close}}` : { open, high, low, close },
    depth: { buy: levels(depth?.bids ?? []), sell: levels(depth?.asks ?? []) },
    high_trade_range: null,
    implied_volatility: null,
    last_trade_quantity: 1,
    last_trade_time: snapshot.at ?? 0,
    low_trade_range: null,
    last_price: rupees(snapshot.ltp),
    market_cap: null,
    offer_price: rupees(snapshot.ask),
    offer_quantity: depth?.asks[0]?.quantity ?? 0,
    oi_day_change: 0,
    oi_day_change_percentage: 0,
    open_interest: snapshot.openInterest ?? 0,
    previous_open_interest: 0,
    total_buy_quantity: depth?.totalBidQty ?? 0,
    total_sell_quantity: depth?.totalAskQty ?? 0,
    volume: snapshot.volume ?? 0,
    week_52_high: high,
    week_52_low: low,
  };
}

const hasText = ({ symbol }: Listing): boolean => /[^A-Z]/.test(symbol);

/** Groww's depth levels lack the number of orders. */
const levels = (rows: readonly DepthLevel[]) => rows.map(({ price, quantity }) => ({ price: rupees(price), quantity }));

/** Name → interval, and the most days that one call may span. */
const BARS: Readonly<Record<string, readonly [interval: Interval, maxDays: number]>> = {
  "1minute": ["1m", 30],
  "5minute": ["5m", 30],
  "15minute": ["15m", 90],
  "30minute": ["30m", 90],
  "1hour": ["1h", 180],
  "1day": ["1d", 180],
  "1week": ["1w", 180],
  "1month": ["1mo", 180],
};

export function candles(exchange: Exchange, directory: Directory, query: URLSearchParams): object {
  const listing = directory.byGrowwSymbol(query.get("groww_symbol") ?? "");
  if (listing?.exchange !== query.get("exchange") || listing?.segment !== query.get("segment"))
    throw badRequest("Invalid groww symbol.");
  const [interval, maxDays] = BARS[query.get("candle_interval") ?? ""] ?? [];
  if (interval === undefined || maxDays === undefined) throw badRequest("Invalid candle interval.");
  const [from, to] = [instant(query.get("start_time")), instant(query.get("end_time"))];
  if (to < from || to - from > maxDays * DAY_MS) throw badRequest("Invalid time range.");
  const bars = exchange.candles(listing.instrument.key, interval, from, to);
  return {
    candles: bars.map(({ at, open, high, low, close, volume }) => [
      `${istDate(at)}T${istClock(at)}`,
      ...[open, high, low, close].map(rupeesFromPrice),
      volume,
      null,
    ]),
    closing_price: rupees(bars.at(-1)?.close ?? null),
    start_time: query.get("start_time"),
    end_time: query.get("end_time"),
    interval_in_minutes: 5,
  };
}

function instant(text: string | null): number {
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text ?? "")) throw badRequest("Invalid time.");
  return parseIst(text ?? "");
}
