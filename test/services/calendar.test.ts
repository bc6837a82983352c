import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { closingTime, dayStatus, isTradingDay } from "../../src/domain/calendar.ts";
import { createLog } from "../../src/lib/log.ts";
import { createCalendar } from "../../src/services/calendar.ts";

describe("the calendar override", () => {
  let dir: string;
  let now = 0;
  const log = createLog({ level: "silent" });
  const clock = { now: () => now, sleep: async () => undefined };
  const open = () => createCalendar({ dataDir: dir, clock, log });
  const write = (content: unknown, mtime: number): void => {
    const file = join(dir, "calendar.json");
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    utimesSync(file, mtime, mtime);
  };

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "calendar-"));
    now = Date.parse("2026-11-23T04:00:00Z");
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it("closes and opens single days and adds whole years", () => {
    write(
      {
        days: { "2026-12-07": { kind: "holiday", name: "By-election" }, "2026-12-25": { kind: "normal" } },
        years: [{ year: 2027, source: "circular", days: { "2027-01-26": { kind: "holiday", name: "Republic Day" } } }],
      },
      1,
    );
    const calendar = open().current();
    expect(isTradingDay("2026-12-07", calendar)).toBe(false);
    expect(isTradingDay("2026-12-25", calendar)).toBe(true);
    expect(dayStatus("2027-01-26", calendar)).toEqual({ kind: "holiday", name: "Republic Day" });
    expect(isTradingDay("2027-01-27", calendar)).toBe(true);
  });

  it("replaces a whole year that is shipped", () => {
    write({ years: [{ year: 2026, source: "circular", days: {} }] }, 7);
    expect(isTradingDay("2026-11-24", open().current())).toBe(true);
  });

  it("changes session times from a date on, wherever that date stands in the list", () => {
    const later = (from: string, end: string) => {
      const phases = [{ phase: "continuous", start: "09:15", end }];
      return {
        from,
        source: "circular",
        groups: { "cash-with-derivatives": phases, cash: phases, derivatives: phases },
      };
    };
    write({ sessions: [later("2026-12-14", "17:00"), later("2026-12-07", "16:30")] }, 8);
    const calendar = open().current();
    const closes = ["2026-12-04", "2026-12-07", "2026-12-14"].map((date) => closingTime(date, calendar));
    expect(closes).toEqual(["15:40", "16:30", "17:00"]);
  });

  it("is read again while the process runs", () => {
    const source = open();
    expect(isTradingDay("2026-12-07", source.current())).toBe(true);
    write({ days: { "2026-12-07": { kind: "holiday", name: "By-election" } } }, 2);
    now += 60_000;
    expect(isTradingDay("2026-12-07", source.current())).toBe(false);
    write({}, 9);
    // The machine's clock was set back.
    now -= 3_600_000;
    expect(isTradingDay("2026-12-07", source.current())).toBe(true);
  });

  it("prevents the start when it is invalid, and is ignored when it becomes invalid later", () => {
    write({ days: { "2026-12-07": { kind: "holiday", name: "By-election" } } }, 3);
    const source = open();
    write("{ not json", 4);
    now += 60_000;
    expect(isTradingDay("2026-12-07", source.current())).toBe(false);
    expect(open).toThrow(/calendar\.json/);
  });

  it("has the invalid entry named in the error", () => {
    write({ days: { "2026-13-07": { kind: "holiday", name: "x" } } }, 5);
    expect(open).toThrow(/2026-13-07/);
    write({ days: { "2026-12-07": { kind: "special", name: "x", hours: { start: "19:00", end: "18:00" } } } }, 6);
    expect(open).toThrow(/ends before it starts|hours/);
  });
});
