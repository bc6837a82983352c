import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NIFTY_50 } from "../../../src/services/instruments/nifty50.ts";
import { istDate, istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, priceFromRupees } from "../../../src/domain/money.ts";
import { constituentsSchema, createConstituents } from "../../../src/services/strategies/nifty-shop/constituents.ts";
import { parseCandles } from "../../../src/services/strategies/nifty-shop/csv.ts";
import { cagr, maxDrawdown, xirr } from "../../../src/services/strategies/nifty-shop/returns.ts";

describe("returns", () => {
  it("compute the CAGR", () => {
    expect(cagr(paiseFromRupees(100), paiseFromRupees(200), "2023-01-01", "2024-01-01")).toBeCloseTo(1, 10);
    expect(cagr(paiseFromRupees(100), paiseFromRupees(121), "2022-01-01", "2024-01-01")).toBeCloseTo(0.1, 3);
    expect(cagr(paiseFromRupees(100), paiseFromRupees(200), "2023-01-01", "2023-01-01")).toBeNull();
  });

  it("compute the XIRR of the textbook example", () => {
    // The example of the spreadsheet manuals: 37.34 %.
    const flows = [
      { date: "2008-01-01", amount: paiseFromRupees(-10_000) },
      { date: "2008-03-01", amount: paiseFromRupees(2_750) },
      { date: "2008-10-30", amount: paiseFromRupees(4_250) },
      { date: "2009-02-15", amount: paiseFromRupees(3_250) },
      { date: "2009-04-01", amount: paiseFromRupees(2_750) },
    ];
    expect(xirr(flows)).toBeCloseTo(0.3733625, 5);
    expect(xirr(flows.slice(0, 1))).toBeNull();
  });

  it("compute the maximum drawdown", () => {
    const curve = [100, 120, 90, 130, 117].map((rupees, at) => ({
      date: `2024-01-0${at + 1}`,
      equity: paiseFromRupees(rupees),
    }));
    expect(maxDrawdown(curve)).toBe(0.25);
  });
});

describe("the constituents of the Nifty 50", () => {
  const file = constituentsSchema.parse(JSON.parse(readFileSync("assets/indices/nifty50.json", "utf8")));
  const nifty = createConstituents(file);

  it("are fifty on every day since 2020", () => {
    const dates = ["2020-01-01", "2020-03-19", "2022-03-31", "2023-07-13", "2024-12-31", "2026-11-24"];
    expect(dates.map((date) => new Set(nifty.membersOn(date)).size)).toEqual(dates.map(() => 50));
  });

  it("change on the effective day and not before", () => {
    expect(nifty.membersOn("2020-03-18")).toContain("YESBANK");
    expect(nifty.membersOn("2020-03-19")).not.toContain("YESBANK");
    expect(nifty.membersOn("2020-03-19")).toContain("SHREECEM");
    expect(nifty.everIn("2020-03-01", "2020-03-31")).toHaveLength(51);
    expect(nifty.membersOn("2026-09-29")).toContain("WIPRO");
    expect(nifty.membersOn("2026-09-30")).not.toContain("WIPRO");
    expect(nifty.membersOn("2026-09-30")).toContain("BSE");
  });

  it("of today are those that a search puts first", () => {
    expect([...NIFTY_50].sort()).toEqual(nifty.membersOn("2026-11-24"));
  });

  it("have the tickers of today, under which the prices of renamed shares are found", () => {
    const ever = nifty.everIn("2020-01-01", "2026-11-24");
    expect(["INFRATEL", "LTIM", "TATAMOTORS", "ZOMATO"].filter((old) => ever.includes(old))).toEqual([]);
    expect(nifty.membersOn("2024-01-01")).toContain("LTM");
  });

  it("reject days before the first known one, and inconsistent changes", () => {
    expect(() => nifty.membersOn("2019-12-31")).toThrow("known from 2020-01-01");
    const wrong = { from: "2027-01-01", out: ["YESBANK"], in: [] };
    expect(() => createConstituents({ ...file, changes: [...file.changes, wrong] })).toThrow("YESBANK was not in");
  });
});

describe("candles of a CSV file", () => {
  it("are read in Yahoo's, Kite's and NSE's formats, without rows that have no prices", () => {
    const text = `Date,Open,High,Low,Close,Adj Close,Volume
2024-01-02,100.5,103,99.95,102.300003,101,12345
2024-01-03,null,null,null,null,null,null
2024-01-01,99,101,98,100,99,1000
`;
    const candles = parseCandles(text);
    expect(candles.map(({ at }) => istDate(at))).toEqual(["2024-01-01", "2024-01-02"]);
    expect(candles[1]).toMatchObject({ open: priceFromRupees(100.5), close: priceFromRupees(102.3), volume: 12_345 });
    // pandas writes its row numbers into a first column without a name.
    expect(parseCandles(",date,open,high,low,close\n0,2024-01-02,1,1,1,1")).toHaveLength(1);
    expect(parseCandles('"date","close","low","high","open"\n02-Jan-2024,5,4,6,5')).toHaveLength(1);
    expect(parseCandles("date,open,high,low,close\n2024-01-02T00:00:00+0530,1,1,1,1")).toHaveLength(1);
  });

  it("are read from NSE's own download: blanks in the header, commas in the amounts", () => {
    const headings = [
      "Date ",
      "series ",
      "OPEN ",
      "HIGH ",
      "LOW ",
      "PREV. CLOSE ",
      "ltp ",
      "close ",
      "vwap ",
      "VOLUME ",
    ];
    const row = [
      "02-Jan-2024",
      "EQ",
      "2,580.00",
      "2,612.45",
      "999.95",
      "2,584.95",
      "2,611.00",
      "2,611.70",
      "2,598.10",
      "57,10,735",
    ];
    const text = [headings, row].map((cells) => cells.map((cell) => `"${cell}"`).join(",")).join("\r\n");
    expect(parseCandles(`\uFEFF${text}\r\n`)).toEqual([
      {
        at: istInstant("2024-01-02"),
        open: priceFromRupees(2_580),
        high: priceFromRupees(2_612.45),
        low: priceFromRupees(999.95),
        close: priceFromRupees(2_611.7),
        volume: 5_710_735,
      },
    ]);
  });

  it("are rejected with the line that cannot be read", () => {
    expect(() => parseCandles("date,open,high,low,close\n2024-01-02,a,1,1,1")).toThrow("line 2");
    expect(() => parseCandles("date,open,high,low\n")).toThrow("no column close");
  });
});
