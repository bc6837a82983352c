import { isDayPeriod, joinDays, periodStart } from "../../src/domain/candles.ts";
import type { InstrumentKey } from "../../src/domain/ids.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { istDate, istInstant } from "../../src/domain/market.ts";
import type { Candle, Interval, Quote } from "../../src/domain/portfolio.ts";
import { BrokerError } from "../../src/errors.ts";
import type { HttpClient } from "../../src/lib/http.ts";
import type { CandleQuery, ConnectorDeps, DataSource } from "../base.ts";
import { spansOf } from "../candles.ts";
import { createYahooClient, type ChartInterval, type YahooClient } from "./client.ts";
import { fromFailure, isEmptyRange, yahooError } from "./errors.ts";
import { dailyCandles, intradayCandles, quoteFromChart, quoteFromRow } from "./map.ts";
import { yahooSymbol } from "./symbols.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Calendar days that always include two trading days, whatever the holidays. */
const QUOTE_DAYS = 10;
/** Up to so many instruments are quoted by one chart each, which needs no crumb; more in batches, which do. */
const MAX_CHART_QUOTES = 3;
const QUOTES_PER_CALL = 50;

interface IntervalSpec {
  readonly name: ChartInterval;
  /** Width of an intraday bar; 0 for days, weeks and months. */
  readonly widthMs: number;
  /** How far back Yahoo goes, and how much one call may span. Older ranges are refused, so they are not asked for. */
  readonly depthDays: number;
  readonly chunkDays: number;
}
const UNLIMITED = 365 * 100;
const DAYS: IntervalSpec = { name: "1d", widthMs: 0, depthDays: UNLIMITED, chunkDays: UNLIMITED };
/** A day less than Yahoo's limits: 1m 30 days (7 per call), up to 30m 60 days, 1h 730 days. */
const SPECS: Readonly<Record<Interval, IntervalSpec>> = {
  "1m": { name: "1m", widthMs: MINUTE_MS, depthDays: 29, chunkDays: 7 },
  "5m": { name: "5m", widthMs: 5 * MINUTE_MS, depthDays: 59, chunkDays: 59 },
  "15m": { name: "15m", widthMs: 15 * MINUTE_MS, depthDays: 59, chunkDays: 59 },
  "30m": { name: "30m", widthMs: 30 * MINUTE_MS, depthDays: 59, chunkDays: 59 },
  "1h": { name: "1h", widthMs: 60 * MINUTE_MS, depthDays: 729, chunkDays: 729 },
  "1d": DAYS,
  "1w": DAYS,
  "1mo": DAYS,
};

export interface YahooOptions {
  readonly http: HttpClient;
  /** YAHOO_API_ROOT */
  readonly root: string;
  readonly now: () => number;
  readonly warn: ConnectorDeps["warn"];
}

/**
 * The data source `yfinance`: quotes delayed by about 15 minutes, candles adjusted for splits and bonuses, not for
 * dividends. Instruments that Yahoo does not have are absent from quotes and `rejected` for candles.
 */
export function createYahoo({ http, root, now, warn }: YahooOptions): DataSource {
  const client = createYahooClient({ http, root, now });
  return {
    name: "yfinance",
    getQuotes: (instruments, signal) => quotesOf({ client, now, warn }, instruments, signal),
    getHistoricalData: (query, signal) => candlesOf(client, now(), query, signal),
  };
}

interface Known {
  readonly instrument: Instrument;
  readonly symbol: string;
}
interface QuoteDeps extends Pick<YahooOptions, "now" | "warn"> {
  readonly client: YahooClient;
}

async function quotesOf(
  deps: QuoteDeps,
  instruments: readonly Instrument[],
  signal?: AbortSignal,
): Promise<Map<InstrumentKey, Quote>> {
  const known = instruments.flatMap((instrument): Known[] => {
    const symbol = yahooSymbol(instrument);
    return symbol === null ? [] : [{ instrument, symbol }];
  });
  const quotes =
    known.length <= MAX_CHART_QUOTES
      ? await quotesByChart(deps, known, signal)
      : await quotesInBatches(deps, known, signal);
  return new Map(quotes.map((quote) => [quote.key, quote]));
}

/** Many per call. If that fails, as when Yahoo gives no crumb (at times for weeks), by charts. */
async function quotesInBatches(deps: QuoteDeps, known: readonly Known[], signal?: AbortSignal): Promise<Quote[]> {
  try {
    const batches = Array.from({ length: Math.ceil(known.length / QUOTES_PER_CALL) }, (_, at) =>
      known.slice(at * QUOTES_PER_CALL, (at + 1) * QUOTES_PER_CALL),
    );
    const replies = await Promise.all(batches.map((batch) => deps.client.getQuotes(batch.map(bySymbol), signal)));
    const rows = new Map(replies.flat().map((row) => [row.symbol, row]));
    return known.flatMap(({ instrument, symbol }) => {
      const row = rows.get(symbol);
      const quote = row && quoteFromRow(instrument, row);
      return quote ? [quote] : [];
    });
  } catch (error) {
    const failure = fromFailure(error, "GET /v7/finance/quote");
    if (failure.kind === "unreachable" || failure.kind === "timeout") throw failure;
    deps.warn("Yahoo gave no quotes in one call; asked one by one", { kind: failure.kind });
    return quotesByChart(deps, known, signal);
  }
}

const bySymbol = ({ symbol }: Known): string => symbol;

/** Symbols that Yahoo does not know are left out; any other failure fails all. */
async function quotesByChart(
  { client, now }: QuoteDeps,
  known: readonly Known[],
  signal?: AbortSignal,
): Promise<Quote[]> {
  const to = now();
  const range = { from: to - QUOTE_DAYS * DAY_MS, to, interval: "1d" as const };
  const quotes = await Promise.all(
    known.map(async ({ instrument, symbol }) => {
      const chart = await client.getChart(symbol, range, signal).catch((error: unknown) => {
        if (error instanceof BrokerError && error.kind === "rejected") return null;
        throw error;
      });
      return chart && quoteFromChart(instrument, chart);
    }),
  );
  return quotes.filter((quote) => quote !== null);
}

async function candlesOf(
  client: YahooClient,
  now: number,
  { instrument, interval, from, to }: CandleQuery,
  signal?: AbortSignal,
): Promise<Candle[]> {
  const symbol = yahooSymbol(instrument);
  if (symbol === null)
    throw yahooError("rejected", `Yahoo does not have ${instrument.symbol}`, "GET /v8/finance/chart");
  const spec = SPECS[interval];
  const start = spec.widthMs > 0 ? Math.max(from, now - spec.depthDays * DAY_MS) : startOfDays(interval, from);
  const end = Math.min(to, now);
  if (end < start) return [];
  const charts = await Promise.all(
    spansOf({ from: start, to: end }, spec.chunkDays * DAY_MS, 1_000).map((part) =>
      client.getChart(symbol, { ...part, interval: spec.name }, signal).catch(noneInRange),
    ),
  );
  const whole = { quotes: charts.flatMap(({ quotes }) => quotes) };
  const bars = spec.widthMs > 0 ? intradayCandles(whole, spec.widthMs) : dailyCandles(whole);
  const grouped = isDayPeriod(interval) ? joinDays(bars, interval) : bars;
  return grouped.filter(({ at }) => at >= from && at <= to);
}

/** A part of the range may have no trading session. */
function noneInRange(error: unknown): { quotes: [] } {
  if (isEmptyRange(error)) return { quotes: [] };
  throw error;
}

const startOfDays = (interval: Interval, at: number): number =>
  isDayPeriod(interval) ? periodStart(interval, at) : istInstant(istDate(at));
