import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finishCandles, candleAt, daySpansOf, readCalls, spansOf } from "../../connectors/candles.ts";
import { addDays, istDate, istInstant } from "../../src/domain/market.ts";
import type { Candle } from "../../src/domain/portfolio.ts";

const FIRST = istInstant("2026-01-01");
const seconds = fc.integer({ min: 0, max: 400 * 86_400 });
const from = seconds.map((after) => FIRST + after * 1_000);

describe("the spans that a long range is split into", () => {
  it("cover the range from end to end, one step apart, none longer than allowed", () => {
    fc.assert(
      fc.property(from, seconds, fc.integer({ min: 1, max: 90 }), (start, length, days) => {
        const range = { from: start, to: start + length * 1_000 };
        const longest = days * 86_400_000;
        const spans = spansOf(range, longest, 1_000);
        expect(spans[0]?.from).toBe(range.from);
        expect(spans.at(-1)?.to).toBe(range.to);
        for (const [at, span] of spans.entries()) {
          expect(span.to - span.from).toBeLessThan(longest);
          if (at > 0) expect(span.from).toBe((spans[at - 1]?.to ?? 0) + 1_000);
        }
      }),
    );
  });

  it("contain each day of the range once, when they are counted in days, and no more days than allowed", () => {
    fc.assert(
      fc.property(from, seconds, fc.integer({ min: 1, max: 400 }), (start, length, maxDays) => {
        const range = { from: start, to: start + length * 1_000 };
        const days = daySpansOf(range, maxDays).flatMap(({ first, last }) => {
          const dates = [first];
          while ((dates.at(-1) ?? last) < last) dates.push(addDays(dates.at(-1) ?? last, 1));
          expect(dates.length).toBeLessThanOrEqual(maxDays);
          return dates;
        });
        expect(days[0]).toBe(istDate(range.from));
        expect(days.at(-1)).toBe(istDate(range.to));
        expect(new Set(days).size).toBe(days.length);
        expect(days.length).toBe(
          1 + Math.round((istInstant(istDate(range.to)) - istInstant(days[0] ?? "")) / 86_400_000),
        );
      }),
    );
  });

  it("are empty when the range ends before it begins", () => {
    const range = { from: FIRST, to: FIRST - 86_400_000 };
    expect(spansOf(range, 86_400_000, 1_000)).toEqual([]);
    expect(daySpansOf(range, 30)).toEqual([]);
  });
});

describe("candles collected from several calls", () => {
  const day = (date: string, close: number) => candleAt(istInstant(date), 100, 110, 90, close, 5);

  it("are all there, in the order of the calls, however many one reply has", async () => {
    const [first, last] = [day("2026-11-23", 1), day("2026-11-24", 2)];
    const many = Array.from<Candle>({ length: 1_000_000 }).fill(first);
    const read = await readCalls([many, [last]], async (call) => call);
    expect(read).toHaveLength(1_000_001);
    expect(read.at(-1)).toBe(last);
  });

  it("are sorted oldest first, without duplicates, within both ends of the range", () => {
    const bars = [day("2026-11-24", 3), day("2026-11-23", 2), day("2026-11-24", 3), day("2026-11-20", 1)];
    const range = { from: istInstant("2026-11-23"), to: istInstant("2026-11-24") };
    expect(finishCandles(bars, "1d", range)).toEqual([day("2026-11-23", 2), day("2026-11-24", 3)]);
  });

  it("are joined into weeks when weeks were asked for", () => {
    const bars = [day("2026-11-24", 101), day("2026-11-23", 102)];
    const range = { from: istInstant("2026-11-23"), to: istInstant("2026-11-29") };
    expect(finishCandles(bars, "1w", range)).toEqual([{ ...day("2026-11-23", 101), volume: 10 }]);
  });

  it("do not fail because of one with an impossible time", () => {
    const bars = [day("2026-11-23", 102), candleAt(9e15, 100, 110, 90, 101, 5)];
    const range = { from: istInstant("2026-11-23"), to: istInstant("2026-11-29") };
    expect(finishCandles(bars, "1w", range)).toEqual([day("2026-11-23", 102)]);
  });
});
