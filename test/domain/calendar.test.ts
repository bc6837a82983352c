import { describe, expect, it } from "vitest";
import {
  CalendarUnknown,
  closingTime,
  dayStatus,
  endsMonth,
  endsWeek,
  hasOpened,
  pastSession,
  isTradingDay,
  nextHoliday,
  nextTradingDay,
  sessionAt,
  type NamedDay,
  type TradingCalendar,
} from "../../src/domain/calendar.ts";
import type { Segment } from "../../src/domain/instrument.ts";
import { istInstant } from "../../src/domain/market.ts";
import { loadCalendar } from "../../src/services/calendar.ts";

const shipped = loadCalendar(null);
const withDay = (date: string, day: NamedDay): TradingCalendar => ({
  ...shipped,
  days: new Map([...shipped.days, [date, day]]),
});
const at = (time: string, date = "2026-11-23"): number => istInstant(date, time);
const phaseAt = (segment: Segment, instant: number, calendar = shipped, hasDerivatives = true): string => {
  const session = sessionAt(segment, instant, calendar, { hasDerivatives });
  return session.kind === "phase" ? session.phase : session.kind;
};
const phase = (segment: Segment, time: string, hasDerivatives = true): string =>
  phaseAt(segment, at(time), shipped, hasDerivatives);

describe("the trading calendar", () => {
  it("knows weekdays, weekends, holidays and special sessions of 2026", () => {
    expect(dayStatus("2026-11-23", shipped)).toEqual({ kind: "trading", special: null });
    expect(dayStatus("2026-11-24", shipped)).toEqual({ kind: "holiday", name: "Guru Nanak Jayanti" });
    expect(dayStatus("2026-11-22", shipped)).toEqual({ kind: "weekend" });
    expect(dayStatus("2026-02-01", shipped)).toEqual({ kind: "trading", special: "Union Budget" });
    expect(isTradingDay("2026-11-08", shipped)).toBe(true);
  });

  it("lists sixteen holidays, all on weekdays", () => {
    const holidays = [...shipped.days].filter(([, day]) => day.kind === "holiday").map(([date]) => date);
    expect(holidays).toHaveLength(16);
    expect(holidays.filter((date) => isTradingDay(date, shipped))).toEqual([]);
  });

  it("says that a year without a holiday list is unknown instead of guessing", () => {
    expect(dayStatus("2027-01-04", shipped)).toEqual({ kind: "unknown" });
    expect(() => isTradingDay("2027-01-04", shipped)).toThrow(CalendarUnknown);
    expect(() => nextTradingDay("2026-12-31", shipped)).toThrow("calendar not known for 2027-01-01");
    expect(sessionAt("NSE", at("10:00", "2027-01-04"), shipped)).toEqual({ kind: "unknown", what: "year" });
  });

  it("steps over holidays and weekends", () => {
    expect(nextTradingDay("2026-11-23", shipped)).toBe("2026-11-25");
    expect(nextTradingDay("2026-01-30", shipped)).toBe("2026-02-01");
  });

  it("names the next holiday on a weekday, in whatever order the lists came, or none", () => {
    expect(nextHoliday("2026-11-24", shipped)).toEqual({ date: "2026-12-25", name: "Christmas" });
    expect(nextHoliday("2026-12-25", shipped)).toBeNull();
    const nextWith = (date: string) =>
      nextHoliday("2026-11-24", withDay(date, { kind: "holiday", name: "Poll" }))?.date;
    expect(["2026-12-07", "2026-12-05"].map(nextWith)).toEqual(["2026-12-07", "2026-12-25"]);
  });

  it("ends the week on Friday, or before it when Friday is a holiday, never on a special Sunday", () => {
    expect(endsWeek("2026-11-27", shipped)).toBe(true);
    expect(endsWeek("2026-11-26", shipped)).toBe(false);
    expect(endsWeek("2026-12-24", shipped)).toBe(true);
    expect(endsWeek("2026-02-01", shipped)).toBe(false);
  });

  it("ends the month on its last trading day", () => {
    expect(endsMonth("2026-11-30", shipped)).toBe(true);
    expect(endsMonth("2026-12-30", shipped)).toBe(false);
    expect(endsMonth("2026-12-31", shipped)).toBe(true);
    expect(endsMonth("2026-01-30", shipped)).toBe(true);
    expect(endsMonth("2026-03-30", shipped)).toBe(true);
  });
});

describe("the calendar of sessions", () => {
  it("takes a stock with derivatives through the closing auction", () => {
    const times = ["08:59", "09:00", "09:08", "09:15", "15:14", "15:15", "15:20", "15:25", "15:30", "15:35", "15:50"];
    expect(times.map((time) => phase("NSE", time))).toEqual([
      "closed",
      "pre-open",
      "pre-open-matching",
      "continuous",
      "continuous",
      "auction-reference",
      "auction",
      "auction-limit-only",
      "auction-matching",
      "closed",
      "post-close",
    ]);
  });

  it("keeps stocks without derivatives trading to 15:30 and derivatives to 15:40", () => {
    expect(phase("BSE", "15:29", false)).toBe("continuous");
    expect(phase("BSE", "15:30", false)).toBe("closed");
    expect(phase("NFO", "15:39")).toBe("continuous");
    expect(phase("BFO", "15:40")).toBe("closed");
    expect(phase("NFO", "09:14")).toBe("closed");
  });

  it("has no auction before 3 August 2026", () => {
    expect(phaseAt("NSE", at("15:29", "2026-07-31"))).toBe("continuous");
    expect(phaseAt("NFO", at("15:31", "2026-07-31"))).toBe("closed");
    expect(closingTime("2026-07-31", shipped)).toBe("15:30");
    expect(closingTime("2026-08-03", shipped)).toBe("15:40");
    expect(closingTime("2026-08-03", shipped, "NSE")).toBe("15:35");
    expect(closingTime("2026-08-03", shipped, "INDEX")).toBe("15:30");
    expect(closingTime("2026-08-03", shipped, "MCX")).toBeNull();
  });

  it("does not know the hours of commodities and currencies", () => {
    expect(sessionAt("MCX", at("10:00"), shipped)).toEqual({ kind: "unknown", what: "segment" });
    expect(phase("CDS", "10:00")).toBe("unknown");
  });

  it("does not know the hours of a special session until they are added from the exchange's circular", () => {
    const evening = at("18:30", "2026-11-08");
    expect(sessionAt("NSE", evening, shipped)).toEqual({ kind: "hours-unknown", name: "Muhurat" });
    expect(closingTime("2026-11-08", shipped)).toBeNull();
    const hours = { start: "18:00", end: "19:00" };
    const known = withDay("2026-11-08", { kind: "special", name: "Muhurat", hours });
    expect(phaseAt("NSE", evening, known)).toBe("continuous");
    expect(phaseAt("NFO", at("19:00", "2026-11-08"), known)).toBe("closed");
    expect(closingTime("2026-11-08", known)).toBe("19:00");
  });

  it("begins a day with the pre-open, never on a closed day, and at once when a special session's hours are unknown", () => {
    expect(["08:59", "09:00", "18:00"].map((time) => hasOpened(at(time), shipped))).toEqual([false, true, true]);
    expect(["2026-11-22", "2026-11-24"].map((date) => hasOpened(at("12:00", date), shipped))).toEqual([false, false]);
    expect(hasOpened(at("08:00", "2026-11-08"), shipped)).toBe(true);
    expect(["08:59", "09:00"].map((time) => hasOpened(at(time, "2031-01-06"), shipped))).toEqual([false, true]);
  });

  it("has a past session only until one begins: before the pre-open, and all of a closed day", () => {
    const past = (date: string, time: string): string | null => pastSession(at(time, date), shipped);
    expect(["00:00", "08:59", "09:00", "23:59"].map((time) => past("2026-11-23", time))).toEqual([
      "2026-11-20",
      "2026-11-20",
      null,
      null,
    ]);
    expect([past("2026-11-22", "12:00"), past("2026-11-24", "12:00")]).toEqual(["2026-11-20", "2026-11-23"]);
  });

  it("is closed all day on holidays and open on the Budget Sunday", () => {
    expect(sessionAt("NSE", at("10:00", "2026-11-24"), shipped)).toEqual({
      kind: "closed",
      status: { kind: "holiday", name: "Guru Nanak Jayanti" },
    });
    expect(phaseAt("NSE", at("10:00", "2026-02-01"))).toBe("continuous");
  });
});
