import { describe, expect, it } from "vitest";
import { candlePicture, type TradeMark } from "../../src/bot/pictures/candles.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { istInstant } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import { SBIN } from "../services/stub-broker.ts";

const DAYS = ["2026-11-19", "2026-11-20", "2026-11-23"];

describe("the picture of a chart", () => {
  it("counts the trades it marks: not one from before a split, nor one from before the first bar", () => {
    const rupees = (amount: number) => priceFromRupees(amount);
    const candles = DAYS.map((date) => ({
      at: istInstant(date),
      open: rupees(98),
      high: rupees(104),
      low: rupees(96),
      close: rupees(102),
      volume: 1,
    }));
    const bought = (date: string, amount: number): TradeMark => ({
      at: istInstant(date, "11:00"),
      side: "BUY",
      price: rupees(amount),
    });
    const shown = { instrument: SBIN, interval: "1d", candles, avgPrice: null, source: "Paper" } as const;
    const picture = (trades: readonly TradeMark[]) =>
      candlePicture({ ...shown, from: istInstant("2026-11-18", "12:00"), trades });
    // The second trade was before a split of one share into ten: its price is ten times that of its adjusted candle.
    const drawn = picture([bought("2026-11-18", 100), bought("2026-11-20", 1_000), bought("2026-11-23", 100)]);
    expect(drawn?.marked).toBe(1);
    expect(drawn?.svg.match(/<polygon/g)).toHaveLength(1);
  });

  it("has its title in full where a contract's name is long: a cut change would be another change", () => {
    const [open, close] = [priceFromRupees("57234.50"), priceFromRupees("50194.60")];
    const candles = [{ at: istInstant("2026-11-23"), open, high: open, low: close, close, volume: 1 }];
    const instrument = { ...SBIN, symbol: "NSE:BANKNIFTY26DEC50000CE" as Instrument["symbol"] };
    const shown = { interval: "1d", candles, from: 0, avgPrice: null, trades: [], source: "Paper" } as const;
    const drawn = candlePicture({ ...shown, instrument });
    expect(drawn?.svg).toContain(">BANKNIFTY26DEC50000CE  50,194.60  –12.30%<");
  });
});
