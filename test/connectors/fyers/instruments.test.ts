import { describe, expect, it } from "vitest";
import { toInstrument } from "../../../connectors/fyers/instruments.ts";
import { keyFromFyToken, venueSymbolOf } from "../../../connectors/fyers/venue.ts";
import { HttpFailure } from "../../../src/lib/http.ts";
import { chunked, failureOf, tableOf } from "../harness.ts";
import { fakeHttp, fixture, html, masterRows } from "./harness.ts";

const { http } = fakeHttp(() => html(500));

describe("the instrument masters", () => {
  it("list shares, indices and derivatives of both exchanges, wherever the download is cut into chunks", async () => {
    const rows = await masterRows(http);
    expect(rows.map(({ instrument }) => `${instrument.key} ${instrument.symbol}`)).toEqual([
      "NSE:3045 NSE:SBIN-EQ",
      "NSE:2031 NSE:M&M-EQ",
      "NSE:16669 NSE:BAJAJ-AUTO-EQ",
      "INDEX:NIFTY50 NSE:NIFTY50-INDEX",
      "NFO:37455 NSE:NIFTY26NOVFUT",
      "NFO:49600 NSE:NIFTY26NOV26000CE",
      "NFO:41922 NSE:NIFTY26D0126000PE",
      "BSE:532667 BSE:SUZLON",
      "BSE:532977 BSE:BAJAJ-AUTO",
      "INDEX:SENSEX BSE:SENSEX-INDEX",
      "BFO:8712345 BSE:SENSEX26NOVFUT",
    ]);
  });

  it("report what they leave out", async () => {
    const skipped: string[] = [];
    await masterRows(http, skipped);
    expect(skipped).toEqual([
      "index that is not served",
      "test symbol",
      "wrong number of columns",
      "bad row",
      "fyToken and scrip code disagree",
      "segment not served",
    ]);
  });

  it("have ISIN, tick size, lot size, expiry and strike", async () => {
    const rows = await masterRows(http);
    const of = (symbol: string) => rows.find(({ instrument }) => instrument.symbol === symbol);
    expect(of("NSE:SBIN-EQ")).toEqual({
      instrument: {
        kind: "equity",
        key: "NSE:3045",
        symbol: "NSE:SBIN-EQ",
        segment: "NSE",
        name: "STATE BANK OF INDIA",
        lotSize: 1,
        tickSize: 500,
        isin: "INE062A01020",
        series: "EQ",
      },
      venueSymbol: "SBIN-EQ",
      venueToken: "10100000003045",
    });
    expect(of("BSE:SUZLON")).toMatchObject({ instrument: { series: "A", tickSize: 100 }, venueSymbol: "SUZLON-A" });
    expect(of("NSE:NIFTY26D0126000PE")).toMatchObject({
      instrument: {
        kind: "option",
        underlying: "NIFTY",
        expiry: "2026-12-01",
        strike: 260_000_000,
        optionType: "PE",
        lotSize: 75,
      },
      venueSymbol: "NIFTY26D0126000PE",
    });
    expect(of("NSE:NIFTY26NOVFUT")).toMatchObject({
      instrument: { kind: "future", expiry: "2026-11-24", tickSize: 1_000 },
    });
    expect(of("BSE:SENSEX26NOVFUT")).toMatchObject({
      instrument: { kind: "future", name: "SENSEX 26 Nov 26 FUT", underlying: "SENSEX", lotSize: 20 },
    });
    expect(of("NSE:NIFTY50-INDEX")).toMatchObject({
      instrument: { kind: "index", segment: "INDEX", name: "Nifty 50", tickSize: 0 },
    });
  });

  it("give every instrument a Fyers symbol and a fyToken that leads back to its key", async () => {
    const rows = await masterRows(http);
    const table = tableOf(rows);
    const tickers = ["NSE_CM", "NSE_FO", "BSE_CM", "BSE_FO"].flatMap((file) =>
      fixture(`${file}.csv`)
        .trim()
        .split("\n")
        .map((line) => line.split(",")[9]),
    );
    for (const { instrument, venueToken } of rows) {
      expect(tickers).toContain(venueSymbolOf(table, instrument.key));
      if (instrument.kind !== "index") expect(keyFromFyToken(venueToken)).toBe(instrument.key);
    }
  });

  it("give the same rows when their lines end with a carriage return", async () => {
    const stream: typeof http.stream = async ({ url }) => {
      const name = new URL(url).pathname.replace("/sym_details/", "");
      return chunked(fixture(name).replaceAll("\n", "\r\n"), 37);
    };
    expect(await masterRows({ ...http, stream })).toEqual(await masterRows(http));
  });

  it("may not have an empty row", () => {
    const [line = ""] = fixture("NSE_CM.csv").split("\n");
    expect(toInstrument(line)).toMatchObject({ venueSymbol: "SBIN-EQ" });
    expect(toInstrument("")).toBe("wrong number of columns");
  });

  it("fail with a BrokerError when the download does not start or breaks off", async () => {
    const read = (stream: typeof http.stream) => masterRows({ ...http, stream });
    const down = () => Promise.reject(new HttpFailure("unreachable", "no connection"));
    expect(await failureOf(read(down))).toMatchObject({
      kind: "unreachable",
      endpoint: "GET /sym_details/NSE_CM.csv",
    });
    const cut = async () => {
      await Promise.resolve();
      return (async function* () {
        yield Buffer.from(fixture("NSE_CM.csv").slice(0, 200));
        await Promise.reject(new HttpFailure("broken", "connection broke"));
      })();
    };
    expect(await failureOf(read(cut))).toMatchObject({ kind: "unavailable" });
  });
});
