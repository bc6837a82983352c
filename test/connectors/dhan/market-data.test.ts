import { describe, expect, test } from "vitest";
import { splitRange, CANDLE_PLANS, isOnWeekend } from "../../../connectors/dhan/candles.ts";
import { toDepth, toQuote } from "../../../connectors/dhan/market-data.ts";
import { quotesSchema, type QuoteRaw } from "../../../connectors/dhan/schemas.ts";
import { indexKey, instrumentKey, type Instrument } from "../../../src/domain/instrument.ts";
import { addDays, istInstant } from "../../../src/domain/market.ts";
import type { Interval } from "../../../src/domain/portfolio.ts";
import { tableOf } from "../harness.ts";
import { access, type Answer, fixture, NOW, readMaster, reply, setUp } from "./harness.ts";

const table = tableOf(await readMaster());
const known = (key: Parameters<typeof table.byKey>[0]): Instrument => table.byKey(key)!.instrument;
const sbin = known(instrumentKey("NSE", 3045));
const nifty = known(indexKey("NIFTY50"));
const raw = quotesSchema.parse(fixture("post-marketfeed-quote.json")).data["NSE_EQ"]!["3045"]!;
const quotes: Answer = () => reply(fixture("post-marketfeed-quote.json"));
const bodies = (requests: readonly { body?: string }[]): unknown[] =>
  requests.map(({ body }) => JSON.parse(body ?? "null") as unknown);

describe("quotes", () => {
  test("have every field of the reply that we use", () => {
    expect(toQuote(raw, sbin, NOW)).toEqual({
      key: "NSE:3045",
      symbol: "NSE:SBIN-EQ",
      ltp: 10_123_500,
      open: 10_040_000,
      high: 10_157_000,
      low: 10_002_500,
      prevClose: 10_019_000,
      bid: 10_123_000,
      ask: 10_123_500,
      volume: 7_712_943,
      openInterest: null,
      lowerCircuit: 9_017_500,
      upperCircuit: 11_020_500,
      at: istInstant("2026-11-20", "14:31:07"),
      source: "broker",
    });
  });

  const closed: QuoteRaw = { ...raw, ohlc: { ...raw.ohlc, close: raw.last_price } };
  const evening = istInstant("2026-11-20", "16:10");
  test.each([
    ["is the reply's close during the session, even if it equals the last price", closed, NOW, 10_123_500],
    ["is computed from the day's change after the close", closed, evening, 10_019_000],
    ["is unknown after the close when there is no change", { ...closed, net_change: 0 }, evening, null],
    ["is the reply's close whenever it differs from the last price", raw, evening, 10_019_000],
  ])("have a previous close that %s", (_, row, now, prevClose) => {
    expect(toQuote(row, sbin, now).prevClose).toBe(prevClose);
  });

  test("have no time for an instrument that has never traded", () => {
    expect(toQuote({ ...raw, last_trade_time: "01/01/1980 00:00:00" }, sbin, NOW).at).toBeNull();
  });

  test("are requested by integer ids per segment, omit unknown instruments, and count each retry against the rate limit", async () => {
    const { connector, http, limiterKeys } = setUp(quotes);
    const unknown = known(instrumentKey("NSE", 90210));
    const found = await connector.getQuotes(access(), [sbin, nifty, unknown]);
    expect([...found.keys()]).toEqual(["NSE:3045", "INDEX:NIFTY50"]);
    expect(found.get(nifty.key)).toMatchObject({
      symbol: "NSE:NIFTY50-INDEX",
      ltp: 261_145_500,
      bid: null,
      volume: null,
    });
    expect(bodies(http.requests)).toEqual([{ NSE_EQ: [3045, 90210], IDX_I: [13] }]);
    expect(http.requests[0]?.headers).toMatchObject({ "client-id": "1104482917" });
    expect(limiterKeys).toEqual(["dhan:1104482917:quote"]);
    await http.requests[0]?.turn?.(AbortSignal.any([]));
    expect(limiterKeys).toEqual(["dhan:1104482917:quote", "dhan:1104482917:quote"]);
    await expect(connector.getQuote(access(), unknown)).rejects.toMatchObject({ kind: "rejected" });
  });

  test("are fetched a thousand at a time", async () => {
    const { connector, http } = setUp(() => reply({ data: {}, status: "success" }));
    const many = Array.from({ length: 1001 }, (_, index) => ({ ...sbin, key: instrumentKey("NSE", index + 1) }));
    expect(await connector.getQuotes(access(), many)).toEqual(new Map());
    expect(http.requests).toHaveLength(2);
  });

  test("include the documented indices without the master, but no others", async () => {
    const { connector, http } = setUp(quotes, { instruments: () => Promise.reject(new Error("no master")) });
    const vix = known(indexKey("INDIAVIX"));
    expect([...(await connector.getQuotes(access(), [nifty, vix])).keys()]).toEqual(["INDEX:NIFTY50"]);
    expect(bodies(http.requests)).toEqual([{ IDX_I: [13] }]);
  });

  test("treat a price of 0 as no quote, in a batch and alone", async () => {
    const { connector } = setUp(() => reply({ data: { NSE_EQ: { 3045: { ...raw, last_price: 0 } } } }));
    expect(await connector.getQuotes(access(), [sbin])).toEqual(new Map());
    await expect(connector.getQuote(access(), sbin)).rejects.toMatchObject({ kind: "rejected" });
  });

  test("fail with bad-response when a value cannot be read", async () => {
    const { connector } = setUp(() => reply({ data: { NSE_EQ: { 3045: { ...raw, last_trade_time: "soon" } } } }));
    const bad = { kind: "bad-response", broker: "dhan", endpoint: "POST /marketfeed/quote" };
    await expect(connector.getQuotes(access(), [sbin])).rejects.toMatchObject(bad);
    await expect(connector.getQuote(access(), sbin)).rejects.toMatchObject(bad);
  });

  test("fail with no-permission without a data plan", async () => {
    const { connector } = setUp(() => reply(fixture("error-data-806.json"), 401));
    await expect(connector.getQuote(access(), sbin)).rejects.toMatchObject({
      kind: "no-permission",
      brokerCode: "806",
    });
  });
});

test("market depth leaves out the padding levels", () => {
  const depth = toDepth(raw, sbin);
  expect(depth.bids).toHaveLength(5);
  expect(depth.asks.map(({ price, quantity, orders }) => [price, quantity, orders])).toEqual([
    [10_123_500, 210, 2],
    [10_124_000, 640, 8],
    [10_124_500, 88, 2],
  ]);
  expect(depth).toMatchObject({ totalBidQty: 412_330, totalAskQty: 398_871, ltp: 10_123_500 });
});

describe("candles", () => {
  const query = (interval: Interval, from: string, to: string, instrument = sbin) => ({
    instrument,
    interval,
    from: istInstant(from.slice(0, 10), from.slice(11) || "00:00"),
    to: istInstant(to.slice(0, 10), to.slice(11) || "23:59"),
  });

  test("of days start at midnight IST, and the end date is sent as exclusive", async () => {
    const { connector, http } = setUp(() => reply(fixture("post-charts-historical.json")));
    const bars = await connector.getHistoricalData(access(), query("1d", "2026-11-18", "2026-11-20"));
    expect(bars.map(({ at }) => at)).toEqual(
      ["2026-11-18", "2026-11-19", "2026-11-20"].map((date) => istInstant(date)),
    );
    expect(bars[0]).toMatchObject({
      open: 9_960_000,
      high: 10_035_000,
      low: 9_921_000,
      close: 10_001_000,
      volume: 8_123_440,
    });
    expect(bodies(http.requests)).toEqual([
      {
        securityId: "3045",
        exchangeSegment: "NSE_EQ",
        instrument: "EQUITY",
        oi: false,
        expiryCode: 0,
        fromDate: "2026-11-18",
        toDate: "2026-11-21",
      },
    ]);
  });

  test("accept timestamps in exponent form and leave out what lies outside the range", async () => {
    const text = JSON.stringify(fixture("post-charts-intraday.json")).replace("1795146300", "1.7951463E9");
    const { connector, http } = setUp(() => reply(text));
    const bars = await connector.getHistoricalData(access(), query("5m", "2026-11-20 09:15", "2026-11-20 09:20"));
    expect(bars.map(({ at }) => at)).toEqual([1_795_146_300_000, 1_795_146_600_000]);
    expect(bodies(http.requests)).toEqual([
      {
        securityId: "3045",
        exchangeSegment: "NSE_EQ",
        instrument: "EQUITY",
        oi: false,
        interval: "5",
        fromDate: "2026-11-20 09:15:00",
        toDate: "2026-11-20 09:20:00",
      },
    ]);
  });

  test("of 30 minutes are joined from 15-minute ones, counted from the session's start", async () => {
    const starts = ["09:15", "09:30", "09:45"].map((time) => istInstant("2026-11-20", time) / 1000);
    const column = [10, 12, 11];
    const { connector } = setUp(() =>
      reply({
        open: column,
        high: [13, 14, 12],
        low: [9, 11, 10],
        close: [12, 11, 11.5],
        volume: [1, 2, 4],
        timestamp: starts,
      }),
    );
    const bars = await connector.getHistoricalData(access(), query("30m", "2026-11-20 09:15", "2026-11-20 15:30"));
    expect(bars).toEqual([
      { at: istInstant("2026-11-20", "09:15"), open: 100_000, high: 140_000, low: 90_000, close: 110_000, volume: 3 },
      { at: istInstant("2026-11-20", "09:45"), open: 110_000, high: 120_000, low: 100_000, close: 115_000, volume: 4 },
    ]);
  });

  test("of weeks start on Monday, and of months on the 1st", async () => {
    const { connector } = setUp(() => reply(fixture("post-charts-historical.json")));
    const weeks = await connector.getHistoricalData(access(), query("1w", "2026-11-16", "2026-11-20"));
    expect(weeks).toMatchObject([{ at: istInstant("2026-11-16"), open: 9_960_000, close: 10_123_500 }]);
    const months = await connector.getHistoricalData(access(), query("1mo", "2026-11-01", "2026-11-20"));
    expect(months).toMatchObject([{ at: istInstant("2026-11-01"), volume: 22_740_495 }]);
  });

  test("of a long intraday range are fetched in spans of at most 90 days, without overlap or gap", () => {
    const range = { from: istInstant("2026-01-01"), to: istInstant("2026-11-20", "15:30") };
    const parts = splitRange(CANDLE_PLANS["5m"], range);
    expect(parts).toHaveLength(4);
    expect(parts[0]?.from).toBe(range.from);
    expect(parts.at(-1)?.to).toBe(range.to);
    for (const [index, part] of parts.entries()) {
      expect(part.to - part.from).toBeLessThan(90 * 86_400_000);
      if (index > 0) expect(part.from - parts[index - 1]!.to).toBe(1000);
    }
    expect(splitRange(CANDLE_PLANS["5m"], { from: 2, to: 1 })).toEqual([]);
  });

  test('are an empty list for "no data", and for a bad request only if the range is a weekend', async () => {
    const answer =
      (code: string): Answer =>
      () =>
        reply({ errorType: "x", errorCode: code, errorMessage: "no" }, 400);
    const day = query("5m", "2026-11-20", "2026-11-20");
    const weekend = query("5m", "2026-11-21", "2026-11-22");
    expect(await setUp(answer("DH-907")).connector.getHistoricalData(access(), day)).toEqual([]);
    expect(await setUp(answer("DH-905")).connector.getHistoricalData(access(), weekend)).toEqual([]);
    await expect(setUp(answer("DH-905")).connector.getHistoricalData(access(), day)).rejects.toMatchObject({
      kind: "invalid-request",
    });
    expect(isOnWeekend({ from: istInstant("2026-11-21"), to: istInstant(addDays("2026-11-21", 2)) })).toBe(false);
  });

  test("fail with bad-response when the columns differ in length", async () => {
    const broken = { ...(fixture("post-charts-historical.json") as object), close: [1] };
    const { connector } = setUp(() => reply(broken));
    await expect(connector.getHistoricalData(access(), query("1d", "2026-11-18", "2026-11-20"))).rejects.toMatchObject({
      kind: "bad-response",
    });
  });

  test("are requested with the instrument type of an index, a future or an option", async () => {
    const { connector, http } = setUp(() => reply(fixture("post-charts-historical.json")));
    for (const instrument of [nifty, known(instrumentKey("NFO", 61480)), known(instrumentKey("NFO", 45001))])
      await connector.getHistoricalData(access(), query("1d", "2026-11-18", "2026-11-20", instrument));
    expect(bodies(http.requests)).toMatchObject([
      { instrument: "INDEX", exchangeSegment: "IDX_I", securityId: "13" },
      { instrument: "FUTSTK", exchangeSegment: "NSE_FNO", securityId: "61480" },
      { instrument: "OPTIDX", exchangeSegment: "NSE_FNO", securityId: "45001" },
    ]);
  });
});
