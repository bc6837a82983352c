import type YahooFinance from "yahoo-finance2";
import type { z } from "zod";
import { HttpFailure, type HttpClient, type HttpReply, type HttpRequest } from "../../src/lib/http.ts";
import { parseJson } from "../../src/lib/json.ts";
import { READ_TIMEOUT_MS } from "../base.ts";
import { fromFailure, isStaleCrumb, YAHOO, yahooError } from "./errors.ts";
import { ROOTS } from "./facts.ts";
import { chartSchema, failureSchema, quotesSchema, type Chart, type QuoteRow } from "./schemas.ts";

const REAL_ROOT = ROOTS.YAHOO_API_ROOT;
/** The library uses three hosts, of which only one is configurable. */
const YAHOO_HOSTS = /^https:\/\/(finance|query1\.finance|query2\.finance)\.yahoo\.com/;
/** Between calls to the real Yahoo, which publishes no rate limit and blocks clients that call too often. */
const REAL_INTERVAL_MS = 250;
/** Yahoo blocks IPs that go on calling after a 429. */
const PAUSE_AFTER_429_MS = 15 * 60_000;
const CHART = "GET /v8/finance/chart";
const QUOTE = "GET /v7/finance/quote";
/** Cookie and crumb are fetched for quotes, and count as those. */
type Endpoint = typeof CHART | typeof QUOTE;

export type ChartInterval = "1m" | "5m" | "15m" | "30m" | "1h" | "1d";

export interface YahooClientDeps {
  readonly http: HttpClient;
  /** `https://query2.finance.yahoo.com`, or a stand-in for all of Yahoo's hosts. */
  readonly root: string;
  readonly now: () => number;
}

export interface YahooClient {
  getChart(
    symbol: string,
    range: { readonly from: number; readonly to: number; readonly interval: ChartInterval },
    signal?: AbortSignal,
  ): Promise<Chart>;
  /** Needs a cookie and a crumb, which the first call fetches. Unknown symbols are absent from the result. */
  getQuotes(symbols: readonly string[], signal?: AbortSignal): Promise<QuoteRow[]>;
}

/** yahoo-finance2 over our HTTP client. Works around its defects: no deadline, no pause after 429, a stale crumb. */
export function createYahooClient(deps: YahooClientDeps): YahooClient {
  const pauses = createPauses(deps.now);
  let made: Promise<Library> | null = null;
  const library = (): Promise<Library> => (made ??= createLibrary(deps, pauses));

  async function call<S extends z.ZodType>(
    endpoint: Endpoint,
    schema: S,
    ask: () => Promise<unknown>,
  ): Promise<z.output<S>> {
    pauses.check(endpoint);
    try {
      return validated(schema, await ask(), endpoint);
    } catch (error) {
      throw fromFailure(error, endpoint);
    }
  }

  // Our schema validates what we use. The library's own fails on any field that Yahoo adds or drops.
  const options = (signal: AbortSignal | undefined) => ({
    validateResult: false as const,
    fetchOptions: signal ? { signal } : {},
  });

  const askQuotes = (symbols: readonly string[], signal?: AbortSignal): Promise<QuoteRow[]> =>
    call(QUOTE, quotesSchema, async () => (await library()).quote([...symbols], { return: "array" }, options(signal)));

  return {
    getChart: (symbol, { from, to, interval }, signal) =>
      // Dates, because the library takes numbers as seconds. The end is exclusive and must differ from the start.
      call(CHART, chartSchema, async () =>
        (await library()).chart(
          symbol,
          { period1: new Date(from), period2: new Date(Math.max(to, from) + 1_000), interval, events: "" },
          options(signal),
        ),
      ),
    async getQuotes(symbols, signal) {
      try {
        return await askQuotes(symbols, signal);
      } catch (error) {
        const failure = fromFailure(error, QUOTE);
        if (failure.kind !== "unavailable" || !isStaleCrumb(failure)) throw failure;
        made = null;
        return askQuotes(symbols, signal);
      }
    },
  };
}

type Pauses = ReturnType<typeof createPauses>;

/** What is not asked for a while after a 429. */
function createPauses(now: () => number) {
  const until: Record<Endpoint, number> = { [CHART]: 0, [QUOTE]: 0 };
  return {
    check(endpoint: Endpoint): void {
      const waitMs = until[endpoint] - now();
      // A longer wait means that the clock was set back: it is ignored.
      if (waitMs > 0 && waitMs <= PAUSE_AFTER_429_MS)
        throw yahooError("rate-limited", "Yahoo asked for a pause", endpoint, { retryAfterMs: waitMs });
    },
    /** Quotes alone may be refused for weeks; a refused chart means that Yahoo wants no call at all. */
    begin(refused: Endpoint): void {
      until[QUOTE] = now() + PAUSE_AFTER_429_MS;
      if (refused === CHART) until[CHART] = until[QUOTE];
    },
  };
}

function validated<S extends z.ZodType>(schema: S, value: unknown, endpoint: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw yahooError("bad-response", `Yahoo: ${issue?.path.join(".")}: ${issue?.message}`, endpoint);
}

const silent = (): void => undefined;

type Library = InstanceType<typeof YahooFinance>;

/** Imported on the first call, since the library takes 20 MB. */
async function createLibrary(deps: YahooClientDeps, pauses: Pauses): Promise<Library> {
  const [{ default: Yahoo }, { ExtendedCookieJar }] = await Promise.all([
    import("yahoo-finance2"),
    import("yahoo-finance2/lib/cookieJar"),
  ]);
  return new Yahoo({
    fetch: fetchThrough(deps, pauses),
    cookieJar: new ExtendedCookieJar(),
    // It would query a package registry for its version after any reply that it does not understand.
    versionCheck: false,
    suppressNotices: ["yahooSurvey", "ripHistorical"],
    validation: { logErrors: false, logOptionsErrors: false },
    queue: { concurrency: 2, interval: deps.root === REAL_ROOT ? REAL_INTERVAL_MS : 0 },
    logger: { info: silent, warn: silent, error: silent, debug: silent, dir: silent },
  });
}

/** The library's `fetch`. Throws on failures that the library would print, with the crumb in the URL. */
function fetchThrough({ http, root }: YahooClientDeps, pauses: Pauses): typeof globalThis.fetch {
  return async (input, init) => {
    const asked = input instanceof Request ? input.url : input.toString();
    const url = root === REAL_ROOT ? asked : asked.replace(YAHOO_HOSTS, root);
    const endpoint = new URL(asked).pathname.startsWith("/v8/finance/chart/") ? CHART : QUOTE;
    // Again here, since the library's queue may have held the call back until after a 429.
    pauses.check(endpoint);
    const reply = await sendRetryingOnce(http, {
      scope: YAHOO,
      method: init?.method === "POST" ? "POST" : "GET",
      url,
      headers: headersOf(init),
      ...(typeof init?.body === "string" ? { body: init.body } : {}),
      timeoutMs: READ_TIMEOUT_MS,
      signal: init?.signal ?? undefined,
    });
    if (reply.status === 429) pauses.begin(endpoint);
    throwOnFailure(reply, new URL(url).pathname, init?.redirect === "manual");
    return new Response(reply.status === 204 ? null : reply.body, {
      status: reply.status,
      headers: replyHeaders(reply),
    });
  };
}

/** Retries once if the connection broke: a kept-alive one may have been closed by the server. Never retries a 429. */
async function sendRetryingOnce(http: HttpClient, request: HttpRequest): Promise<HttpReply> {
  try {
    return await http.send(request);
  } catch (error) {
    if (error instanceof HttpFailure && error.kind === "broken") return http.send(request);
    throw error;
  }
}

function headersOf(init: RequestInit | undefined): Record<string, string> {
  const headers = Object.fromEntries(new Headers(init?.headers).entries());
  // Our HTTP client negotiates and unpacks the encoding itself.
  delete headers["accept-encoding"];
  return headers;
}

function replyHeaders({ headers }: HttpReply): Headers {
  const kept = new Headers();
  for (const name of ["content-type", "location", "set-cookie"]) {
    const value = headers[name];
    for (const line of value === undefined ? [] : value.split("\n")) kept.append(name, line);
  }
  return kept;
}

/** `mayRedirect`: on the way to a crumb the library follows redirects by itself. */
function throwOnFailure({ status, body }: HttpReply, path: string, mayRedirect: boolean): void {
  if (status < (mayRedirect ? 400 : 300)) return;
  const endpoint = `GET ${path.replace(/\/[^/]*$/, "")}`;
  if (status === 429) throw yahooError("rate-limited", "Yahoo: Too Many Requests", endpoint, { status });
  if (status >= 500) throw yahooError("unavailable", `Yahoo answered HTTP ${status}`, endpoint, { status });
  // After any other reply the library would print the address.
  if (!failureSchema.safeParse(parseJson(body)).success)
    throw yahooError("unavailable", `Yahoo answered HTTP ${status} without its envelope`, endpoint, { status });
}
