import { describe, expect, it } from "vitest";
import { parsePeriod } from "../../src/domain/period.ts";

const from = (words: string, today = "2026-11-25"): unknown => {
  const period = parsePeriod(words, today);
  return period?.kind === "from" ? period.from : (period?.kind ?? null);
};

describe("the period of /pnl", () => {
  it("begins the week on the weekend before its Monday, the month on the first, the year on 1 April", () => {
    expect(["week", "month", "year"].map((words) => from(words))).toEqual(["2026-11-21", "2026-11-01", "2026-04-01"]);
    expect(from("week", "2026-11-22")).toBe("2026-11-14");
    expect(from("year", "2026-03-31")).toBe("2025-04-01");
    expect(from("year", "2026-04-01")).toBe("2026-04-01");
  });

  it("begins on the date after `since`, and is today for an empty text", () => {
    expect([from("since 2026-04-15"), from("since 2026-11-25")]).toEqual(["2026-04-15", "2026-11-25"]);
    expect([from(""), from("Today")]).toEqual(["today", "today"]);
  });

  it("is a calendar month, the current one up to today", () => {
    const month = (before: string, first: string) => ({ kind: "from", name: "named-month", from: first, before });
    expect(parsePeriod("2026-02", "2026-11-25")).toEqual(month("2026-03-01", "2026-02-01"));
    expect(parsePeriod("2025-12", "2026-11-25")).toEqual(month("2026-01-01", "2025-12-01"));
    expect(parsePeriod("2026-11", "2026-11-25")).toEqual(month("2026-12-01", "2026-11-01"));
    expect(parsePeriod("2026-11", "2026-11-01")).toEqual(month("2026-12-01", "2026-11-01"));
    expect(parsePeriod("Last month", "2026-01-31")).toEqual(month("2026-01-01", "2025-12-01"));
    expect(["2026-12", "2026-13", "last month 2"].map((words) => from(words))).toEqual(["bad-date", null, null]);
  });

  it("is a single day, or the whole week or financial year before the current one", () => {
    const span = (words: string, today: string): unknown => {
      const period = parsePeriod(words, today);
      return period?.kind === "from" ? [period.name, period.from, period.before] : period?.kind;
    };
    expect(span("2026-10-31", "2026-11-25")).toEqual(["named-day", "2026-10-31", "2026-11-01"]);
    expect(span("Yesterday", "2026-03-01")).toEqual(["named-day", "2026-02-28", "2026-03-01"]);
    expect(span("2026-11-25", "2026-11-25")).toBe("today");
    expect(span("last week", "2026-11-25")).toEqual(["last-week", "2026-11-14", "2026-11-21"]);
    expect(span("last year", "2026-11-25")).toEqual(["last-year", "2025-04-01", "2026-04-01"]);
    expect(span("last year", "2026-03-31")).toEqual(["last-year", "2024-04-01", "2025-04-01"]);
    expect([from("last"), from("last decade"), from("yesterday 2")]).toEqual([null, null, null]);
  });

  it("refuses dates that do not exist or are yet to come, and words it does not know", () => {
    const bad = ["since 2026-02-30", "since tomorrow", "since", "since 2026-11-26", "2026-02-30", "2026-11-26"];
    expect(bad.map((words) => from(words))).toEqual(bad.map(() => "bad-date"));
    expect([from("decade"), from("week 3"), from("since 2026-04-01 please")]).toEqual([null, null, null]);
  });
});
