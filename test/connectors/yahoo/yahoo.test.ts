import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createYahoo } from "../../../connectors/yahoo/index.ts";
import { intradayCandles, quoteFromChart } from "../../../connectors/yahoo/map.ts";
import { createExchange } from "../../../connectors/paper/exchange/exchange.ts";
import { startBrokersServer } from "../../../playground/brokers/server.ts";
import type { BrokersServer } from "../../../playground/brokers/types.ts";
import { simulatedYahoo, type SimulatedYahoo } from "../../../playground/yahoo/yahoo.ts";
import type { DataSource } from "../../../connectors/base.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istDate, istInstant } from "../../../src/domain/market.ts";
import { BrokerError } from "../../../src/errors.ts";
import { createHttpClient, type HttpClient } from "../../../src/lib/http.ts";

const START = istInstant("2026-11-18", "11:00");
const DAY_MS = 86_400_000;

describe("Yahoo Finance as a data source", () => {
  let now = START;
  const exchange = createExchange({ seed: 7, now: () => now, isAlwaysOpen: false });
  let simulated: SimulatedYahoo;
  let server: BrokersServer;
  let http: HttpClient;
  let yahoo: DataSource;
  const warnings: string[] = [];

  const listed = (symbol: string): Instrument => {
    const found = exchange.instruments.find((each) => each.symbol === symbol);
    if (!found) throw new Error(`not listed: ${symbol}`);
    return found;
  };
  const newSource = (root = server.base("yahoo")): DataSource =>
    createYahoo({ http, root, now: () => now, warn: (message) => warnings.push(message) });
  const callsTo = (path: string): number => server.calls("yahoo").filter((call) => call.includes(path)).length;

  beforeAll(async () => {
    simulated = simulatedYahoo({ exchange });
    server = await startBrokersServer({ port: 0, brokers: [simulated] });
    http = createHttpClient({ now: () => now, sleep: async () => undefined });
    yahoo = newSource();
  });
  afterEach(() => {
    server.clearFaults();
    simulated.yahoo.isBlocked = false;
    simulated.yahoo.hasCrumb = true;
    warnings.length = 0;
  });
  afterAll(async () => {
    await http.close();
    await server.close();
  });

  it("quotes a share and an index from charts, without a crumb, delayed by fifteen minutes", async () => {
    const [sbin, nifty] = [listed("NSE:SBIN-EQ"), listed("NSE:NIFTY50-INDEX")];
    const before = callsTo("getcrumb");
    const quotes = await yahoo.getQuotes([sbin, nifty]);
    const quote = quotes.get(sbin.key);
    expect(quotes.size).toBe(2);
    expect(quote).toMatchObject({ symbol: "NSE:SBIN-EQ", source: "yfinance", bid: null, ask: null });
    expect(now - (quote?.at ?? 0)).toBeGreaterThanOrEqual(15 * 60_000);
    expect(now - (quote?.at ?? 0)).toBeLessThan(17 * 60_000);
    expect((quote?.ltp ?? 1) % 100).toBe(0);
    const yesterday = exchange.candles(sbin.key, "1d", now - 5 * DAY_MS, now).at(-2);
    expect(quote?.prevClose).toBe(yesterday?.close);
    expect(callsTo("getcrumb")).toBe(before);
  });

  it("fetches many quotes in one call, and omits what Yahoo does not have", async () => {
    const listings = exchange.instruments.filter((each) => each.kind === "equity" && each.segment === "NSE");
    const shares = listings.slice(0, 50);
    const option = exchange.instruments.find((each) => each.kind === "option");
    const before = callsTo("/v7/finance/quote");
    const quotes = await newSource().getQuotes([...shares, option as Instrument]);
    expect(quotes.size).toBe(50);
    expect(quotes.has((option as Instrument).key)).toBe(false);
    expect(callsTo("/v7/finance/quote")).toBe(before + 1);
    const sbin = quotes.get(listed("NSE:SBIN-EQ").key);
    expect(sbin?.prevClose).not.toBeNull();
  });

  it("gives the same quote of a share from a batch and from its chart", async () => {
    const shares = ["NSE:SBIN-EQ", "NSE:M&M-EQ", "NSE:BAJAJ-AUTO-EQ", "BSE:SBIN"].map(listed);
    const batch = await yahoo.getQuotes(shares);
    for (const share of shares) {
      const single = (await yahoo.getQuotes([share])).get(share.key);
      const { ltp, prevClose, open, high, low, volume, at } = batch.get(share.key) ?? {};
      expect(single).toMatchObject({ ltp, prevClose, open, high, low, volume, at });
    }
  });

  it("gives a candle for today that closes at the quoted price", async () => {
    const sbin = listed("NSE:SBIN-EQ");
    const [quote] = (await yahoo.getQuotes([sbin])).values();
    const bars = await yahoo.getHistoricalData({ instrument: sbin, interval: "1d", from: now - 5 * DAY_MS, to: now });
    expect(bars.at(-1)?.close).toBe(quote?.ltp);
  });

  it("takes the previous close from the last trading day even if that row lacks other numbers", async () => {
    now = istInstant("2026-11-16", "11:00");
    const sbin = listed("NSE:SBIN-EQ");
    const [quote] = (await newSource().getQuotes([sbin])).values();
    const friday = exchange.candles(sbin.key, "1d", istInstant("2026-11-13"), istInstant("2026-11-13")).at(0);
    now = START;
    expect(quote?.prevClose).toBe(friday?.close);
  });

  it("has no previous close when the row of the last trading day has no close", () => {
    const row = (date: string, close: number | null) => ({ date: new Date(istInstant(date, "09:15")), close });
    const numbers = { open: 100, high: 100, low: 100, volume: 1 };
    const days = [row("2026-11-12", 90), row("2026-11-13", null), row("2026-11-16", 100)];
    const times = { regularMarketPrice: 100, regularMarketTime: istInstant("2026-11-16", "10:45") };
    const chart = {
      meta: { symbol: "SBIN.NS", exchangeTimezoneName: "Asia/Kolkata", ...times },
      quotes: days.map((day) => ({ ...numbers, ...day })),
    };
    expect(quoteFromChart(listed("NSE:SBIN-EQ"), chart)?.prevClose).toBeNull();
  });

  it("requests a new crumb when the old one is no longer valid", async () => {
    const shares = ["NSE:SBIN-EQ", "NSE:INFY-EQ", "NSE:TCS-EQ", "NSE:ITC-EQ"].map(listed);
    const source = newSource();
    await source.getQuotes(shares);
    simulated.yahoo.dropCrumbs();
    expect((await source.getQuotes(shares)).size).toBe(4);
    expect(warnings).toEqual([]);
  });

  it("is refused quotes that have a crumb but no cookie", async () => {
    const base = server.base("yahoo");
    const { headers } = await fetch(`${base}/quote/AAPL`);
    const cookie = headers.get("set-cookie")?.split(";")[0] ?? "";
    const crumb = await (await fetch(`${base}/v1/test/getcrumb`, { headers: { cookie } })).text();
    const quote = `${base}/v7/finance/quote?symbols=SBIN.NS&crumb=${crumb}`;
    expect((await fetch(quote, { headers: { cookie } })).status).toBe(200);
    expect((await fetch(quote)).status).toBe(401);
  });

  it("falls back to charts when it gets no crumb", async () => {
    simulated.yahoo.hasCrumb = false;
    const shares = ["NSE:SBIN-EQ", "NSE:INFY-EQ", "NSE:TCS-EQ", "NSE:ITC-EQ"].map(listed);
    expect((await newSource().getQuotes(shares)).size).toBe(4);
    expect(warnings).toHaveLength(1);
  });

  it("gives daily candles by IST dates, without the rows that lack a number", async () => {
    const sbin = listed("NSE:SBIN-EQ");
    const [from, to] = [istInstant("2026-10-01"), now];
    const candles = await yahoo.getHistoricalData({ instrument: sbin, interval: "1d", from, to });
    const truth = exchange.candles(sbin.key, "1d", from, now - 15 * 60_000);
    const dates = candles.map(({ at }) => istDate(at));
    expect(dates).toEqual(truth.map(({ at }) => istDate(at)).filter((date) => !date.endsWith("-13")));
    expect(new Set(dates).size).toBe(dates.length);
    expect(candles[0]).toEqual(truth[0]);
    expect(candles.every(({ at }) => at === istInstant(istDate(at)))).toBe(true);
  });

  it("joins daily candles into weeks and months", async () => {
    const sbin = listed("NSE:SBIN-EQ");
    const query = { instrument: sbin, from: istInstant("2026-08-01"), to: now };
    const months = await yahoo.getHistoricalData({ ...query, interval: "1mo" });
    expect(months.map(({ at }) => istDate(at))).toEqual(["2026-08-01", "2026-09-01", "2026-10-01", "2026-11-01"]);
    const weeks = await yahoo.getHistoricalData({ ...query, interval: "1w" });
    expect(weeks.every(({ at }) => new Date(`${istDate(at)}T00:00:00Z`).getUTCDay() === 1)).toBe(true);
    const days = await yahoo.getHistoricalData({ ...query, interval: "1d" });
    const september = days.filter(({ at }) => istDate(at).startsWith("2026-09"));
    expect(months[1]?.high).toBe(Math.max(...september.map(({ high }) => high)));
    expect(months[1]?.volume).toBe(september.reduce((sum, { volume }) => sum + volume, 0));
  });

  it("requests minute candles in spans that Yahoo allows, and leaves out what is too old", async () => {
    const sbin = listed("NSE:SBIN-EQ");
    const before = callsTo("/v8/finance/chart");
    const candles = await yahoo.getHistoricalData({
      instrument: sbin,
      interval: "1m",
      from: now - 60 * DAY_MS,
      to: now,
    });
    expect(callsTo("/v8/finance/chart") - before).toBe(5);
    expect(istDate(candles[0]?.at ?? 0) >= istDate(now - 30 * DAY_MS)).toBe(true);
    expect(candles.every(({ at }) => at % 60_000 === 0)).toBe(true);
    expect(candles.map(({ at }) => at)).toEqual([...new Set(candles.map(({ at }) => at))].sort((a, b) => a - b));
  });

  it("merges the last trade, which Yahoo sends as a row with its own time, into the candle that it belongs to", () => {
    const row = (time: string, close: number) => ({
      date: new Date(istInstant("2026-11-16", time)),
      open: close,
      high: close + 1,
      low: close - 1,
      close,
      volume: 10,
    });
    const quotes = [row("09:15", 100), row("09:20", 102), row("09:23:41", 105)];
    const traded = { regularMarketPrice: 105, regularMarketTime: 0 };
    const chart = { meta: { symbol: "SBIN.NS", exchangeTimezoneName: "Asia/Kolkata", ...traded }, quotes };
    expect(intradayCandles(chart, 5 * 60_000)).toMatchObject([
      { at: istInstant("2026-11-16", "09:15"), close: 1_000_000 },
      {
        at: istInstant("2026-11-16", "09:20"),
        open: 1_020_000,
        high: 1_060_000,
        low: 1_010_000,
        close: 1_050_000,
        volume: 20,
      },
    ]);
  });

  it("gives no candles for a range without a session", async () => {
    const sunday = istInstant("2026-11-15");
    const query = { instrument: listed("NSE:SBIN-EQ"), interval: "1d" as const, from: sunday, to: sunday + 3_600_000 };
    expect(await yahoo.getHistoricalData(query)).toEqual([]);
  });

  it("gives the minutes of the other days when one span of the range has no session", async () => {
    now = istInstant("2026-11-16", "08:30");
    const query = { instrument: listed("NSE:SBIN-EQ"), interval: "1m" as const, to: now };
    const candles = await yahoo.getHistoricalData({ ...query, from: now - 15 * DAY_MS });
    expect(new Set(candles.map(({ at }) => istDate(at)))).toContain("2026-11-12");
    expect(await yahoo.getHistoricalData({ ...query, from: istInstant("2026-11-14") })).toEqual([]);
    now = START;
  });

  it("fails with rejected, without a request, for candles of an option, which Yahoo does not have", async () => {
    const option = exchange.instruments.find((each) => each.kind === "option") as Instrument;
    const before = server.calls("yahoo").length;
    const query = { instrument: option, interval: "1d" as const, from: now - DAY_MS, to: now };
    await expect(yahoo.getHistoricalData(query)).rejects.toMatchObject({ kind: "rejected", broker: "yahoo" });
    expect(server.calls("yahoo")).toHaveLength(before);
  });

  it("has no price for a bond or a partly paid share, because Yahoo would give the price of the company's share", async () => {
    const [share, other] = [listed("NSE:SBIN-EQ"), listed("NSE:ITC-EQ")];
    const inSeries = (series: string, token: number) =>
      ({ ...share, symbol: `NSE:SBIN-${series}`, series, key: `NSE:${token}` }) as Instrument;
    const [bond, partlyPaid, tradeToTrade] = [inSeries("N5", 1), inSeries("E1", 2), inSeries("BE", 3)];
    const few = await yahoo.getQuotes([bond, partlyPaid, tradeToTrade]);
    const many = await newSource().getQuotes([bond, partlyPaid, tradeToTrade, share, other]);
    expect([...few.keys()]).toEqual([tradeToTrade.key]);
    expect([...many.keys()]).toEqual([tradeToTrade.key, share.key, other.key]);
    const query = { instrument: bond, interval: "1d", from: now - 9 * DAY_MS, to: now } as const;
    await expect(yahoo.getHistoricalData(query)).rejects.toMatchObject({ kind: "rejected" });
  });

  it("fails with rejected for candles of a symbol that Yahoo no longer has, and omits its quote", async () => {
    const delisted = { ...listed("NSE:SBIN-EQ"), symbol: "NSE:GONE-EQ", key: "NSE:999999" } as Instrument;
    const query = { instrument: delisted, interval: "1d" as const, from: now - DAY_MS, to: now };
    await expect(yahoo.getHistoricalData(query)).rejects.toMatchObject({ kind: "rejected" });
    expect((await yahoo.getQuotes([delisted])).size).toBe(0);
  });

  it("sends nothing for fifteen minutes after a 429, and prints nothing", async () => {
    const printed = vi.spyOn(console, "error");
    const source = newSource();
    const sbin = listed("NSE:SBIN-EQ");
    simulated.yahoo.isBlocked = true;
    await expect(source.getQuotes([sbin])).rejects.toMatchObject({ kind: "rate-limited" });
    const callsBefore = server.calls("yahoo").length;
    simulated.yahoo.isBlocked = false;
    await expect(source.getQuotes([sbin])).rejects.toMatchObject({ kind: "rate-limited" });
    expect(server.calls("yahoo")).toHaveLength(callsBefore);
    now += 16 * 60_000;
    expect((await source.getQuotes([sbin])).size).toBe(1);
    now = START - 86_400_000;
    expect((await source.getQuotes([sbin])).size).toBe(1);
    now = START;
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  it("asks for no quotes either after a 429 to a chart, but for charts after a 429 to quotes", async () => {
    const shares = ["NSE:SBIN-EQ", "NSE:INFY-EQ", "NSE:TCS-EQ", "NSE:ITC-EQ"].map(listed);
    const blocked = newSource();
    simulated.yahoo.isBlocked = true;
    await expect(blocked.getQuotes(shares.slice(0, 1))).rejects.toMatchObject({ kind: "rate-limited" });
    simulated.yahoo.isBlocked = false;
    const callsBefore = server.calls("yahoo").length;
    await expect(blocked.getQuotes(shares)).rejects.toMatchObject({ kind: "rate-limited" });
    expect(server.calls("yahoo")).toHaveLength(callsBefore);
    const withoutCrumb = newSource();
    simulated.yahoo.hasCrumb = false;
    expect((await withoutCrumb.getQuotes(shares)).size).toBe(4);
    const crumbCalls = callsTo("getcrumb");
    expect((await withoutCrumb.getQuotes(shares)).size).toBe(4);
    expect(callsTo("getcrumb")).toBe(crumbCalls);
  });

  it("does not send the calls that were waiting for their turn when a 429 came", async () => {
    const source = newSource();
    simulated.yahoo.hasCrumb = false;
    const shares = exchange.instruments.filter((each) => each.kind === "equity" && each.segment === "NSE");
    await source.getQuotes(shares.slice(0, 4));
    simulated.yahoo.isBlocked = true;
    const before = callsTo("/v8/finance/chart");
    await expect(source.getQuotes(shares.slice(0, 30))).rejects.toMatchObject({ kind: "rate-limited" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    // Two at a time.
    expect(callsTo("/v8/finance/chart") - before).toBeLessThanOrEqual(2);
  });

  it.each(['{"message":"Not Found on Accelerator"}', "{}", '{"chart":{"result":null}}', "{"])(
    "prints nothing after an error without Yahoo's envelope: %s",
    async (body) => {
      const printed = vi.spyOn(console, "error").mockReturnValue();
      const stub = { ...http, send: async () => ({ status: 404, headers: {}, body }) };
      const source = createYahoo({ http: stub, root: "http://127.0.0.1:9", now: () => now, warn: () => undefined });
      await expect(source.getQuotes([listed("NSE:SBIN-EQ")])).rejects.toMatchObject({
        kind: "unavailable",
        status: 404,
      });
      expect(printed).not.toHaveBeenCalled();
      printed.mockRestore();
    },
  );

  it("prints nothing after a redirect of a chart, which it does not follow", async () => {
    const printed = vi.spyOn(console, "error").mockReturnValue();
    const headers = { location: "https://guce.yahoo.com/consent" };
    const stub = { ...http, send: async () => ({ status: 302, headers, body: "" }) };
    const source = createYahoo({ http: stub, root: "http://127.0.0.1:9", now: () => now, warn: () => undefined });
    await expect(source.getQuotes([listed("NSE:SBIN-EQ")])).rejects.toMatchObject({ kind: "unavailable", status: 302 });
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  it("takes the cookie of a page that redirects, as Yahoo's often does", async () => {
    const redirecting: typeof http.send = async (request) => {
      const answer = await http.send(request);
      if (!request.url.endsWith("/quote/AAPL")) return answer;
      return {
        ...answer,
        status: 302,
        headers: { ...answer.headers, location: "https://finance.yahoo.com/quote/AAPL/" },
      };
    };
    const stub = { ...http, send: redirecting };
    const source = createYahoo({ http: stub, root: server.base("yahoo"), now: () => now, warn: () => undefined });
    const before = callsTo("/v7/finance/quote");
    const shares = ["NSE:SBIN-EQ", "NSE:INFY-EQ", "NSE:TCS-EQ", "NSE:ITC-EQ"].map(listed);
    expect((await source.getQuotes(shares)).size).toBe(4);
    expect(callsTo("/v7/finance/quote") - before).toBe(1);
  });

  it.each([
    ["html-502", "unavailable"],
    ["truncated", "bad-response"],
  ] as const)("fails after the fault %s with kind %s", async (fault, kind) => {
    server.inject("yahoo", { kind: fault, match: /chart/, times: 1 });
    const error: unknown = await yahoo.getQuotes([listed("NSE:SBIN-EQ")]).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(BrokerError);
    expect(error).toMatchObject({ kind });
  });

  it("retries once when a kept-alive connection was closed", async () => {
    server.inject("yahoo", { kind: "drop-before", match: /chart/, times: 1 });
    expect((await yahoo.getQuotes([listed("NSE:SBIN-EQ")])).size).toBe(1);
  });

  it("fails with unreachable when nothing listens", async () => {
    const closed = await startBrokersServer({ port: 0, brokers: [simulated] });
    await closed.close();
    const source = newSource(closed.base("yahoo"));
    await expect(source.getQuotes([listed("NSE:SBIN-EQ")])).rejects.toMatchObject({ kind: "unreachable" });
  });
});
