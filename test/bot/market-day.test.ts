import { describe, expect, it } from "vitest";
import { marketText } from "../../src/bot/render/market-day.ts";
import { istInstant } from "../../src/domain/market.ts";
import { loadCalendar } from "../../src/services/calendar.ts";

const calendar = loadCalendar(null);
const on = (date: string, time = "10:00"): string =>
  marketText(calendar, istInstant(date, time))
    .toString()
    .replaceAll(/<[^>]+>/g, "");

describe("/market", () => {
  it("tells a special session by its name, and that hours come by circular while they are not known", () => {
    expect(on("2026-02-01")).toMatch(/Special session: Union Budget\.\n[^]*: open, until 15:30\n/);
    expect(on("2026-11-08")).toMatch(
      /Special session: Muhurat\.\n[^]*F&amp;O \(Nifty 50\): times are announced by circular/,
    );
  });

  it("says before the opening, and between two sessions, what comes next, and after the last one only that it is closed", () => {
    expect(on("2026-11-25", "08:50")).toMatch(/Other shares: closed now, pre-open from 09:00\n/);
    expect(on("2026-11-25", "08:50")).toMatch(/Futures and options: closed now, \S+ from 09:\d\d\n/);
    expect(on("2026-11-25", "15:36")).toMatch(/Other shares: closed now, post-close from 15:50\n/);
    expect(on("2026-11-25", "16:30")).toMatch(/Other shares: closed now\n/);
  });

  it("names the holiday, and shows no sessions on a closed day", () => {
    expect(on("2026-11-24")).toBe(
      "Market, 24 Nov 2026\nClosed: Guru Nanak Jayanti.\nNext trading day: 25 Nov 2026\nNext holiday: 25 Dec 2026, Christmas",
    );
    expect(on("2026-11-22")).toContain("Closed: weekend.");
  });

  it("says aloud what it does not know: the next year, and all of a year without a list", () => {
    expect(on("2026-12-31")).toMatch(
      /What comes after 31 Dec 2026 is not known[^]*\nNo holiday is known after this one/,
    );
    expect(on("2027-01-04")).toContain("The calendar is not known for that date: the list of 2027 is missing.");
  });
});
