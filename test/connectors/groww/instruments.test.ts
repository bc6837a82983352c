import { describe, expect, it } from "vitest";
import { priceFromRupees } from "../../../src/domain/money.ts";
import { readMaster } from "../../conformance/rig.ts";
import { MASTER, setUp } from "./harness.ts";

const read = (master: string) => readMaster(setUp(undefined, { master }).connector);
const inPaise = (text: string): string =>
  text.replaceAll(",0.05,", ",5,").replaceAll(",0.01,", ",1,").replaceAll(",0.1,", ",10,");

describe("the instrument master", () => {
  it("lists shares by exchange and series, with Groww's two names for each", async () => {
    const { rows } = await read(MASTER);
    expect(rows.slice(0, 4)).toEqual([
      {
        instrument: {
          kind: "equity",
          key: "NSE:3045",
          symbol: "NSE:SBIN-EQ",
          segment: "NSE",
          series: "EQ",
          name: "STATE BANK OF INDIA",
          isin: "INE062A01020",
          lotSize: 1,
          tickSize: priceFromRupees("0.05"),
          freezeQty: 100_000,
        },
        venueSymbol: "SBIN",
        venueToken: "NSE-SBIN",
      },
      expect.objectContaining({ venueSymbol: "SBIN", venueToken: "BSE-SBIN" }),
      expect.objectContaining({ venueSymbol: "M&M", venueToken: "NSE-M&M" }),
      expect.objectContaining({ venueSymbol: "ONLYBSE" }),
    ]);
    expect(rows[2]?.instrument.name).toBe("MAHINDRA & MAHINDRA, LTD");
    expect(rows[1]?.instrument).not.toHaveProperty("freezeQty");
  });

  it("distinguishes monthly from weekly expiries by the last one of each month in the whole file", async () => {
    const { rows } = await read(MASTER);
    const contracts = rows.filter(({ instrument }) => instrument.segment === "NFO");
    expect(contracts.map(({ instrument }) => instrument.symbol)).toEqual([
      "NSE:NIFTY26NOVFUT",
      "NSE:NIFTY26NOV26000CE",
      "NSE:NIFTY26N1726000PE",
    ]);
    expect(contracts[0]).toMatchObject({
      instrument: { kind: "future", key: "NFO:51714", expiry: "2026-11-24", lotSize: 65, freezeQty: 1_800 },
      venueToken: "NSE-NIFTY-24Nov26-FUT",
    });
  });

  it("reports the rows that it cannot read, and leaves out what we do not serve", async () => {
    const { rows, skipped } = await read(MASTER);
    expect(rows).toHaveLength(9);
    expect(skipped).toEqual(["test symbol", "bad value", "unknown segment", "wrong number of columns"]);
    expect(rows.map(({ venueSymbol }) => venueSymbol)).not.toContain("NIFTYDIV");
  });

  it("gives the same instruments whether ticks are in rupees or in paise", async () => {
    expect(await read(inPaise(MASTER))).toEqual(await read(MASTER));
  });

  it("is refused when the unit of its ticks is ambiguous, a column is missing, or it is empty", async () => {
    const [head = "", sbin = ""] = inPaise(MASTER).split("\n");
    for (const master of [`${head}\n${sbin}\n`, MASTER.replace("tick_size", "tick"), ""])
      await expect(read(master)).rejects.toMatchObject({ kind: "bad-response", broker: "groww" });
  });

  it("may have its columns in any order", async () => {
    const shuffled = MASTER.split("\n")
      .filter((line) => line !== "" && !line.includes('"') && !line.includes("CUT"))
      .map((line) => `extra,${line.split(",").toReversed().join(",")}`)
      .join("\n");
    const { rows } = await read(shuffled);
    expect(rows.map(({ instrument }) => instrument.key)).toContain("NFO:51800");
  });

  it("is an error when the download breaks off, not a short list", async () => {
    const { connector } = setUp(undefined, { isMasterCut: true });
    await expect(readMaster(connector)).rejects.toMatchObject({ kind: "unavailable", broker: "groww" });
  });
});
