import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addDays,
  istClock,
  istDate,
  istDateTime,
  istInstant,
  istTime,
  nextIst,
  parseIst,
  weekday,
} from "../../src/domain/market.ts";

const AT = Date.parse("2026-11-20T05:34:33Z");

describe("Indian time", () => {
  it("is five and a half hours ahead of UTC, which may be the next date", () => {
    expect(istDateTime(AT)).toBe("2026-11-20 11:04:33");
    expect(istTime(AT)).toBe("11:04");
    expect(istDate(Date.parse("2026-11-20T18:30:00Z"))).toBe("2026-11-21");
  });

  it("is read from every format that brokers send", () => {
    expect(parseIst("2026-11-20 11:04:33")).toBe(AT);
    expect(parseIst("2026-11-20T11:04:33.000")).toBe(AT);
    expect(parseIst("20/11/2026 11:04:33")).toBe(AT);
    expect(parseIst("20-Nov-2026 11:04:33")).toBe(AT);
    expect(istClock(parseIst("24NOV2026"))).toBe("00:00:00");
  });

  it("is not read from a text that is no valid date and time", () => {
    for (const text of [
      "",
      "yesterday",
      "2026-13-01 00:00:00",
      "2026-02-30 10:00:00",
      "20-Foo-2026 11:04:33",
      "2026-11-20 25:00:00",
    ]) {
      expect(() => parseIst(text), text).toThrow(RangeError);
    }
  });

  it("is the same after writing and reading it", () => {
    const instant = fc
      .integer({ min: Date.parse("2000-01-01"), max: Date.parse("2100-01-01") })
      .map((at) => at - (at % 1000));
    fc.assert(
      fc.property(instant, (at) => {
        expect(parseIst(istDateTime(at))).toBe(at);
      }),
    );
  });

  it("has a next occurrence for each time of day, always later than now", () => {
    const six = istInstant("2026-11-21", "06:00");
    expect(nextIst("06:00", AT)).toBe(six);
    expect(nextIst("06:00", six)).toBe(six + 86_400_000);
    expect(nextIst("06:00", six - 1)).toBe(six);
  });
});

it("days are added across the ends of months and years", () => {
  expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
  expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
  expect(weekday("2026-11-23")).toBe(1);
});
