import { describe, expect, it } from "vitest";
import { joinCandles, joinDays } from "../../src/domain/candles.ts";
import { istDate, istInstant } from "../../src/domain/market.ts";
import { price } from "../../src/domain/money.ts";
import type { Candle } from "../../src/domain/portfolio.ts";

const day = (date: string, [open, high, low, close]: readonly [number, number, number, number]): Candle => ({
  at: istInstant(date),
  open: price(open),
  high: price(high),
  low: price(low),
  close: price(close),
  volume: 10,
});
const datesOf = (bars: readonly Candle[]): string[] => bars.map(({ at }) => istDate(at));

describe("weekly and monthly bars made of daily bars", () => {
  // A Friday, the Monday and Tuesday after it, and the 1st of the month after.
  const days = [
    day("2026-11-20", [100, 110, 90, 105]),
    day("2026-11-23", [105, 130, 104, 120]),
    day("2026-11-24", [120, 125, 80, 85]),
    day("2026-12-01", [85, 95, 84, 90]),
  ];

  it("begin on the Monday of their week, with its first open, highest high, lowest low, last close and total volume", () => {
    const weeks = joinDays(days, "1w");
    expect(datesOf(weeks)).toEqual(["2026-11-16", "2026-11-23", "2026-11-30"]);
    expect(weeks[1]).toEqual({ ...day("2026-11-23", [105, 130, 80, 85]), volume: 20 });
  });

  it("begin on the 1st of their month", () => {
    const months = joinDays(days, "1mo");
    expect(datesOf(months)).toEqual(["2026-11-01", "2026-12-01"]);
    expect(months[0]).toEqual({ ...day("2026-11-01", [100, 130, 80, 85]), volume: 30 });
  });

  it("are an empty list when there are no daily bars", () => {
    expect(joinDays([], "1w")).toEqual([]);
  });

  it("do not change the daily bars", () => {
    const before = structuredClone(days);
    joinCandles(days, () => 0);
    expect(days).toEqual(before);
  });
});
