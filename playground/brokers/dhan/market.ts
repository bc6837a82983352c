import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import type { InstrumentKey } from "../../../src/domain/ids.ts";
import { addDays, istClock, istDate, istInstant, istTime, isWeekend, parseIst } from "../../../src/domain/market.ts";
import { rupeesFromPrice, type Price } from "../../../src/domain/money.ts";
import type { Candle, DepthLevel, Interval } from "../../../src/domain/portfolio.ts";
import { findInstrument } from "./names.ts";
import { dataError, inputError, json, refusal, text, type Fields } from "./reply.ts";

const DEPTH = 5;
const MAX_QUOTES = 1000;
const MAX_INTRADAY_MS = 90 * 86_400_000;
const INTERVALS: Readonly<Record<string, Interval>> = { "1": "1m", "5": "5m", "15": "15m", "60": "1h" };

export type QuoteMode = "ltp" | "ohlc" | "quote";

/** Ids come as integers and go back as string keys; unknown ones are left out. */
export function marketfeed(exchange: Exchange, mode: QuoteMode, body: Fields): Response {
  const asked = Object.entries(body);
  const ids = asked.flatMap(([, list]) => (Array.isArray(list) ? (list as unknown[]) : [null]));
  if (ids.some((id) => !Number.isInteger(id))) return dataError("814", "Invalid Request");
  if (ids.length > MAX_QUOTES) return dataError("804", "Requested number of instruments exceeds limit");
  const data: Record<string, Record<string, Fields>> = {};
  for (const [exchangeSegment, list] of asked) {
    const rows: Record<string, Fields> = {};
    for (const id of list as number[]) {
      const instrument = findInstrument(exchange, { exchangeSegment, securityId: String(id) });
      if (instrument) rows[String(id)] = quoteRow(exchange, instrument.key, mode);
    }
    data[exchangeSegment] = rows;
  }
  return json({ data, status: "success" });
}

function quoteRow(exchange: Exchange, key: InstrumentKey, mode: QuoteMode): Fields {
  const quote = exchange.quote(key);
  const last_price = rupeesFromPrice(quote.ltp);
  if (mode === "ltp") return { last_price };
  const ohlc = {
    open: rupees(quote.open),
    // After the close the "previous close" is today's.
    close: isSession(exchange.now()) ? rupees(quote.prevClose) : last_price,
    high: rupees(quote.high),
    low: rupees(quote.low),
  };
  if (mode === "ohlc") return { last_price, ohlc };
  const depth = exchange.depth(key);
  return {
    average_price: last_price,
    buy_quantity: depth.totalBidQty ?? 0,
    depth: { buy: padded(depth.bids), sell: padded(depth.asks) },
    last_price,
    last_quantity: 1,
    last_trade_time: quote.at === null ? "01/01/1980 00:00:00" : slashed(quote.at),
    lower_circuit_limit: rupees(quote.lowerCircuit),
    net_change: quote.prevClose === null ? 0 : (quote.ltp - quote.prevClose) / 10_000,
    ohlc,
    oi: quote.openInterest ?? 0,
    oi_day_high: 0,
    oi_day_low: 0,
    sell_quantity: depth.totalAskQty ?? 0,
    upper_circuit_limit: rupees(quote.upperCircuit),
    volume: quote.volume ?? 0,
  };
}

const rupees = (value: Price | null): number => (value === null ? 0 : rupeesFromPrice(value));

function isSession(now: number): boolean {
  const time = istTime(now);
  return !isWeekend(istDate(now)) && time >= "09:00" && time < "15:30";
}

const slashed = (at: number): string => `${istDate(at).split("-").toReversed().join("/")} ${istClock(at)}`;

const padded = (levels: readonly DepthLevel[]): Fields[] =>
  Array.from({ length: DEPTH }, (_, index) => {
    const level = levels[index];
    return { quantity: level?.quantity ?? 0, orders: level?.orders ?? 0, price: rupees(level?.price ?? null) };
  });

/** Daily bars: `toDate` is exclusive and today's bar is not there yet. */
export function historical(exchange: Exchange, body: Fields): Response {
  const [from, to] = [String(body["fromDate"]), String(body["toDate"])];
  if (!isDate(from) || !isDate(to) || from >= to) return inputError("Invalid date range");
  const today = istDate(exchange.now());
  const last = addDays(to, -1) < today ? addDays(to, -1) : addDays(today, -1);
  return columns(exchange, body, "1d", istInstant(from), istInstant(last, "23:59:59"));
}

export function intraday(exchange: Exchange, body: Fields): Response {
  const interval = INTERVALS[String(body["interval"])];
  if (interval === undefined) return inputError("Invalid interval");
  const [from, to] = [body["fromDate"], body["toDate"]].map((value) => parseIst(String(value)));
  if (from === undefined || to === undefined || from > to) return inputError("Invalid date range");
  if (to - from > MAX_INTRADAY_MS) return inputError("Data for Intraday Charts can be fetched for 90 days at a time");
  return columns(exchange, body, interval, from, to);
}

const isDate = (value: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(value);

/** Unknown ids get empty columns; a range without a session gets an error. */
function columns(exchange: Exchange, body: Fields, interval: Interval, from: number, to: number): Response {
  const instrument = findInstrument(exchange, {
    exchangeSegment: String(body["exchangeSegment"]),
    securityId: String(body["securityId"]),
  });
  const candles = instrument && from <= to ? exchange.candles(instrument.key, interval, from, to) : [];
  if (instrument && candles.length === 0)
    return refusal(
      400,
      "Data_Error",
      "DH-907",
      "System is unable to fetch data due to incorrect parameters or no data present",
    );
  return text(columnBody(candles), 200, "application/json");
}

/** Timestamps are written in exponent form, as the live server sometimes does. */
function columnBody(candles: readonly Candle[]): string {
  const column = (name: "open" | "high" | "low" | "close"): string =>
    JSON.stringify(candles.map((candle) => rupeesFromPrice(candle[name])));
  const stamps = candles.map(({ at }) => `${at / 1e12}E9`).join(",");
  const volume = JSON.stringify(candles.map((candle) => candle.volume));
  return (
    `{"open":${column("open")},"high":${column("high")},"low":${column("low")},"close":${column("close")},` +
    `"volume":${volume},"timestamp":[${stamps}]}`
  );
}
