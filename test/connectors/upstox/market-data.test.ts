import { describe, expect, it } from "vitest";
import { candleRequests } from "../../../connectors/upstox/candles.ts";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import { access, answering, listed, NOW, recorded, reply, setUp } from "./harness.ts";

const rupees = priceFromRupees;
const quotes = answering({ "market-quote": recorded("get-market-quote-quotes") });

describe("quotes", () => {
  it("are matched by the instrument key inside each row, not by the name that indexes it", async () => {
    const { connector, requests } = setUp(quotes);
    const wanted = await Promise.all(["NSE:SBIN-EQ", "NSE:NIFTY50-INDEX", "NSE:NIFTY26NOVFUT"].map(listed));
    const found = await connector.getQuotes(access(), wanted);
    expect(requests[0]?.url.split("?")[1]).toBe(
      "instrument_key=NSE_EQ%7CINE062A01020,NSE_INDEX%7CNifty%2050,NSE_FO%7C51714",
    );
    expect(found.get(wanted[0]!.key)).toEqual({
      key: "NSE:3045",
      symbol: "NSE:SBIN-EQ",
      ltp: rupees("1019.45"),
      open: rupees("1012"),
      high: rupees("1021.90"),
      low: rupees("1009.30"),
      // From the day's change: `ohlc.close` is today's.
      prevClose: rupees("1011.20"),
      bid: rupees("1019.40"),
      ask: rupees("1019.50"),
      volume: 2_914_388,
      openInterest: null,
      lowerCircuit: rupees("910.10"),
      upperCircuit: rupees("1112.30"),
      at: 1_795_150_861_000,
      source: "broker",
    });
    expect(found.get(wanted[1]!.key)).toMatchObject({
      prevClose: rupees("25973.75"),
      volume: null,
      bid: null,
      lowerCircuit: null,
    });
    expect(found.get(wanted[2]!.key)).toMatchObject({ openInterest: 14_210_300, at: null });
  });

  it("are absent for an instrument that has never traded", async () => {
    const sbin = await listed("NSE:SBIN-EQ");
    const row = { instrument_token: "NSE_EQ|INE062A01020", last_price: 0 };
    const { connector } = setUp(() => reply({ status: "success", data: { "NSE_EQ:SBIN": row } }));
    expect(await connector.getQuotes(access(), [sbin])).toEqual(new Map());
    await expect(connector.getQuote(access(), sbin)).rejects.toMatchObject({ kind: "rejected" });
  });

  it("are none, not an error, when the reply is Upstox's empty list", async () => {
    const { connector } = setUp(() => reply({ status: "success", data: [] }));
    expect(await connector.getQuotes(access(), [await listed("NSE:SBIN-EQ")])).toEqual(new Map());
    await expect(connector.getQuote(access(), await listed("NSE:SBIN-EQ"))).rejects.toMatchObject({ kind: "rejected" });
  });

  it("are requested again without a key that Upstox no longer knows", async () => {
    const wanted = await Promise.all(["NSE:SBIN-EQ", "NSE:NIFTY26NOVFUT", "BSE:SBIN", "NSE:BAJAJ-AUTO-EQ"].map(listed));
    const { connector, requests } = setUp(({ url }) =>
      url.includes("BSE_EQ") ? recorded("error-invalid-key", 400) : recorded("get-market-quote-quotes"),
    );
    const found = await connector.getQuotes(access(), wanted);
    expect([...found.keys()].sort()).toEqual(["NFO:51714", "NSE:3045"]);
    expect(requests).toHaveLength(5);
  });

  it("are not requested for an instrument that the master does not list", async () => {
    const { connector, requests } = setUp(quotes);
    const unlisted = { ...(await listed("NSE:SBIN-EQ")), key: instrumentKey("NSE", 987_654) };
    expect(await connector.getQuotes(access(), [unlisted])).toEqual(new Map());
    expect(requests).toEqual([]);
  });

  it("come with a market depth without the padding levels", async () => {
    const { connector } = setUp(quotes);
    expect(await connector.getOrderbook(access(), await listed("NSE:SBIN-EQ"))).toMatchObject({
      bids: [
        { price: rupees("1019.40"), quantity: 540, orders: 3 },
        { price: rupees("1019.35"), quantity: 210, orders: 1 },
      ],
      asks: [{ price: rupees("1019.50"), quantity: 95, orders: 2 }],
      totalBidQty: 640_112,
    });
  });
});

describe("candles", () => {
  it("of earlier days are joined with today's, oldest first", async () => {
    const answers = answering({
      "/intraday/": recorded("get-historical-candle-intraday"),
      "/historical-candle/": recorded("get-historical-candle"),
    });
    const { connector, requests } = setUp(answers);
    const instrument = await listed("NSE:SBIN-EQ");
    const query = { instrument, interval: "5m", from: istInstant("2026-11-19"), to: NOW } as const;
    expect((await connector.getHistoricalData(access(), query)).map(({ at }) => at)).toEqual([
      istInstant("2026-11-19", "09:15"),
      istInstant("2026-11-19", "09:20"),
      istInstant("2026-11-20", "09:15"),
    ]);
    expect(requests.map(({ url }) => new URL(url).pathname)).toEqual([
      "/v3/historical-candle/NSE_EQ%7CINE062A01020/minutes/5/2026-11-19/2026-11-19",
      "/v3/historical-candle/intraday/NSE_EQ%7CINE062A01020/minutes/5",
    ]);
  });

  it("exclude today when Upstox refuses the intraday call for days, by its unit, its width or its range", async () => {
    const instrument = await listed("NSE:SBIN-EQ");
    const query = { instrument, interval: "1d", from: istInstant("2026-11-20"), to: NOW } as const;
    for (const error_code of ["UDAPI1146", "UDAPI1147", "UDAPI1148"]) {
      const refused = reply({ status: "error", errors: [{ error_code, message: "not valid" }] }, 400);
      const { connector } = setUp(answering({ "/intraday/": refused }));
      expect(await connector.getHistoricalData(access(), query), error_code).toEqual([]);
    }
  });

  it("of minutes fail when Upstox refuses the intraday call, rather than end with yesterday", async () => {
    const refused = reply({ status: "error", errors: [{ error_code: "UDAPI1146", message: "not valid" }] }, 400);
    const { connector } = setUp(answering({ "/intraday/": refused }));
    const query = { instrument: await listed("NSE:SBIN-EQ"), interval: "5m", from: NOW - 60_000, to: NOW } as const;
    await expect(connector.getHistoricalData(access(), query)).rejects.toMatchObject({ kind: "invalid-request" });
  });

  it("are requested in consecutive ranges, whose length depends on the interval", () => {
    const from = istInstant("2026-09-01");
    const ranges = (interval: "15m" | "1h" | "1mo") =>
      candleRequests({ interval, from, to: istInstant("2026-11-19") }, NOW).map(({ bar, range }) => [bar, range]);
    expect(ranges("15m")).toEqual([
      ["minutes/15", "2026-09-28/2026-09-01"],
      ["minutes/15", "2026-10-26/2026-09-29"],
      ["minutes/15", "2026-11-19/2026-10-27"],
    ]);
    expect(ranges("1h")).toEqual([["hours/1", "2026-11-19/2026-09-01"]]);
    expect(ranges("1mo")).toEqual([["days/1", "2026-11-19/2026-09-01"]]);
  });

  it("are requested for today only if the range includes today", () => {
    const query = { interval: "5m", from: istInstant("2026-11-20"), to: istInstant("2026-11-25") } as const;
    expect(candleRequests(query, NOW)).toEqual([{ bar: "minutes/5", range: null }]);
    expect(candleRequests({ ...query, from: istInstant("2026-11-21") }, NOW)).toEqual([]);
  });
});
