import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { priceFromRupees } from "../../../src/domain/money.ts";
import { readMaster } from "../../conformance/rig.ts";
import { fixture, masterRows, GZIPPED, setUp } from "./harness.ts";

const rupees = priceFromRupees;

describe("the instrument master", () => {
  it("gives each row a key from segment and exchange token, and Upstox's instrument key as its venue symbol", async () => {
    const rows = await masterRows();
    expect(rows.map(({ instrument, venueSymbol }) => [instrument.key, instrument.symbol, venueSymbol])).toEqual([
      ["NSE:3045", "NSE:SBIN-EQ", "NSE_EQ|INE062A01020"],
      ["BSE:500112", "BSE:SBIN", "BSE_EQ|INE062A01020"],
      ["NSE:16669", "NSE:BAJAJ-AUTO-EQ", "NSE_EQ|INE917I01010"],
      ["NSE:9911", "NSE:SLOWSME-SM", "NSE_EQ|INE777X01019"],
      ["INDEX:NIFTY50", "NSE:NIFTY50-INDEX", "NSE_INDEX|Nifty 50"],
      ["NFO:51714", "NSE:NIFTY26NOVFUT", "NSE_FO|51714"],
      ["NFO:43817", "NSE:NIFTY26NOV26000CE", "NSE_FO|43817"],
      ["NFO:40102", "NSE:NIFTY26D0124500PE", "NSE_FO|40102"],
      ["NFO:40977", "NSE:NIFTY26DEC24500PE", "NSE_FO|40977"],
      ["BFO:871002", "BSE:SENSEX26NOV85000.5CE", "BSE_FO|871002"],
    ]);
  });

  it("reads ticks in paise, expiries given as the last second of a day, and freeze quantities where present", async () => {
    const byKey = new Map((await masterRows()).map(({ instrument }) => [String(instrument.key), instrument]));
    expect(byKey.get("NSE:3045")).toMatchObject({
      tickSize: rupees("0.05"),
      lotSize: 1,
      freezeQty: 100_000,
      series: "EQ",
    });
    expect(byKey.get("NSE:16669")).toMatchObject({ tickSize: rupees("0.50"), isin: "INE917I01010" });
    expect(byKey.get("NSE:9911")).toMatchObject({ lotSize: 1_600 });
    expect(byKey.get("NFO:51714")).toMatchObject({ expiry: "2026-11-24", tickSize: rupees("0.10"), freezeQty: 1_800 });
    expect(byKey.get("BFO:871002")).toMatchObject({ strike: rupees("85000.5"), optionType: "CE" });
    expect(byKey.get("BFO:871002")).not.toHaveProperty("freezeQty");
  });

  it("reports rows that it cannot read, but not instruments of types that we do not serve", async () => {
    const { skipped } = await readMaster(setUp().connector);
    expect(skipped.toSorted()).toEqual([
      "bad value",
      "bad value",
      "test symbol",
      "unknown instrument type",
      "unknown segment",
      "unreadable row",
    ]);
  });

  it("reports an option that cannot be spelled, and keeps the others", async () => {
    const listed = JSON.parse(fixture("complete")) as Record<string, unknown>[];
    const option = listed.find(({ exchange_token: token }) => token === "43817");
    const odd = { ...option, exchange_token: "43818", underlying_symbol: "NIFTY 50" };
    const { rows, skipped } = await readMaster(
      setUp(undefined, { master: Buffer.from(JSON.stringify([odd, option])) }).connector,
    );
    expect(rows.map(({ instrument }) => instrument.symbol)).toEqual(["NSE:NIFTY26NOV26000CE"]);
    expect(skipped).toEqual(["bad value"]);
  });

  it("is read gzipped, and plain if it was decompressed on the way", async () => {
    const plain = setUp(undefined, { master: Buffer.from(fixture("complete")) });
    expect((await readMaster(plain.connector)).rows).toEqual(await masterRows());
  });

  it.each([
    ["gzipped", GZIPPED],
    ["plain", Buffer.from(fixture("complete"))],
  ])("fails with unavailable when the connection breaks during the download, %s", async (_what, master) => {
    const read = readMaster(setUp(undefined, { master, breaksAt: 300 }).connector);
    await expect(read).rejects.toMatchObject({ kind: "unavailable", endpoint: "GET complete.json.gz" });
  });

  it.each([
    ["truncated while gzipped", GZIPPED.subarray(0, GZIPPED.length - 40)],
    ["truncated while plain", Buffer.from(fixture("complete").slice(0, -20))],
    ["damaged", Buffer.concat([GZIPPED.subarray(0, 200), Buffer.alloc(300, 7)])],
    ["not a list", gzipSync("<html>maintenance</html>")],
    ["empty", Buffer.alloc(0)],
  ])("fails when it is %s, rather than lose instruments silently", async (_what, master) => {
    const read = readMaster(setUp(undefined, { master }).connector);
    await expect(read).rejects.toMatchObject({ name: "BrokerError", broker: "upstox", kind: "bad-response" });
  });
});
