import { describe, expect, it } from "vitest";
import type { VenueInstrument } from "../../../connectors/base.ts";
import { indexKey, indexSymbol, instrumentKey, type Index } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, priceFromRupees, ZERO_PRICE } from "../../../src/domain/money.ts";
import { bodyOf } from "../harness.ts";
import { access, buy, fixture, reply, SBIN, setUp } from "./harness.ts";

const rupees = priceFromRupees;
const NIFTY: Index = {
  kind: "index",
  key: indexKey("NIFTY50"),
  symbol: indexSymbol("NSE", "NIFTY50"),
  segment: "INDEX",
  name: "Nifty 50",
  lotSize: 1,
  tickSize: ZERO_PRICE,
};

describe("quotes", () => {
  it("are fetched in one batch, indices by Angel One's own tokens", async () => {
    const { connector, requests } = setUp({ quote: "post-quote.json" });
    const quotes = await connector.getQuotes(access, [
      SBIN,
      NIFTY,
      { ...SBIN, key: instrumentKey("BSE", 999_999), segment: "BSE" },
    ]);
    expect(bodyOf(requests[0])).toEqual({
      mode: "FULL",
      exchangeTokens: { NSE: ["3045", "99926000"], BSE: ["999999"] },
    });
    expect([...quotes.keys()]).toEqual(["NSE:3045", "INDEX:NIFTY50"]);
    expect(quotes.get(SBIN.key)).toEqual({
      key: "NSE:3045",
      symbol: "NSE:SBIN-EQ",
      ltp: rupees("1012.35"),
      open: rupees("1006.10"),
      high: rupees("1015.80"),
      low: rupees("1003.25"),
      prevClose: rupees("1004.60"),
      bid: rupees("1012.30"),
      ask: rupees("1012.40"),
      volume: 3_810_442,
      openInterest: null,
      lowerCircuit: rupees("904.20"),
      upperCircuit: rupees("1105.00"),
      at: istInstant("2026-11-20", "10:46:09"),
      source: "broker",
    });
    expect(quotes.get(NIFTY.key)).toMatchObject({
      ltp: rupees("26012.40"),
      volume: null,
      bid: null,
      upperCircuit: null,
      // An index is not traded: its time is the epoch.
      at: null,
    });
  });

  it("are fetched fifty at a time", async () => {
    const { connector, requests } = setUp({ quote: "post-quote-partial.json" });
    const many = Array.from({ length: 101 }, (_, at) => ({ ...SBIN, key: instrumentKey("NSE", at + 1) }));
    expect((await connector.getQuotes(access, many)).size).toBe(0);
    const sizes = requests.map((request) => JSON.stringify(bodyOf(request)).match(/"\d+"/g)?.length);
    expect(sizes).toEqual([50, 50, 1]);
  });

  it("fail with rejected for a single instrument that Angel One does not know", async () => {
    const { connector } = setUp({ quote: "post-quote-partial.json" });
    await expect(connector.getQuote(access, SBIN)).rejects.toMatchObject({ kind: "rejected" });
  });

  it("fail with no-permission when the API key is refused on a valid session", async () => {
    const { connector } = setUp({
      quote: reply('{"success":false,"message":"Invalid API Key","errorCode":"AG8004","data":""}'),
    });
    await expect(connector.getQuote(access, SBIN)).rejects.toMatchObject({ kind: "no-permission" });
  });
});

it("leaves the padding levels out of the market depth", async () => {
  const { connector } = setUp({ quote: "post-quote.json" });
  expect(await connector.getOrderbook(access, SBIN)).toEqual({
    key: "NSE:3045",
    symbol: "NSE:SBIN-EQ",
    bids: [
      { price: rupees("1012.30"), quantity: 611, orders: 3 },
      { price: rupees("1012.25"), quantity: 402, orders: 2 },
    ],
    asks: [{ price: rupees("1012.40"), quantity: 288, orders: 4 }],
    totalBidQty: 812_377,
    totalAskQty: 1_177_210,
    ltp: rupees("1012.35"),
  });
});

describe("candles", () => {
  const from = istInstant("2026-11-20", "09:15");
  const to = istInstant("2026-11-20", "15:30");

  it("are requested in IST and come oldest first", async () => {
    const { connector, requests } = setUp({ getCandleData: "post-getCandleData.json" }, { now: to });
    const candles = await connector.getHistoricalData(access, { instrument: SBIN, interval: "5m", from, to });
    expect(bodyOf(requests[0])).toEqual({
      exchange: "NSE",
      symboltoken: "3045",
      interval: "FIVE_MINUTE",
      fromdate: "2026-11-20 09:15",
      todate: "2026-11-20 15:30",
    });
    expect(candles).toEqual([
      {
        at: from,
        open: rupees("1006.10"),
        high: rupees("1008.90"),
        low: rupees(1005),
        close: rupees("1007.40"),
        volume: 182_340,
      },
      {
        at: from + 300_000,
        open: rupees("1007.40"),
        high: rupees("1009.20"),
        low: rupees("1006.80"),
        close: rupees("1008.75"),
        volume: 96_410,
      },
    ]);
  });

  it("are not requested beyond now: a range that ends later was seen refused", async () => {
    const now = istInstant("2026-11-20", "10:30");
    const { connector, requests } = setUp({ getCandleData: "post-getCandleData.json" }, { now });
    await connector.getHistoricalData(access, { instrument: SBIN, interval: "5m", from, to });
    expect(requests.map((request) => bodyOf(request))).toMatchObject([{ todate: "2026-11-20 10:30" }]);
  });

  it("are an empty list when the reply is null", async () => {
    const { connector } = setUp({ getCandleData: "post-getCandleData-empty.json" });
    expect(await connector.getHistoricalData(access, { instrument: NIFTY, interval: "1d", from, to })).toEqual([]);
  });

  it("are requested in ranges no longer than Angel One allows, without a gap", async () => {
    const { connector, requests } = setUp({ getCandleData: "post-getCandleData-empty.json" }, { now: to });
    const start = istInstant("2026-09-01", "09:15");
    await connector.getHistoricalData(access, { instrument: SBIN, interval: "1m", from: start, to });
    expect(requests.map((request) => bodyOf(request))).toMatchObject([
      { fromdate: "2026-09-01 09:15", todate: "2026-10-01 09:14" },
      { fromdate: "2026-10-01 09:15", todate: "2026-10-31 09:14" },
      { fromdate: "2026-10-31 09:15", todate: "2026-11-20 15:30" },
    ]);
  });

  it("for weeks and months are joined from daily candles", async () => {
    const days = [
      ["2026-10-30T00:00:00+05:30", 100, 110, 95, 105, 10],
      ["2026-11-02T00:00:00+05:30", 105, 120, 104, 118, 20],
      ["2026-11-06T00:00:00+05:30", 118, 119, 90, 91, 30],
    ];
    const answer = reply(JSON.stringify({ status: true, message: "", errorcode: "", data: days }));
    const query = { instrument: SBIN, from: istInstant("2026-10-01"), to: istInstant("2026-11-07") };
    const { connector, requests } = setUp({ getCandleData: answer });
    const weeks = await connector.getHistoricalData(access, { ...query, interval: "1w" });
    const months = await connector.getHistoricalData(access, { ...query, interval: "1mo" });
    expect(weeks).toEqual([
      {
        at: istInstant("2026-10-26"),
        open: rupees(100),
        high: rupees(110),
        low: rupees(95),
        close: rupees(105),
        volume: 10,
      },
      {
        at: istInstant("2026-11-02"),
        open: rupees(105),
        high: rupees(120),
        low: rupees(90),
        close: rupees(91),
        volume: 50,
      },
    ]);
    expect(months.map(({ at, volume }) => [at, volume])).toEqual([
      [istInstant("2026-10-01"), 10],
      [istInstant("2026-11-01"), 50],
    ]);
    expect(requests.map((request) => bodyOf(request))).toMatchObject([
      { interval: "ONE_DAY", fromdate: "2026-10-01 00:00" },
      { interval: "ONE_DAY", fromdate: "2026-10-01 00:00" },
    ]);
  });
});

describe("the cost of an order", () => {
  it("is computed at the protection price of a market order", async () => {
    const { connector, requests } = setUp({ batch: "post-batch.json", estimateCharges: "post-estimateCharges.json" });
    const terms = { type: "MARKET", protection: { basisPoints: 100, limit: rupees("1020.60") } } as const;
    expect(await connector.getOrderCost?.(access, buy({ terms }))).toEqual({
      margin: paiseFromRupees(2021),
      charges: paiseFromRupees("14.90"),
    });
    expect(bodyOf(requests[0])).toMatchObject({
      positions: [
        {
          exchange: "NSE",
          token: "3045",
          qty: 10,
          price: 1020.6,
          productType: "DELIVERY",
          tradeType: "BUY",
          orderType: "LIMIT",
        },
      ],
    });
    expect(bodyOf(requests[1])).toMatchObject({
      orders: [{ symbol_name: "SBIN-EQ", quantity: "10", price: "1020.60" }],
    });
  });

  it("has no charges when Angel One does not estimate them", async () => {
    const { connector } = setUp({ batch: "post-batch.json", estimateCharges: "post-placeOrder-symbol-not-found.json" });
    expect(await connector.getOrderCost?.(access, buy())).toEqual({ margin: paiseFromRupees(2021), charges: null });
  });
});

describe("the master file", () => {
  async function read(body: string, status = 200): Promise<{ rows: VenueInstrument[]; skipped: string[] }> {
    const { connector } = setUp({ OpenAPIScripMaster: reply(body, status) });
    const skipped: string[] = [];
    const stream = connector.getInstruments?.({ onSkipped: (reason) => skipped.push(reason) }) ?? [];
    const rows: VenueInstrument[] = [];
    for await (const row of stream as AsyncIterable<VenueInstrument>) rows.push(row);
    return { rows, skipped };
  }

  it("gives canonical symbols to series, groups, futures, monthly and weekly options, and indices", async () => {
    const { rows, skipped } = await read(fixture("OpenAPIScripMaster.json"));
    expect(
      rows.map(({ instrument, venueSymbol, venueToken }) => [
        instrument.key,
        instrument.symbol,
        venueSymbol,
        venueToken,
      ]),
    ).toEqual([
      ["NSE:3045", "NSE:SBIN-EQ", "SBIN-EQ", "3045"],
      ["BSE:500112", "BSE:SBIN", "SBIN", "500112"],
      ["NSE:2031", "NSE:M&M-EQ", "M&M-EQ", "2031"],
      ["NSE:16669", "NSE:BAJAJ-AUTO-EQ", "BAJAJ-AUTO-EQ", "16669"],
      ["NFO:51714", "NSE:NIFTY26NOVFUT", "NIFTY24NOV26FUT", "51714"],
      ["INDEX:NIFTY50", "NSE:NIFTY50-INDEX", "Nifty 50", "99926000"],
      ["INDEX:SENSEX", "BSE:SENSEX-INDEX", "SENSEX", "99919000"],
      ["NFO:43817", "NSE:NIFTY26NOV26000CE", "NIFTY24NOV2626000CE", "43817"],
      ["NFO:43990", "NSE:NIFTY26D0124500CE", "NIFTY01DEC2624500CE", "43990"],
      ["NFO:44990", "NSE:NIFTY26DEC26000PE", "NIFTY29DEC2626000PE", "44990"],
      ["BFO:820011", "BSE:SENSEX26NOV85000CE", "SENSEX26NOV85000CE", "820011"],
    ]);
    expect(skipped.sort()).toEqual(["bad value", "test symbol", "unknown segment", "unreadable row"]);
  });

  it("has strikes and tick sizes in paise", async () => {
    const { rows } = await read(fixture("OpenAPIScripMaster.json"));
    expect(rows.find(({ venueToken }) => venueToken === "43817")?.instrument).toMatchObject({
      kind: "option",
      strike: rupees(26_000),
      optionType: "CE",
      expiry: "2026-11-24",
      lotSize: 65,
      tickSize: rupees("0.05"),
      underlying: "NIFTY",
    });
    expect(rows.find(({ venueToken }) => venueToken === "16669")?.instrument.tickSize).toBe(rupees("0.50"));
  });

  it("fails when it is cut short or is not an array, so that no instruments are lost silently", async () => {
    const whole = fixture("OpenAPIScripMaster.json");
    await expect(read(whole.slice(0, -3))).rejects.toMatchObject({ kind: "bad-response" });
    await expect(read("<html>maintenance</html>")).rejects.toMatchObject({ kind: "bad-response" });
  });
});
