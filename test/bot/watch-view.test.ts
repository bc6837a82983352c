import { describe, expect, it } from "vitest";
import { watchEditView, watchView } from "../../src/bot/render/watch.ts";
import { PAGE_WIDTH } from "../../src/bot/render/page.ts";
import { tradingSymbol } from "../../src/domain/ids.ts";
import { instrumentKey, type Instrument } from "../../src/domain/instrument.ts";
import { istInstant } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import type { Quote } from "../../src/domain/portfolio.ts";
import { SBIN } from "../services/stub-broker.ts";

const now = istInstant("2026-11-23", "10:42");
const named = (name: string, at: number): Instrument => ({
  ...SBIN,
  key: instrumentKey("NFO", at + 1),
  symbol: tradingSymbol(name),
});
const instruments = ["NSE:BANKNIFTY26NOV58000CE", "NSE:BANKNIFTY26NOV58000PE", "NSE:SBIN-EQ"].map(named);
const quote = { ltp: priceFromRupees("12345.5"), prevClose: priceFromRupees(10_000), source: "broker", at: now };
const quotes = new Map(instruments.map(({ key }) => [key, quote as unknown as Quote]));

describe("the watchlist", () => {
  it("shows every contract's full name, in lines that fit a phone", () => {
    const { html } = watchView({ instruments, quotes, broker: "Zerodha", now, page: 0 });
    const table = /<pre>([^]*)<\/pre>/.exec(html.toString())?.[1]?.split("\n") ?? [];
    expect(table).toEqual([
      "Watchlist             Last     Day",
      "BANKNIFTY26NOV58000CE",
      "                 12,345.50 +23.46%",
      "BANKNIFTY26NOV58000PE",
      "                 12,345.50 +23.46%",
      "SBIN             12,345.50 +23.46%",
    ]);
    expect(Math.max(...table.map((line) => line.length))).toBe(PAGE_WIDTH);
  });

  it("has one remove button to a row, so that names are not cut", () => {
    const { keyboard } = watchEditView(instruments, 0);
    expect(keyboard?.inline_keyboard.map((row) => row.map(({ text }) => text))).toEqual([
      ["✕ BANKNIFTY26NOV58000CE"],
      ["✕ BANKNIFTY26NOV58000PE"],
      ["✕ SBIN"],
      ["Done"],
    ]);
  });
});
