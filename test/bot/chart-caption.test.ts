import { describe, expect, it } from "vitest";
import { chartCaption } from "../../src/bot/render/chart.ts";
import { INDICES, indexKey, indexSymbol, type Instrument } from "../../src/domain/instrument.ts";
import { istInstant } from "../../src/domain/market.ts";
import { priceFromRupees, type Price } from "../../src/domain/money.ts";
import type { Interval } from "../../src/domain/portfolio.ts";
import { loadCalendar } from "../../src/services/calendar.ts";
import { shareNamed } from "../../src/services/strategies/nifty-shop/backtest-data.ts";

const calendar = loadCalendar(null);
const SBIN = shareNamed("SBIN");
const NIFTY: Instrument = {
  kind: "index",
  segment: "INDEX",
  key: indexKey(INDICES[0].name),
  symbol: indexSymbol("NSE", INDICES[0].name),
  name: INDICES[0].title,
  lotSize: 1,
  tickSize: priceFromRupees(0),
};

interface Drawn {
  readonly interval: Interval;
  /** The start of the newest bar, and the time of the caption: "YYYY-MM-DD HH:MM", or a date for midnight. */
  readonly bar: string;
  readonly now: string;
  readonly isLate?: boolean;
  /** Minutes before `now` at which the source was read. */
  readonly readBefore?: number;
  readonly instrument?: Instrument;
  readonly avgPrice?: Price;
  readonly unread?: readonly string[];
  readonly isPaper?: readonly boolean[];
  readonly isCut?: boolean;
}

function captionOf(drawn: Drawn): string {
  const { interval, bar, now: seen, isLate = false, readBefore = 0, instrument = SBIN } = drawn;
  const { avgPrice = null, unread = [], isPaper = [] } = drawn;
  const instant = (text: string): number => istInstant(text.slice(0, 10), text.slice(11) || "00:00");
  const [at, now] = [instant(bar), instant(seen)];
  const one = priceFromRupees(100);
  const candles = [{ at, open: one, high: one, low: one, close: one, volume: 1 }];
  const source = isLate ? "Yahoo, about 15 min late" : "Zerodha";
  const none = { from: 0, avgPrice, isPaper, unread, marked: 0, isCut: drawn.isCut ?? false };
  const readAt = now - readBefore * 60_000;
  return chartCaption({ ...none, instrument, interval, candles, source, isLate, readAt, calendar, now }).toString();
}

describe("the time of the newest price in a chart's caption", () => {
  it.each<[string, Drawn, string]>([
    ["today's running bar", { interval: "1d", bar: "2026-11-27", now: "2026-11-27 10:42" }, "as of 10:42 IST"],
    [
      "today's bar, cached for three minutes",
      { interval: "1d", bar: "2026-11-27", now: "2026-11-27 10:42", readBefore: 3 },
      "as of 10:39 IST, 3 min old",
    ],
    [
      "today's bar from Yahoo",
      { interval: "1d", bar: "2026-11-27", now: "2026-11-27 10:42", isLate: true },
      "as of 10:27 IST, 15 min old",
    ],
    [
      "today's bar after the close",
      { interval: "1d", bar: "2026-11-27", now: "2026-11-27 15:36" },
      "closed 27 Nov 2026",
    ],
    [
      "Yahoo's bar before its data include the close",
      { interval: "1d", bar: "2026-11-27", now: "2026-11-27 15:45", isLate: true },
      "as of 15:30 IST, 15 min old",
    ],
    ["Friday's bar on a Sunday", { interval: "1d", bar: "2026-11-27", now: "2026-11-29 12:00" }, "closed 27 Nov 2026"],
    [
      "yesterday's bar while today's is missing",
      { interval: "1d", bar: "2026-11-26", now: "2026-11-27 11:00" },
      "closed 26 Nov 2026",
    ],
    ["a running intraday bar", { interval: "5m", bar: "2026-11-27 10:40", now: "2026-11-27 10:42" }, "as of 10:42 IST"],
    [
      "a finished intraday bar",
      { interval: "5m", bar: "2026-11-27 10:25", now: "2026-11-27 10:42", isLate: true },
      "as of 10:27 IST, 15 min old",
    ],
    [
      "a share that has not traded for hours",
      { interval: "15m", bar: "2026-11-27 10:00", now: "2026-11-27 14:30" },
      "as of 10:15 IST, 4 h old",
    ],
    ["the day's last bar", { interval: "1h", bar: "2026-11-27 15:15", now: "2026-11-27 18:00" }, "closed 27 Nov 2026"],
    [
      "an index's last bar, which ends before the closing auction of shares",
      { interval: "5m", bar: "2026-11-27 15:25", now: "2026-11-28 09:00", instrument: NIFTY },
      "closed 27 Nov 2026",
    ],
    [
      "bars of an earlier day that end before its close",
      { interval: "5m", bar: "2026-11-26 14:00", now: "2026-11-27 11:00" },
      "as of 26 Nov 2026 14:05 IST",
    ],
    [
      "a session whose hours are not in the calendar",
      { interval: "5m", bar: "2026-11-08 18:30", now: "2026-11-09 08:00" },
      "as of 8 Nov 2026 18:35 IST",
    ],
    [
      "this week",
      { interval: "1w", bar: "2026-11-23", now: "2026-11-26 11:00" },
      "week from 23 Nov 2026, still running",
    ],
    ["a week that is over", { interval: "1w", bar: "2026-11-16", now: "2026-11-26 11:00" }, "week from 16 Nov 2026"],
    [
      "this month",
      { interval: "1mo", bar: "2026-11-01", now: "2026-11-30 11:00" },
      "month from 1 Nov 2026, still running",
    ],
    ["a month that is over", { interval: "1mo", bar: "2026-11-01", now: "2026-12-01 08:00" }, "month from 1 Nov 2026"],
  ])("of %s", (_, drawn, words) => {
    expect(captionOf(drawn).split("\n").at(-1)).toBe(
      `<i>${drawn.isLate ? "Yahoo, about 15 min late" : "Zerodha"} · ${words}</i>`,
    );
  });
});

describe("the caption of a chart that shows less than was asked for", () => {
  it("says from when it is and why", () => {
    const drawn = { interval: "1d", bar: "2025-05-02", now: "2026-11-27 10:42" } as const;
    const note = "From 2 May 2025: more 1d bars do not fit.";
    expect(captionOf({ ...drawn, isCut: true })).toContain(note);
    expect(captionOf(drawn)).not.toContain(note);
  });
});

describe("the user's average price in a chart's caption", () => {
  const today = { interval: "1d", bar: "2026-11-27", now: "2026-11-27 10:42", unread: ["zerodha"] } as const;

  it("names the accounts that could not be read for it", () => {
    expect(captionOf({ ...today, avgPrice: priceFromRupees(80) })).toMatch(
      /My average ₹80\.00, \+25\.00%\n<i>Left out, not read: zerodha\.<\/i>/,
    );
    expect(captionOf(today)).toContain("<i>My average is not known, not read: zerodha.</i>");
    expect(captionOf({ ...today, instrument: NIFTY })).not.toContain("zerodha");
  });

  it("marks it where some or all of its shares are paper", () => {
    const own = { ...today, avgPrice: priceFromRupees(80), unread: [] };
    expect(captionOf({ ...own, isPaper: [false] })).toContain("My average ₹80.00, +25.00%\n");
    expect(captionOf({ ...own, isPaper: [true] })).toContain("My average ₹80.00, +25.00% · 📄 Paper\n");
    expect(captionOf({ ...own, isPaper: [true, false] })).toContain("My average ₹80.00, +25.00% · incl. 📄 Paper\n");
  });
});
