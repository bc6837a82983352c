import { describe, expect, test } from "vitest";
import { readInstruments } from "../../../connectors/dhan/instruments.ts";
import { indexKey } from "../../../src/domain/instrument.ts";
import { HttpFailure } from "../../../src/lib/http.ts";
import { chunked, tableOf } from "../harness.ts";
import { collect, fixtureText, readMaster, setUp } from "./harness.ts";
import { venueId } from "../../../connectors/dhan/venue.ts";

const skipped: string[] = [];
const rows = await readMaster((reason) => skipped.push(reason));
const table = tableOf(rows);

describe("the compact instrument master", () => {
  test.each([
    ["NSE:3045", "NSE:SBIN-EQ", "SBIN"],
    ["NSE:2031", "NSE:M&M-EQ", "M&M"],
    ["NSE:16669", "NSE:BAJAJ-AUTO-EQ", "BAJAJ-AUTO"],
    ["NSE:90210", "NSE:SLOWCO-BE", "SLOWCO"],
    ["BSE:500112", "BSE:SBIN", "SBIN"],
    ["NFO:61471", "NSE:NIFTY26NOVFUT", "NIFTY-Nov2026-FUT"],
    ["NFO:61480", "NSE:BAJAJ-AUTO26NOVFUT", "BAJAJ-AUTO-Nov2026-FUT"],
    ["NFO:44998", "NSE:NIFTY26NOV24500PE", "NIFTY-Nov2026-24500-PE"],
    ["NFO:45001", "NSE:NIFTY26D0124500CE", "NIFTY-Dec2026-24500-CE"],
    ["NFO:45101", "NSE:M&M26NOV3712.5CE", "M&M-Nov2026-3712.5-CE"],
    ["INDEX:NIFTY50", "NSE:NIFTY50-INDEX", "NIFTY"],
    ["INDEX:INDIAVIX", "NSE:INDIAVIX-INDEX", "INDIA VIX"],
    ["INDEX:SENSEX", "BSE:SENSEX-INDEX", "SENSEX"],
  ])("lists %s as %s, with Dhan's own id for it", (key, symbol, venueSymbol) => {
    const row = rows.find(({ instrument }) => instrument.symbol === symbol);
    expect(row).toMatchObject({ venueSymbol, instrument: { key, symbol } });
    expect(table.byKey(row!.instrument.key)).toBe(row);
    if (row!.instrument.kind !== "index") expect(venueId(row!.instrument.key).securityId).toBe(row!.venueToken);
  });

  test("takes the last expiry of a month as the monthly one when no flag says so", () => {
    const sensex = rows
      .filter(({ instrument }) => instrument.segment === "BFO")
      .map(({ instrument }) => instrument.symbol);
    expect(sensex).toEqual(["BSE:SENSEX26N1985000CE", "BSE:SENSEX26NOV85000CE"]);
  });

  test("has ticks in paise, lots in units, names that may contain commas, and no tick for an index", () => {
    expect(table.byKey(rows[1]!.instrument.key)?.instrument).toMatchObject({
      tickSize: 500,
      lotSize: 1,
      name: "STATE BANK OF INDIA, MUMBAI",
      series: "EQ",
    });
    expect(rows.find(({ venueToken }) => venueToken === "44998")?.instrument).toEqual({
      kind: "option",
      key: "NFO:44998",
      symbol: "NSE:NIFTY26NOV24500PE",
      segment: "NFO",
      name: "NIFTY 24 NOV 24500 PUT",
      lotSize: 75,
      tickSize: 500,
      underlying: "NIFTY",
      expiry: "2026-11-24",
      strike: 245_000_000,
      optionType: "PE",
    });
    expect(table.byKey(indexKey("NIFTY50"))?.instrument.tickSize).toBe(0);
  });

  test("names a contract by its display name and not by the exchange's code for its kind", async () => {
    const nameOf = (id: string) => rows.find(({ venueToken }) => venueToken === id)?.instrument.name;
    expect([nameOf("61480"), nameOf("860002")]).toEqual(["BAJAJ-AUTO NOV FUT", "SENSEX 26 NOV 85000 CALL"]);
  });

  test("leaves out test symbols and other markets, and reports bad rows", () => {
    expect(rows).toHaveLength(17);
    expect(rows.some(({ venueSymbol }) => venueSymbol.includes("TEST"))).toBe(false);
    expect(skipped).toEqual(["unknown segment", "too few columns", "not a time: soon 00:00:00"]);
  });

  test("reports an option that cannot be spelled, and keeps the others", async () => {
    const [header = "", ...lines] = fixtureText("api-scrip-master.csv").split("\n");
    const option = lines.find((line) => line.includes(",860002,")) ?? "";
    const odd = option.replace(",860002,SENSEX-", ",860003,BSE SENSEX-").replace(",SENSEX-Nov", ",BSE SENSEX-Nov");
    const reasons: string[] = [];
    const read = readInstruments(chunked([header, odd, option].join("\n"), 97), (reason) => reasons.push(reason));
    expect((await collect(read)).map(({ instrument }) => instrument.symbol)).toEqual(["BSE:SENSEX26NOV85000CE"]);
    expect(reasons).toEqual(["bad value"]);
  });

  test("finds columns by name, in any order", async () => {
    const reordered = fixtureText("api-scrip-master.csv")
      .split("\n")
      .slice(0, 2)
      .map((line) => ["extra", ...line.split(",").toReversed()].join(","))
      .join("\r\n");
    const [row] = await collect(readInstruments(chunked(reordered, 5), () => {}));
    expect(row?.instrument.symbol).toBe("NSE:RELIANCE-EQ");
  });

  test("fails with the name of a required column that is missing", async () => {
    const text = fixtureText("api-scrip-master.csv").replace("SEM_TICK_SIZE", "SEM_TICK");
    await expect(collect(readInstruments(chunked(text, 500), () => {}))).rejects.toMatchObject({
      kind: "bad-response",
      message: expect.stringContaining("SEM_TICK_SIZE"),
    });
  });
});

test("the connector streams the master from Dhan's file server", async () => {
  const urls: string[] = [];
  const { connector } = setUp((request) => {
    urls.push(request.url);
    return { status: 200, headers: {}, body: fixtureText("api-scrip-master.csv") };
  });
  expect(await collect(connector.getInstruments!({ onSkipped: () => {} }))).toHaveLength(17);
  expect(urls).toEqual(["https://images.dhan.co/api-data/api-scrip-master.csv"]);
});

test("a master that cannot be downloaded is an error, not an empty list", async () => {
  const { connector } = setUp(() => Promise.reject(new HttpFailure("broken", "HTTP 404")));
  await expect(collect(connector.getInstruments!({ onSkipped: () => {} }))).rejects.toMatchObject({
    kind: "unavailable",
  });
});
