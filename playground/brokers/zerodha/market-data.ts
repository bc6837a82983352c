import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import { istClock, istDate, istDateTime, parseIst } from "../../../src/domain/market.ts";
import { rupeesFromPrice } from "../../../src/domain/money.ts";
import type { DepthLevel, Interval } from "../../../src/domain/portfolio.ts";
import type { KiteDirectory, KiteListing } from "./names.ts";
import { rupees } from "./portfolio.ts";
import { inputError } from "./replies.ts";

const DAY_MS = 86_400_000;

/** `/quote`, `/quote/ohlc`, `/quote/ltp`. Unknown names are silently left out. */
export function quotes(exchange: Exchange, directory: KiteDirectory, form: string, names: readonly string[]): object {
  const most = form === "/quote" ? 500 : 1_000;
  if (names.length === 0) throw inputError("Missing or empty field `i`.");
  if (names.length > most) throw inputError(`Too many instruments: ${most} at most.`);
  const known = names.flatMap((name) => {
    const listing = directory.named(name);
    return listing ? [[name, quoteRow(exchange, listing, form)] as const] : [];
  });
  return Object.fromEntries(known);
}

function quoteRow(exchange: Exchange, listing: KiteListing, form: string): object {
  const quote = exchange.quote(listing.instrument.key);
  const last = { instrument_token: listing.token, last_price: rupeesFromPrice(quote.ltp) };
  const ohlc = {
    open: rupees(quote.open),
    high: rupees(quote.high),
    low: rupees(quote.low),
    close: rupees(quote.prevClose),
  };
  if (form === "/quote/ltp") return last;
  if (form === "/quote/ohlc") return { ...last, ohlc };
  const isIndex = listing.instrument.kind === "index";
  const depth = isIndex ? undefined : exchange.depth(listing.instrument.key);
  const at = istDateTime(quote.at ?? exchange.now());
  return {
    ...last,
    timestamp: at,
    ...(isIndex ? {} : { last_trade_time: at }),
    last_quantity: 0,
    buy_quantity: depth?.totalBidQty ?? 0,
    sell_quantity: depth?.totalAskQty ?? 0,
    volume: quote.volume ?? 0,
    average_price: 0,
    oi: quote.openInterest ?? 0,
    oi_day_high: 0,
    oi_day_low: 0,
    net_change: 0,
    lower_circuit_limit: rupees(quote.lowerCircuit),
    upper_circuit_limit: rupees(quote.upperCircuit),
    ohlc,
    depth: { buy: fiveLevels(depth?.bids ?? []), sell: fiveLevels(depth?.asks ?? []) },
  };
}

const fiveLevels = (levels: readonly DepthLevel[]): DepthLevel[] =>
  Array.from({ length: 5 }, (_, row) => {
    const level = levels[row];
    return { price: rupees(level?.price ?? null), quantity: level?.quantity ?? 0, orders: level?.orders ?? 0 };
  }) as DepthLevel[];

const INTERVALS: Readonly<Record<string, readonly [interval: Interval, maxDays: number]>> = {
  minute: ["1m", 60],
  "5minute": ["5m", 100],
  "15minute": ["15m", 200],
  "30minute": ["30m", 200],
  "60minute": ["1h", 400],
  day: ["1d", 2_000],
};

export function historical(
  exchange: Exchange,
  directory: KiteDirectory,
  path: { token: string; interval: string },
  query: URLSearchParams,
): object {
  const [interval, maxDays] = INTERVALS[path.interval] ?? [];
  if (interval === undefined || maxDays === undefined) throw inputError("invalid interval");
  const listing = directory.named(path.token);
  if (!listing || !/^\d+$/.test(path.token)) throw inputError("invalid token");
  const from = timeOf(query, "from");
  const to = timeOf(query, "to");
  if (to - from > maxDays * DAY_MS) throw inputError(`interval exceeds max limit: ${maxDays} days`);
  const candles = exchange
    .candles(listing.instrument.key, interval, from, to)
    .map(({ at, open, high, low, close, volume }) => [
      `${istDate(at)}T${istClock(at)}+0530`,
      ...[open, high, low, close].map(rupeesFromPrice),
      volume,
    ]);
  return { candles };
}

function timeOf(query: URLSearchParams, name: string): number {
  try {
    return parseIst(query.get(name) ?? "");
  } catch {
    throw inputError(`invalid ${name} date`);
  }
}
