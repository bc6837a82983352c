import { describe, expect, it } from "vitest";
import { isCut, parseChart, shownFrom, spanOf } from "../../src/bot/chart-words.ts";
import { movingAverage } from "../../src/bot/pictures/candles.ts";
import { istInstant } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";

const DAY_MS = 86_400_000;

describe("what can be typed after /chart", () => {
  it.each([
    ["SBIN", "SBIN", "6mo", "1d"],
    ["SBIN 6mo", "SBIN", "6mo", "1d"],
    ["nifty50 5d 15m", "nifty50", "5d", "15m"],
    ["SBIN 1h 1mo", "SBIN", "1mo", "1h"],
    ["state bank of india 1y", "state bank of india", "1y", "1d"],
    ["SBIN 1d", "SBIN", "1d", "5m"],
    ["SBIN 1y 1w", "SBIN", "1y", "1w"],
    ["SBIN 5y 1mo", "SBIN", "5y", "1mo"],
    ["SBIN 1d 6mo", "SBIN", "6mo", "1d"],
    ["SBIN 1mo 1d", "SBIN", "1mo", "1d"],
    ["SBIN 1mo 5y", "SBIN", "5y", "1mo"],
    ["SBIN 15m", "SBIN", "6mo", "15m"],
    ["SBIN 1 Month", "SBIN", "1mo", "1d"],
    ["tata steel 5 years weekly", "tata steel", "5y", "1w"],
    ["SBIN weekly", "SBIN", "6mo", "1w"],
  ])("reads %s", (text, symbolText, range, interval) => {
    expect(parseChart(text)).toEqual({ symbolText, range, interval });
  });

  it("needs a symbol", () => expect(parseChart("  ")).toBeNull());

  it("reads earlier bars for the averages, and shows no more bars than can be drawn", () => {
    const now = Date.UTC(2026, 10, 23);
    const words = { range: "6mo", interval: "1d" } as const;
    const from = shownFrom(words, [], now);
    expect((now - from) / DAY_MS).toBe(183);
    expect((from - spanOf(words, now).from) / DAY_MS).toBeGreaterThan(50 * 1.4);
    expect((now - shownFrom({ range: "5y", interval: "1d" }, [], now)) / DAY_MS).toBeCloseTo(400 / 0.7);
  });

  it("tells whether a range has more bars than can be drawn", () => {
    for (const typed of ["SBIN 5y", "SBIN 1y", "SBIN 1d", "SBIN 5d", "SBIN 1mo 1h", "SBIN 1d 1m"])
      expect(isCut(parseChart(typed)!), typed).toBe(false);
    for (const typed of ["SBIN 5y 1d", "SBIN 2y 1d", "SBIN 15m", "SBIN 5d 1m", "SBIN 1y 1h"])
      expect(isCut(parseChart(typed)!), typed).toBe(true);
  });

  it.each([
    ["on a Sunday", "2026-11-22", "12:00"],
    ["before Monday's opening", "2026-11-23", "08:00"],
  ])("shows the last session %s, with bars before it for the averages", (_, date, time) => {
    const now = istInstant(date, time);
    const words = { range: "1d", interval: "5m" } as const;
    const sessions = ["2026-11-19", "2026-11-20"].flatMap((day) =>
      ["09:15", "15:25"].map((at) => ({ at: istInstant(day, at) })),
    );
    expect(spanOf(words, now).from).toBeLessThan(istInstant("2026-11-19", "09:15"));
    expect(shownFrom(words, sessions, now)).toBe(istInstant("2026-11-20"));
    expect(shownFrom({ range: "5d", interval: "1m" }, sessions, now)).toBe(istInstant("2026-11-20"));
  });

  it("has a moving average at each bar, and none before there are enough closes", () => {
    const candles = [10, 20, 30, 40].map((rupees) => {
      const at = priceFromRupees(rupees);
      return { at: 0, open: at, high: at, low: at, close: at, volume: 0 };
    });
    expect(movingAverage(candles, 3)).toEqual([null, null, 20, 30]);
  });
});
