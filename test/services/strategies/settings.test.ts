import { describe, expect, it } from "vitest";
import { shopText, timeWarning } from "../../../src/bot/render/nifty-shop.ts";
import { paiseFromRupees } from "../../../src/domain/money.ts";
import { loadCalendar } from "../../../src/services/calendar.ts";
import { parseRange } from "../../../src/services/strategies/nifty-shop/backtest-data.ts";
import {
  DEFAULT_SHOP_SETTINGS,
  parseSetting,
  rulesOf,
  timeProblem,
} from "../../../src/services/strategies/nifty-shop/settings.ts";

describe("the strategy's settings", () => {
  it("are off by default, with the published rules' numbers", () => {
    expect(DEFAULT_SHOP_SETTINGS.mode).toBe("off");
    expect(DEFAULT_SHOP_SETTINGS.at).toBe("15:00");
    expect(rulesOf(DEFAULT_SHOP_SETTINGS)).toEqual({
      buysPerDay: 1,
      averageBelow: 300,
      target: 500,
      perTrade: paiseFromRupees(25_000),
    });
  });

  it.each([
    ["time 14:45", { at: "14:45" }],
    ["buys 2", { buysPerDay: 2 }],
    ["average 3.5%", { averageBelow: 350 }],
    ["TARGET 6", { target: 600 }],
    ["amount ₹30,000", { sizing: { kind: "amount", amount: paiseFromRupees(30_000) } }],
    ["capital 10,00,000 / 40", { sizing: { kind: "parts", capital: paiseFromRupees(1_000_000), parts: 40 } }],
    ["capital 500000", { sizing: { kind: "parts", capital: paiseFromRupees(500_000), parts: 40 } }],
  ])("accept %s", (text, change) => expect(parseSetting(text)).toEqual({ ok: true, change }));

  it.each([
    "time 25:00",
    "buys 0",
    "buys 9",
    "average 0",
    "target 90",
    "amount 0",
    "amount -5",
    "amount 1e9",
    "capital 1000/0",
  ])("reject %s", (text) => expect(parseSetting(text)).toEqual({ ok: false, problem: "bad-value" }));
  it("report an unknown setting", () => {
    expect(parseSetting("leverage 5")).toEqual({ ok: false, problem: "unknown" });
    expect(parseSetting("")).toEqual({ ok: false, problem: "unknown" });
    expect(parseSetting("buys")).toEqual({ ok: false, problem: "unknown" });
    expect(parseSetting("constructor 5")).toEqual({ ok: false, problem: "unknown" });
  });

  it("are read at once, however many blanks stand between the words", () => {
    const blanks = " ".repeat(800);
    const started = performance.now();
    expect(parseSetting(`a${blanks}b${blanks}\nb c`)).toMatchObject({ ok: false });
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("derive the amount per trade from capital and parts", () => {
    const sizing = { kind: "parts", capital: paiseFromRupees(1_000_000), parts: 40 } as const;
    expect(rulesOf({ ...DEFAULT_SHOP_SETTINGS, sizing }).perTrade).toBe(paiseFromRupees(25_000));
  });

  it("name the smallest target when a value is invalid", () => {
    expect(parseSetting("target 0.5")).toEqual({ ok: false, problem: "bad-value" });
    expect(parseSetting("average 0.5")).toMatchObject({ ok: true });
    expect(shopText.badSetting().toString()).toContain("the target from 1");
  });

  it("name an amount that would do when an amount or the capital is invalid", () => {
    for (const typed of ["amount 1k", "capital 2 lakh"])
      expect(parseSetting(typed)).toEqual({ ok: false, problem: "bad-value" });
    expect(shopText.badSetting().toString()).toContain("an amount like <code>30000</code>");
  });

  it("do not claim that the auction takes no market orders", () => {
    expect(timeWarning("auction", "15:22")?.toString()).toMatch(/15:22 lies in the closing auction/);
    expect(timeWarning("auction", "15:22")?.toString()).not.toMatch(/no market orders/);
  });

  it("report times in the closing auction and outside market hours", () => {
    const calendar = loadCalendar(null);
    const problems = ["09:30", "15:00", "15:14", "15:15", "15:22", "15:34", "15:40", "08:00"].map((at) =>
      timeProblem(at, "2026-11-23", calendar),
    );
    expect(problems).toEqual([null, null, null, "auction", "auction", "auction", "closed", "closed"]);
  });
});

describe("a backtest's range", () => {
  it.each([
    ["2020-01..2025-07", { from: "2020-01-01", to: "2025-07-31" }],
    ["2024-02..2024-02", { from: "2024-02-01", to: "2024-02-29" }],
    ["2020-01-15..2025-07-10", { from: "2020-01-15", to: "2025-07-10" }],
  ])("is parsed: %s", (text, range) => expect(parseRange(text)).toEqual(range));
  it.each(["", "2020", "2025-07..2020-01", "2020-13..2021-01", "2020-02-30..2021-01", "last year"])(
    "refuses %s",
    (text) => expect(parseRange(text)).toBeNull(),
  );
});
