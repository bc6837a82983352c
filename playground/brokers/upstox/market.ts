import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import { addDays, istClock, istDate, istDateTime, istInstant } from "../../../src/domain/market.ts";
import { rupeesFromPrice, type Price } from "../../../src/domain/money.ts";
import type { DepthLevel, Interval } from "../../../src/domain/portfolio.ts";
import type { Directory, Listing } from "./names.ts";
import { UpstoxRefusal } from "./replies.ts";

const MAX_KEYS = 500;

/** The reply is keyed `NSE_EQ:SBIN`, unlike the request. One unknown key fails the whole call. */
export function quotes(exchange: Exchange, directory: Directory, asked: string | null): object {
  const keys = (asked ?? "").split(",").filter((key) => key !== "");
  if (keys.length === 0) throw new UpstoxRefusal(400, 1009, "Instrument key is required");
  if (keys.length > MAX_KEYS) throw new UpstoxRefusal(400, 100043, "Number of instrument keys exceeds the limit");
  const rows = keys.map((key) => {
    const listing = directory.named(key);
    if (!listing) throw new UpstoxRefusal(400, 1087, "One of either symbol or instrument_key is invalid");
    return [`${listing.segment}:${listing.symbol}`, quoteRow(exchange, listing)] as const;
  });
  return Object.fromEntries(rows);
}

function quoteRow(exchange: Exchange, { instrument, key, symbol }: Listing): object {
  const quote = exchange.quote(instrument.key);
  const depth = instrument.kind === "index" ? undefined : exchange.depth(instrument.key);
  return {
    // `close` is today's last price so far, not the previous close.
    ohlc: { open: rupees(quote.open), high: rupees(quote.high), low: rupees(quote.low), close: rupees(quote.ltp) },
    depth: { buy: fiveLevels(depth?.bids ?? []), sell: fiveLevels(depth?.asks ?? []) },
    timestamp: `${istDateTime(exchange.now()).replace(" ", "T")}.099+05:30`,
    instrument_token: key,
    symbol,
    last_price: rupees(quote.ltp),
    volume: quote.volume ?? 0,
    average_price: rupees(quote.ltp),
    oi: quote.openInterest ?? 0,
    net_change: quote.prevClose === null ? 0 : (quote.ltp - quote.prevClose) / 10_000,
    total_buy_quantity: depth?.totalBidQty ?? 0,
    total_sell_quantity: depth?.totalAskQty ?? 0,
    lower_circuit_limit: rupees(quote.lowerCircuit),
    upper_circuit_limit: rupees(quote.upperCircuit),
    last_trade_time: String(quote.at ?? 0),
    oi_day_high: 0,
    oi_day_low: 0,
  };
}

const rupees = (at: Price | null): number => (at === null ? 0 : rupeesFromPrice(at));

const fiveLevels = (levels: readonly DepthLevel[]) =>
  Array.from({ length: 5 }, (_, row) => {
    const level = levels[row];
    return { quantity: level?.quantity ?? 0, price: rupees(level?.price ?? null), orders: level?.orders ?? 0 };
  });

/** Unit and width → interval, and the most days that one call may span. */
const BARS: Readonly<Record<string, readonly [interval: Interval, maxDays: number]>> = {
  "minutes/1": ["1m", 31],
  "minutes/5": ["5m", 31],
  "minutes/15": ["15m", 31],
  "minutes/30": ["30m", 92],
  "hours/1": ["1h", 92],
  "days/1": ["1d", 3_653],
};

export interface CandlePath {
  readonly key: string;
  /** `minutes/5` */
  readonly bar: string;
  /** `to/from`; without it, today. */
  readonly range: string | null;
}

export function candles(exchange: Exchange, directory: Directory, { key, bar, range }: CandlePath): object {
  const listing = directory.named(key);
  if (!listing) throw new UpstoxRefusal(400, 100011, "Invalid Instrument key");
  const [interval, maxDays] = BARS[bar] ?? [];
  if (interval === undefined || maxDays === undefined) throw new UpstoxRefusal(400, 1146, "Unit is invalid");
  const today = istDate(exchange.now());
  const [last, first] = range === null ? [today, today] : datesOf(range, maxDays);
  // The historical call does not include today, and lists the newest bar first.
  const end = range !== null && last >= today ? addDays(today, -1) : last;
  const bars = exchange.candles(listing.instrument.key, interval, istInstant(first), istInstant(end, "23:59:59"));
  return {
    candles: bars
      .map(({ at, open, high, low, close, volume }) => [
        `${istDate(at)}T${istClock(at)}+05:30`,
        ...[open, high, low, close].map(rupeesFromPrice),
        volume,
        0,
      ])
      .toReversed(),
  };
}

function datesOf(range: string, maxDays: number): readonly [last: string, first: string] {
  const [last = "", first = ""] = range.split("/");
  if (![last, first].every((date) => /^\d{4}-\d{2}-\d{2}$/.test(date)))
    throw new UpstoxRefusal(400, 1022, "to_date is required");
  if (last < first) throw new UpstoxRefusal(400, 1015, "to_date must be on or after from_date");
  if (addDays(first, maxDays) < last) throw new UpstoxRefusal(400, 1148, "Invalid date range");
  return [last, first];
}
