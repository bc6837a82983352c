import { describe, expect, it } from "vitest";
import { readMaster } from "../../../connectors/zerodha/instruments.ts";
import { splitSeries } from "../../../connectors/zerodha/map.ts";
import { indexKey, instrumentKey } from "../../../src/domain/instrument.ts";
import { istDate, istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import { HttpFailure } from "../../../src/lib/http.ts";
import { chunked, failureOf, tableOf } from "../harness.ts";
import { access, depsOver, fakeHttp, fixture, html, masterRows, reply, setUp, text } from "./harness.ts";
import { createConnector } from "../../../connectors/zerodha/connector.ts";

const { http } = fakeHttp(() => html(500));

describe("the instrument master", () => {
  it("lists shares, indices, futures and options, and reports what it skips", async () => {
    const skipped: string[] = [];
    const rows = await masterRows(http, skipped);
    expect(rows.map(({ instrument }) => `${instrument.key} ${instrument.symbol}`)).toEqual([
      "NSE:3045 NSE:SBIN-EQ",
      "NSE:2031 NSE:M&M-EQ",
      "NSE:16669 NSE:BAJAJ-AUTO-EQ",
      "NSE:553 NSE:RELINFRA-BE",
      "BSE:500112 BSE:SBIN",
      "INDEX:NIFTY50 NSE:NIFTY50-INDEX",
      "INDEX:SENSEX BSE:SENSEX-INDEX",
      "NFO:49543 NSE:NIFTY26NOVFUT",
      "NFO:49544 NSE:NIFTY26NOV26000CE",
      "NFO:49545 NSE:NIFTY26D0124500CE",
      "BFO:829476 BSE:SENSEX26NOV84000PE",
    ]);
    expect(skipped.toSorted()).toEqual(["bad row", "bad row", "test symbol"]);
  });

  it("has lots, ticks, expiries, strikes and Kite's own names", async () => {
    const table = tableOf(await masterRows(http));
    expect(table.byKey(instrumentKey("NFO", 49545))).toEqual({
      venueSymbol: "NIFTY26D0124500CE",
      venueToken: "12683522",
      instrument: {
        kind: "option",
        key: "NFO:49545",
        symbol: "NSE:NIFTY26D0124500CE",
        segment: "NFO",
        name: "NIFTY",
        lotSize: 75,
        tickSize: priceFromRupees(0.05),
        underlying: "NIFTY",
        expiry: "2026-12-01",
        strike: priceFromRupees(24_500),
        optionType: "CE",
      },
    });
    expect(table.byKey(indexKey("NIFTY50"))).toMatchObject({ venueSymbol: "NIFTY 50", venueToken: "256265" });
    expect(table.byVenueSymbol("NSE", "BAJAJ-AUTO")?.instrument).toMatchObject({
      name: "BAJAJ AUTO, LIMITED",
      series: "EQ",
    });
    expect(table.byVenueSymbol("NSE", "RELINFRA-BE")?.instrument).toMatchObject({ series: "BE" });
  });

  it("takes an index only from its own exchange: the file also lists those of exchanges abroad", async () => {
    const [header, ...lines] = fixture("get-instruments.csv").split("\n");
    const nifty = lines.find((line) => line.includes(",NIFTY 50,")) ?? "";
    const abroad = nifty.replace(/^256265,1001,/, "4185353,16349,").replace(/,NSE$/, ",NSEIX");
    expect(abroad).toMatch(/^4185353,.*,INDICES,NSEIX$/);
    const rows = [];
    for await (const row of readMaster(chunked([header, nifty, abroad].join("\n"), 64), () => {})) rows.push(row);
    const table = tableOf(rows);
    expect(table.byKey(indexKey("NIFTY50"))?.venueToken).toBe("256265");
  });

  it("fails when a column is missing, or when the download fails", async () => {
    const rows = readMaster(chunked("instrument_token,tradingsymbol\n1,A\n", 8), () => {});
    expect(await failureOf(drain(rows))).toMatchObject({ kind: "bad-response" });
    const failing = { ...http, stream: () => Promise.reject(new HttpFailure("broken", "HTTP 503")) };
    const connector = createConnector(depsOver(failing));
    expect(await failureOf(drain(connector.getInstruments?.({ onSkipped: () => {} })))).toMatchObject({
      kind: "unavailable",
      endpoint: "GET /instruments",
    });
  });

  it("distinguishes the hyphen before a series from a hyphen in the ticker", () => {
    expect(["SBIN", "BAJAJ-AUTO", "RELINFRA-BE", "SGBNOV30-GB", "NAM-INDIA"].map(splitSeries)).toEqual([
      { ticker: "SBIN", series: "EQ" },
      { ticker: "BAJAJ-AUTO", series: "EQ" },
      { ticker: "RELINFRA", series: "BE" },
      { ticker: "SGBNOV30", series: "GB" },
      { ticker: "NAM-INDIA", series: "EQ" },
    ]);
  });
});

describe("candles", () => {
  it("are requested in IST by Kite's instrument token", async () => {
    const { connector, sent, instrument } = await setUp(() => reply("get-instruments-historical"));
    const candles = await connector.getHistoricalData(access, {
      instrument: instrument("NSE:SBIN-EQ"),
      interval: "1m",
      from: istInstant("2026-11-20", "09:15"),
      to: istInstant("2026-11-20", "15:30"),
    });
    expect(sent[0]?.url).toBe(
      "https://api.kite.trade/instruments/historical/779521/minute?from=2026-11-20+09%3A15%3A00&to=2026-11-20+15%3A30%3A00&continuous=0&oi=0",
    );
    expect(candles).toEqual([
      {
        at: istInstant("2026-11-20", "09:15"),
        open: priceFromRupees(900),
        high: priceFromRupees(902.5),
        low: priceFromRupees(899.1),
        close: priceFromRupees(901.7),
        volume: 182_331,
      },
      expect.objectContaining({ at: istInstant("2026-11-20", "09:16"), volume: 96_120 }),
    ]);
  });

  it.each([
    ["1m", 60],
    ["5m", 100],
    ["15m", 200],
    ["30m", 200],
    ["1h", 400],
    ["1d", 2_000],
  ] as const)("of %s are requested at most %i days at a time, without gap or overlap", async (interval, days) => {
    const { connector, sent, instrument } = await setUp(() => text('{"status":"success","data":{"candles":[]}}'));
    const from = istInstant("2016-01-01");
    await connector.getHistoricalData(access, {
      instrument: instrument("NSE:SBIN-EQ"),
      interval,
      from,
      to: from + (2 * days + 1) * 86_400_000,
    });
    const ranges = sent.map(({ url }) => new URL(url).searchParams);
    expect(ranges).toHaveLength(3);
    const seconds = (text: string | null): number => Date.parse(`${text}Z`) / 1_000;
    for (const range of ranges)
      expect(seconds(range.get("to")) - seconds(range.get("from"))).toBeLessThan(days * 86_400);
    expect(seconds(ranges[1]!.get("from")) - seconds(ranges[0]!.get("to"))).toBe(1);
    expect(seconds(ranges[2]!.get("from")) - seconds(ranges[1]!.get("to"))).toBe(1);
  });

  it.each([
    ["1w", "2026-11-16", ["2026-11-16", "2026-11-23"]],
    ["1mo", "2026-11-01", ["2026-11-01", "2026-12-01"]],
  ] as const)("of %s are joined from daily candles", async (interval, asksFrom, starts) => {
    const day = (date: string, close: number) => [`${date}T00:00:00+0530`, 100, close + 5, close - 5, close, 10];
    const days = [day("2026-11-18", 101), day("2026-11-20", 103), day(starts[1], 90), day("2026-12-02", 95)];
    const { connector, sent, instrument } = await setUp(() =>
      text(JSON.stringify({ status: "success", data: { candles: interval === "1w" ? days.slice(0, 3) : days } })),
    );
    const candles = await connector.getHistoricalData(access, {
      instrument: instrument("NSE:SBIN-EQ"),
      interval,
      from: istInstant(asksFrom),
      to: istInstant("2026-12-02", "15:30"),
    });
    expect(new URL(sent[0]?.url ?? "").searchParams.get("from")).toBe(`${asksFrom} 00:00:00`);
    expect(candles.map(({ at }) => istDate(at))).toEqual(starts);
    expect(candles[0]).toMatchObject({
      open: priceFromRupees(100),
      high: priceFromRupees(108),
      low: priceFromRupees(96),
      close: priceFromRupees(103),
      volume: 20,
    });
  });

  it("fail with unavailable on an HTML page, where the kiteconnect package throws a TypeError", async () => {
    const { connector, instrument } = await setUp(() => html(502));
    const query = { instrument: instrument("NSE:SBIN-EQ"), interval: "1d", from: 0, to: 1 } as const;
    expect(await failureOf(connector.getHistoricalData(access, query))).toMatchObject({ kind: "unavailable" });
  });

  it("fail on a time that is not in IST", async () => {
    const inUtc = '{"status":"success","data":{"candles":[["2026-11-20T09:15:00Z",1,1,1,1,1]]}}';
    const { connector, instrument } = await setUp(() => text(inUtc));
    const query = { instrument: instrument("NSE:SBIN-EQ"), interval: "1d", from: 0, to: 1 } as const;
    expect(await failureOf(connector.getHistoricalData(access, query))).toMatchObject({ kind: "bad-response" });
  });
});

async function drain(rows: AsyncIterable<unknown> | undefined): Promise<number> {
  let count = 0;
  for await (const _row of rows ?? []) count += 1;
  return count;
}
