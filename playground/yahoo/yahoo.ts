import type { Exchange } from "../../connectors/paper/exchange/types.ts";
import type { InstrumentKey } from "../../src/domain/ids.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { istDate, istInstant } from "../../src/domain/market.ts";
import { PRICE_SCALE } from "../../src/domain/money.ts";
import type { Candle, Interval } from "../../src/domain/portfolio.ts";
import type { CallContext, SimulatedBroker } from "../brokers/types.ts";
import { failure, json, text } from "./replies.ts";

const DELAY_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
/** Yahoo stamps a daily bar with the session's start, 09:15 IST; ms after midnight. */
const BAR_STAMP_MS = 9.25 * 3_600_000;
const COOKIE = "A3=d=AQABBIA; Domain=.yahoo.com; Path=/; Secure; HttpOnly; Max-Age=31536000";
const CRUMB = "q1w2E3r4T5y";
const INDEX_NAMES: Readonly<Record<string, string>> = {
  "^NSEI": "NIFTY50",
  "^NSEBANK": "NIFTYBANK",
  "NIFTY_FIN_SERVICE.NS": "FINNIFTY",
  "^BSESN": "SENSEX",
  "^INDIAVIX": "INDIAVIX",
};
const INTERVALS: Readonly<Record<string, Interval>> = {
  "1m": "1m",
  "5m": "5m",
  "15m": "15m",
  "30m": "30m",
  "1h": "1h",
  "60m": "1h",
  "1d": "1d",
};
/** How many days back Yahoo serves each interval; a 1m call may also span at most 8 days. */
const DEPTH_DAYS: Readonly<Record<string, number>> = {
  "1m": 30,
  "5m": 60,
  "15m": 60,
  "30m": 60,
  "1h": 730,
  "60m": 730,
};

export interface YahooSwitches {
  /** Every call answers 429. */
  isBlocked: boolean;
  /** When false, the crumb endpoint answers 429, as it did to everybody for days at a time. */
  hasCrumb: boolean;
  /** Forgets every crumb that was handed out: the next quote call is "Invalid Crumb". */
  dropCrumbs(): void;
}

export interface SimulatedYahoo extends SimulatedBroker {
  readonly yahoo: YahooSwitches;
}

/**
 * Yahoo Finance's chart and quote endpoints over the simulated exchange: 15 minutes late, single-precision prices, a
 * day with missing numbers here and there, today's bar stamped with the last trade, an error for minutes outside a session.
 */
export function simulatedYahoo({ exchange }: { readonly exchange: Exchange }): SimulatedYahoo {
  let crumbs = 0;
  const yahoo: YahooSwitches = { isBlocked: false, hasCrumb: true, dropCrumbs: () => (crumbs += 1) };
  const crumb = (): string => `${CRUMB}${crumbs}`;
  const listed = (symbol: string): Instrument | undefined => find(exchange, symbol);

  function answer(request: Request, path: string): Response {
    const query = new URL(request.url).searchParams;
    if (yahoo.isBlocked) return text(429, "Too Many Requests");
    if (path === "/quote/AAPL") return text(200, "<html></html>", { "set-cookie": COOKIE });
    if (path === "/v1/test/getcrumb") {
      if (!yahoo.hasCrumb) return text(429, "Too Many Requests");
      return hasCookie(request) ? text(200, crumb()) : text(401, "");
    }
    if (path === "/v7/finance/quote") {
      if (!hasCookie(request)) return failure(401, "finance", "Unauthorized", "Invalid Cookie");
      if (query.get("crumb") !== crumb()) return failure(401, "finance", "Unauthorized", "Invalid Crumb");
      return quotes((query.get("symbols") ?? "").split(","));
    }
    const symbol = /^\/v8\/finance\/chart\/([^/]+)$/.exec(path)?.[1];
    return symbol === undefined ? text(404, "Not Found") : chart(decodeURIComponent(symbol), query);
  }

  /** Unknown symbols are silently left out. */
  function quotes(symbols: readonly string[]): Response {
    const rows = symbols.flatMap((symbol) => {
      const instrument = listed(symbol);
      return instrument ? [quoteRow(symbol, instrument)] : [];
    });
    return json(200, { quoteResponse: { result: rows, error: null } });
  }

  function quoteRow(symbol: string, instrument: Instrument): Record<string, unknown> {
    const { last, today, previous, at } = latest(instrument.key);
    return {
      language: "en-US",
      region: "US",
      quoteType: instrument.kind === "index" ? "INDEX" : "EQUITY",
      quoteSourceName: "Delayed Quote",
      currency: "INR",
      symbol,
      exchange: symbol.endsWith(".BO") ? "BSE" : "NSI",
      fullExchangeName: symbol.endsWith(".BO") ? "BSE" : "NSE",
      marketState: "REGULAR",
      shortName: instrument.name.toUpperCase(),
      exchangeDataDelayedBy: 15,
      exchangeTimezoneName: "Asia/Kolkata",
      regularMarketTime: Math.floor(at / 1_000),
      regularMarketPrice: last,
      regularMarketPreviousClose: previous,
      regularMarketOpen: today?.open ?? null,
      regularMarketDayHigh: today?.high ?? null,
      regularMarketDayLow: today?.low ?? null,
      regularMarketVolume: today?.volume ?? 0,
      bid: 0,
      ask: 0,
    };
  }

  /** The last price as of fifteen minutes ago, and the bar of its day. */
  function latest(key: InstrumentKey) {
    const at = exchange.now() - DELAY_MS;
    const days = exchange.candles(key, "1d", at - 10 * DAY_MS, at);
    const minutes = exchange.candles(key, "1m", at - DAY_MS, at);
    const bar = days.at(-1);
    const last = minutes.at(-1)?.close ?? bar?.close ?? 0;
    return {
      at: minutes.at(-1)?.at ?? at,
      last: single(last),
      previous: single(days.at(-2)?.close ?? last),
      today: bar && { ...rupees(bar), volume: bar.volume },
    };
  }

  function chart(symbol: string, query: URLSearchParams): Response {
    const instrument = listed(symbol);
    if (!instrument) return failure(404, "chart", "Not Found", "No data found, symbol may be delisted");
    const name = query.get("interval") ?? "1d";
    const interval = INTERVALS[name];
    const [from, to] = [Number(query.get("period1")) * 1_000, Number(query.get("period2")) * 1_000];
    if (interval === undefined || !(from < to)) return failure(400, "chart", "Bad Request", "Invalid input");
    const depth = DEPTH_DAYS[name];
    const isTooMuch = name === "1m" && to - from > 8 * DAY_MS;
    if (isTooMuch || (depth !== undefined && from < exchange.now() - depth * DAY_MS)) {
      const words = `${name} data not available for startTime=${from / 1_000} and endTime=${to / 1_000}.`;
      return failure(422, "chart", "Unprocessable Entity", words);
    }
    const until = Math.min(to - 1_000, exchange.now() - DELAY_MS);
    const bars = exchange.candles(instrument.key, interval, firstBarAt(from, interval), until);
    if (bars.length === 0 && interval !== "1d") {
      const words = `Data doesn't exist for startDate = ${from / 1_000}, endDate = ${to / 1_000}`;
      return failure(400, "chart", "Bad Request", words);
    }
    return json(200, { chart: { result: [chartResult(symbol, instrument, bars, interval)], error: null } });
  }

  // The exchange's daily bars begin at midnight, Yahoo's at 09:15: a bar is in the range if Yahoo's stamp is.
  const firstBarAt = (from: number, interval: Interval): number => (interval === "1d" ? from - BAR_STAMP_MS : from);

  function chartResult(symbol: string, instrument: Instrument, bars: readonly Candle[], interval: Interval) {
    const { last, previous, today, at } = latest(instrument.key);
    // The exchange's bar of today goes up to now; Yahoo's ends with the last delayed price.
    const isRunning = (bar: Candle): boolean => interval === "1d" && istDate(bar.at) === istDate(at);
    const rows = bars.map((bar) => ({
      ...rupees(bar),
      ...(isHalfNull(bar, at) && { open: null, high: null }),
      ...(isRunning(bar) && { close: last }),
    }));
    const column = (pick: (row: (typeof rows)[number]) => number | null) => rows.map(pick);
    const session = { timezone: "IST", start: 1_767_930_300, end: 1_767_952_800, gmtoffset: 19_800 };
    return {
      meta: {
        currency: "INR",
        symbol,
        exchangeName: symbol.endsWith(".BO") ? "BSE" : "NSI",
        instrumentType: instrument.kind === "index" ? "INDEX" : "EQUITY",
        firstTradeDate: 820_467_900,
        regularMarketTime: Math.floor(at / 1_000),
        gmtoffset: 19_800,
        timezone: "IST",
        exchangeTimezoneName: "Asia/Kolkata",
        regularMarketPrice: last,
        regularMarketVolume: today?.volume ?? 0,
        chartPreviousClose: previous,
        priceHint: 2,
        currentTradingPeriod: { pre: session, regular: session, post: session },
        dataGranularity: interval,
        range: "",
        validRanges: ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
      },
      ...(bars.length === 0 ? {} : { timestamp: bars.map((bar) => Math.floor(stampOf(bar, interval, at) / 1_000)) }),
      indicators: {
        quote: [
          bars.length === 0
            ? {}
            : {
                open: column((row) => row.open),
                high: column((row) => row.high),
                low: column((row) => row.low),
                close: column((row) => row.close),
                volume: bars.map((bar) => bar.volume),
              },
        ],
      },
    };
  }

  return {
    name: "yahoo",
    handle: async (request: Request, { path }: CallContext) => answer(request, path),
    roots: (base) => ({ YAHOO_API_ROOT: base }),
    credentials: {},
    hint: "No login",
    switches: {
      expireSessions: () => yahoo.dropCrumbs(),
      isIpAllowed: true,
      hasMarketData: true,
      enforcesRateLimits: false,
    },
    yahoo,
  };
}

const hasCookie = (request: Request): boolean => request.headers.get("cookie")?.includes("A3=") === true;

/** Today's daily bar carries the time of its last trade. */
function stampOf(bar: Candle, interval: Interval, lastTrade: number): number {
  if (interval !== "1d") return bar.at;
  return istDate(bar.at) === istDate(lastTrade) ? lastTrade : istInstant(istDate(bar.at)) + BAR_STAMP_MS;
}

/** Bars of the 13th of a month lack open and high, except today's. */
const isHalfNull = (bar: Candle, now: number): boolean =>
  istDate(bar.at).endsWith("-13") && istDate(bar.at) !== istDate(now);

/** Yahoo sends single-precision numbers. */
const single = (units: number): number => Math.fround(units / PRICE_SCALE);
const rupees = (bar: Candle): { open: number | null; high: number | null; low: number; close: number } => ({
  open: single(bar.open),
  high: single(bar.high),
  low: single(bar.low),
  close: single(bar.close),
});

function find(exchange: Exchange, symbol: string): Instrument | undefined {
  const index = INDEX_NAMES[symbol];
  if (index !== undefined) return exchange.find(`INDEX:${index}` as InstrumentKey);
  const equity = /^([A-Z0-9&_-]+)\.(NS|BO)$/.exec(symbol);
  if (!equity) return undefined;
  const wanted = equity[2] === "NS" ? `NSE:${equity[1]}-EQ` : `BSE:${equity[1]}`;
  return exchange.instruments.find((each) => each.symbol === wanted);
}
