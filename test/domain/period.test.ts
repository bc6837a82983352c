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
  });

  it("begins on the date after `since`, and is today for an empty text", () => {
    expect(from("since 2026-04-15")).toBe("2026-04-15");
    expect([from(""), from("Today")]).toEqual(["today", "today"]);
  });

  it("is a calendar month, the current one up to today", () => {
    const month = (before: string, first: string) => ({ kind: "from", name: "named-month", from: first, before });
    expect(parsePeriod("2026-02", "2026-11-25")).toEqual(month("2026-03-01", "2026-02-01"));
    expect(parsePeriod("2025-12", "2026-11-25")).toEqual(month("2026-01-01", "2025-12-01"));
    expect(parsePeriod("2026-11", "2026-11-25")).toEqual(month("2026-12-01", "2026-11-01"));
    expect(parsePeriod("Last month", "2026-01-31")).toEqual(month("2026-01-01", "2025-12-01"));
    expect([from("2026-12"), from("2026-13"), from("last year"), from("last month 2")]).toEqual([
      "bad-date",
      null,
      null,
      null,
    ]);
  });

  it("refuses dates that do not exist or are yet to come, and words it does not know", () => {
    expect(["since 2026-02-30", "since tomorrow", "since", "since 2026-11-26"].map((words) => from(words))).toEqual(
      Array(4).fill("bad-date"),
    );
    expect([from("decade"), from("week 3"), from("since 2026-04-01 please")]).toEqual([null, null, null]);
  });
});
