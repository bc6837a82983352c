import { describe, expect, it } from "vitest";
import { groww } from "../../../connectors/groww/index.ts";
import { instrumentKey, type Instrument } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import type { RateLimiter } from "../../../src/lib/rate-limit.ts";
import { access, type Answer, answering, listed, recorded, setUp, success } from "./harness.ts";

const rupees = priceFromRupees;
const sbin = await listed("NSE:SBIN-EQ");

/** `count` made-up instruments, and a master that lists them. */
const manyInstruments = (count: number): { all: Instrument[]; table: ReturnType<typeof tableOfMany> } => {
  const all = Array.from({ length: count }, (_, at) => ({
    ...sbin,
    key: instrumentKey("NSE", 100_000 + at),
    symbol: `NSE:S${at}-EQ` as Instrument["symbol"],
  }));
  return { all, table: tableOfMany(all) };
};
function tableOfMany(all: readonly Instrument[]) {
  const rows = all.map((instrument) => {
    const name = instrument.symbol.slice(4, -3);
    return { instrument, venueSymbol: name, venueToken: `NSE-${name}` };
  });
  return {
    byKey: (key: Instrument["key"]) => rows.find(({ instrument }) => instrument.key === key),
    bySymbol: () => undefined,
    byVenueSymbol: () => undefined,
  };
}
const namesIn = (url: string): string[] => new URL(url).searchParams.get("exchange_symbols")?.split(",") ?? [];
const priced: Answer = ({ url }) => success(Object.fromEntries(namesIn(url).map((name) => [name, 100.05])));

describe("a quote", () => {
  it("takes one call, and its previous close is computed from the day's change", async () => {
    const { connector, requests } = setUp(answering({ "live-data/quote": recorded("get-live-data-quote") }));
    expect(await connector.getQuote(access(), sbin)).toEqual({
      key: "NSE:3045",
      symbol: "NSE:SBIN-EQ",
      ltp: rupees("1009.70"),
      open: rupees("1002.50"),
      high: rupees("1011.20"),
      low: rupees("1001.05"),
      prevClose: rupees("1003.40"),
      bid: rupees("1009.65"),
      ask: rupees("1009.75"),
      volume: 2_211_874,
      openInterest: null,
      lowerCircuit: rupees("903.10"),
      upperCircuit: rupees("1103.70"),
      at: 1_795_151_041_000,
      source: "broker",
    });
    expect(requests[0]?.url).toBe(
      "https://api.groww.in/v1/live-data/quote?exchange=NSE&segment=CASH&trading_symbol=SBIN",
    );
  });

  it("accepts the day's prices as text, and fails on text that it cannot read", async () => {
    const asText = setUp(answering({ quote: recorded("get-live-data-quote-text") }));
    const asObject = setUp(answering({ quote: recorded("get-live-data-quote") }));
    expect(await asText.connector.getQuote(access(), sbin)).toEqual(await asObject.connector.getQuote(access(), sbin));
    const unreadable = setUp(answering({ quote: success({ last_price: 5, ohlc: "see below" }) }));
    await expect(unreadable.connector.getQuote(access(), sbin)).rejects.toMatchObject({ kind: "bad-response" });
  });

  it("has the time of the last trade, which Groww documents in milliseconds and sends in seconds", async () => {
    for (const last_trade_time of [1_795_151_041, 1_795_151_041_000]) {
      const { connector } = setUp(answering({ quote: success({ last_price: 5, last_trade_time }) }));
      expect(await connector.getQuote(access(), sbin)).toMatchObject({ at: 1_795_151_041_000 });
    }
    const never = setUp(answering({ quote: success({ last_price: 5, last_trade_time: 0 }) }));
    expect(await never.connector.getQuote(access(), sbin)).toMatchObject({ at: null });
  });

  it("of an index is requested in the CASH segment, and has neither volume nor depth", async () => {
    const { connector, requests } = setUp(
      answering({ quote: success({ last_price: 25_990.4, volume: 0, depth: null }) }),
    );
    const nifty = await listed("NSE:NIFTY50-INDEX");
    expect(await connector.getQuote(access(), nifty)).toMatchObject({ ltp: rupees("25990.40"), volume: null });
    expect(requests[0]?.url).toContain("segment=CASH&trading_symbol=NIFTY");
    expect(await connector.getOrderbook(access(), nifty)).toMatchObject({ bids: [], asks: [], totalBidQty: null });
  });

  it("fails with rejected for an unknown instrument and for one that has not traded", async () => {
    for (const answer of [recorded("error-bad-request", 400), success({ last_price: 0 })]) {
      const { connector } = setUp(() => answer);
      await expect(connector.getQuote(access(), sbin)).rejects.toMatchObject({ kind: "rejected" });
    }
  });

  it("takes the best prices from the depth, which was seen worst first, if it has none itself", async () => {
    const depth = {
      buy: [200.7, 200.75].map((at) => ({ price: at, quantity: 80 })),
      sell: [201.4, 201.35].map((at) => ({ price: at, quantity: 90 })),
    };
    const { connector } = setUp(
      answering({ quote: success({ last_price: 201, bid_price: null, offer_price: null, depth }) }),
    );
    const [bid, ask] = [rupees("200.75"), rupees("201.35")];
    expect(await connector.getQuote(access(), sbin)).toMatchObject({ bid, ask });
    const { bids, asks } = await connector.getOrderbook(access(), sbin);
    expect([bids, asks].map((side) => side.map((level) => level.price))).toEqual([
      [bid, rupees("200.70")],
      [ask, rupees("201.40")],
    ]);
  });

  it("comes with a market depth whose levels have no order counts", async () => {
    const { connector } = setUp(answering({ quote: recorded("get-live-data-quote") }));
    expect(await connector.getOrderbook(access(), sbin)).toEqual({
      key: "NSE:3045",
      symbol: "NSE:SBIN-EQ",
      bids: [{ price: rupees("1009.65"), quantity: 140, orders: null }],
      asks: [{ price: rupees("1009.75"), quantity: 55, orders: null }],
      totalBidQty: 401_288,
      totalAskQty: 610_042,
      ltp: rupees("1009.70"),
    });
  });
});

describe("many quotes", () => {
  it("are last prices, fetched fifty at a time", async () => {
    const { all, table } = manyInstruments(120);
    const { connector, requests } = setUp(priced, { table });
    const quotes = await connector.getQuotes(access(), all);
    expect(quotes.size).toBe(120);
    expect([...quotes.values()][0]).toMatchObject({ ltp: rupees("100.05"), prevClose: null, at: null });
    expect(requests.map(({ url }) => namesIn(url).length)).toEqual([50, 50, 20]);
  });

  it("leave out the instrument that makes a whole call fail, and price the others", async () => {
    const { all, table } = manyInstruments(20);
    const picky: Answer = (request) =>
      namesIn(request.url).includes("NSE_S7") ? recorded("error-bad-request", 400) : priced(request);
    const quotes = await setUp(picky, { table }).connector.getQuotes(access(), all);
    expect(quotes.size).toBe(19);
    expect(quotes.has(all[7]?.key ?? sbin.key)).toBe(false);
  });

  it("fail when Groww is busy, rather than be empty", async () => {
    const { all, table } = manyInstruments(20);
    const { connector } = setUp(() => recorded("error-busy", 503), { table });
    await expect(connector.getQuotes(access(), all)).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("candles", () => {
  it("are requested by Groww's hyphenated name, in IST", async () => {
    const { connector, requests } = setUp(answering({ candles: recorded("get-historical-candles") }));
    const range = { from: istInstant("2026-11-20", "09:15"), to: istInstant("2026-11-20", "09:19") };
    const candles = await connector.getHistoricalData(access(), { instrument: sbin, interval: "5m", ...range });
    expect(candles).toEqual([
      {
        at: istInstant("2026-11-20", "09:15"),
        open: rupees("1002.50"),
        high: rupees("1004.90"),
        low: rupees("1001.05"),
        close: rupees("1003.75"),
        volume: 151_220,
      },
    ]);
    expect(Object.fromEntries(new URL(requests[0]?.url ?? "").searchParams)).toEqual({
      exchange: "NSE",
      segment: "CASH",
      groww_symbol: "NSE-SBIN",
      candle_interval: "5minute",
      start_time: "2026-11-20 00:00:00",
      end_time: "2026-11-20 23:59:59",
    });
  });

  it("leave out what precedes the session: such a row was seen without an open", async () => {
    const rows = [
      ["2026-11-20T09:00:00", null, 801, 799, 800, 900, null],
      ["2026-11-20T09:15:00", 800, 805, 798, 804, 100, null],
    ];
    const { connector } = setUp(answering({ candles: success({ candles: rows }) }));
    const range = { from: istInstant("2026-11-20"), to: istInstant("2026-11-20", "15:30") };
    const candles = await connector.getHistoricalData(access(), { instrument: sbin, interval: "15m", ...range });
    expect(candles).toMatchObject([{ at: istInstant("2026-11-20", "09:15"), open: rupees("800") }]);
  });

  it.each(["30m", "1h", "1d", "1w", "1mo"] as const)(
    "cannot be read without an open if they are of %s",
    async (interval) => {
      const rows = [["2026-11-20T09:00:00", null, 801, 799, 800, 900, null]];
      const { connector } = setUp(answering({ candles: success({ candles: rows }) }));
      const range = { from: istInstant("2026-11-20"), to: istInstant("2026-11-20", "15:30") };
      await expect(
        connector.getHistoricalData(access(), { instrument: sbin, interval, ...range }),
      ).rejects.toMatchObject({ kind: "bad-response" });
    },
  );

  it("are requested five a second, and not counted as live data: Groww was seen to refuse ten at once", async () => {
    const metered: unknown[] = [];
    const limiter: RateLimiter = {
      run: (key, windows, call) => {
        metered.push([key, windows]);
        return call();
      },
    };
    const { connector } = setUp(() => success({ candles: null }), { limiter });
    const range = { from: istInstant("2026-11-20"), to: istInstant("2026-11-20", "15:30") };
    await connector.getHistoricalData(access(), { instrument: sbin, interval: "5m", ...range });
    expect(metered).toEqual([["groww:5520317:candle", [{ count: 5, perMs: 1_100 }]]]);
  });

  it("are an empty list when Groww has none, and are requested in spans no longer than it allows", async () => {
    const { connector, requests } = setUp(() => success({ candles: null }));
    const range = { from: istInstant("2026-01-01"), to: istInstant("2026-11-20") };
    for (const [interval, most] of [
      ["1m", 30],
      ["15m", 90],
      ["1h", 180],
      ["1d", 180],
    ] as const) {
      requests.length = 0;
      expect(await connector.getHistoricalData(access(), { instrument: sbin, interval, ...range })).toEqual([]);
      for (const { url } of requests) {
        const { start_time: start = "", end_time: end = "" } = Object.fromEntries(new URL(url).searchParams);
        expect((Date.parse(end) - Date.parse(start)) / 86_400_000).toBeLessThanOrEqual(most);
      }
    }
  });
});

describe("the rate limits", () => {
  it("stay below Groww's limit per second, with candles counted apart", () => {
    const { order, live, account } = groww.rateLimits;
    expect([order, live, account].map((windows) => windows?.[0])).toEqual([
      { count: 9, perMs: 1_100 },
      { count: 9, perMs: 1_100 },
      { count: 18, perMs: 1_100 },
    ]);
    expect(Object.keys(groww.rateLimits).sort()).toEqual(["account", "candle", "live", "login", "order"]);
  });
});
