import { describe, expect, it } from "vitest";
import { backtestText } from "../../../src/bot/render/backtest.ts";
import { chargesOf } from "../../../src/domain/charges.ts";
import { brokerName } from "../../../src/domain/ids.ts";
import { istDate, istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, valueOf } from "../../../src/domain/money.ts";
import { BrokerError, type BrokerErrorKind } from "../../../src/errors.ts";
import type { Candles } from "../../../src/services/quotes/candles.ts";
import { readSeries, shareNamed } from "../../../src/services/strategies/nifty-shop/backtest-data.ts";
import { createBacktests } from "../../../src/services/strategies/nifty-shop/backtests.ts";
import { loadNifty50 } from "../../../src/services/strategies/nifty-shop/constituents.ts";
import { DEFAULT_SHOP_SETTINGS } from "../../../src/services/strategies/nifty-shop/settings.ts";
import { walk, weekdays } from "./prices.ts";

const DAYS = weekdays("2023-11-01", 200);
const RANGE = { from: "2024-01-01", to: "2024-06-30" };

/** A source with prices for all shares but UPL, for which it throws an error of this kind. */
const backtestsWhere = (kind: BrokerErrorKind, asked: string[] = [], now = istInstant("2026-11-23")) =>
  createBacktests({
    candles: {
      async forLink(link, { instrument }) {
        asked.push(`${link === null ? "yahoo" : "link"} ${instrument.symbol}`);
        if (instrument.symbol === "NSE:UPL-EQ")
          throw new BrokerError(kind, "no", { broker: brokerName("yahoo"), endpoint: "test" });
        return { candles: walk(DAYS, instrument.symbol.length), source: "yfinance", readAt: 0 };
      },
    } satisfies Candles,
    instruments: { resolve: async () => ({ kind: "none", suggestions: [] }) },
    constituents: loadNifty50(),
    clock: { now: () => now, sleep: async () => undefined },
  });

describe("a user's backtest", () => {
  it("leaves out a share without prices, and names it", async () => {
    const result = await backtestsWhere("rejected").run(null, DEFAULT_SHOP_SETTINGS, RANGE);
    expect(result.withoutPrices).toEqual(["UPL"]);
    expect(result.trades.length).toBeGreaterThan(0);
  });

  it("includes the DP charge of each sale", async () => {
    const { trades } = await backtestsWhere("rejected").run(null, DEFAULT_SHOP_SETTINGS, RANGE);
    const sale = trades.find(({ kind }) => kind === "sell");
    const order = sale && chargesOf(shareNamed("NIFTY"), "CNC", "SELL", valueOf(sale.price, sale.qty));
    expect(Number(sale?.charges) - Number(order)).toBe(paiseFromRupees("15.34"));
  });

  it("ends before today, whose close is not known yet", async () => {
    const { at = 0 } = walk(DAYS, 1).at(-1) ?? {};
    const now = at + 12 * 3_600_000;
    const wanted = { from: "2024-01-01", to: "2024-12-31" };
    const result = await backtestsWhere("rejected", [], now).run(null, DEFAULT_SHOP_SETTINGS, wanted);
    expect([result.to, istDate(now)]).toEqual([DAYS.at(-2), DAYS.at(-1)]);
  });

  it("refuses a range that begins today or later, whose prices are not known yet", async () => {
    const now = istInstant("2024-03-15", "16:00");
    const asked: string[] = [];
    const wanted = { from: "2024-03-15", to: "2024-12-31" };
    const run = backtestsWhere("rejected", asked, now).run(null, DEFAULT_SHOP_SETTINGS, wanted);
    await expect(run).rejects.toThrow("2024-03-15 is not over yet");
    expect(asked).toEqual([]);
  });

  it("says that dividends and demergers are not counted", async () => {
    const result = await backtestsWhere("rejected").run(null, DEFAULT_SHOP_SETTINGS, RANGE);
    expect(backtestText(result, null).toString()).toContain("Dividends and shares from a demerger are not counted.");
  });

  it("names the first shares without prices and counts the rest", async () => {
    const result = await backtestsWhere("rejected").run(null, DEFAULT_SHOP_SETTINGS, RANGE);
    const names = Array.from({ length: 14 }, (_, at) => `S${at}`);
    const captionOf = (withoutPrices: string[]): string => backtestText({ ...result, withoutPrices }, null).toString();
    expect(captionOf(names)).toContain("left out: S0, S1, S2, S3, S4, S5, S6, S7, S8, S9, S10, S11, 2 more.");
    expect(captionOf(names.slice(0, 12))).toContain("S10, S11.");
  });

  it.each(["rate-limited", "unavailable", "timeout"] as const)(
    "fails when the source is %s instead of dropping the share",
    async (kind) => {
      await expect(backtestsWhere(kind).run(null, DEFAULT_SHOP_SETTINGS, RANGE)).rejects.toMatchObject({ kind });
    },
  );

  it("reads a few shares at a time, so that no other call waits behind all of them", async () => {
    let [reading, most] = [0, 0];
    await readSeries(loadNifty50().membersOn("2024-01-01"), RANGE, {
      async share() {
        most = Math.max(most, (reading += 1));
        await Promise.resolve();
        reading -= 1;
        return [];
      },
      index: async () => [],
    });
    expect(most).toBeLessThanOrEqual(4);
  });

  it("waits until the one before it has ended, so that many at once do not take up the bot and the broker", async () => {
    const asked: string[] = [];
    const backtests = backtestsWhere("rejected", asked);
    const calls = backtests.sharesIn(RANGE) + 1;
    await Promise.all([1, 2].map(() => backtests.run(null, DEFAULT_SHOP_SETTINGS, RANGE)));
    expect(asked).toHaveLength(2 * calls);
    expect(new Set(asked.slice(0, calls)).size).toBe(calls);
  });

  it("asks Yahoo by name for shares that no broker lists", async () => {
    const asked: string[] = [];
    const backtests = backtestsWhere("rejected", asked);
    await backtests.run({} as never, DEFAULT_SHOP_SETTINGS, RANGE);
    expect(asked).toContain("yahoo NSE:DIVISLAB-EQ");
    expect(asked.filter((call) => call.startsWith("link"))).toEqual(["link NSE:NIFTY50-INDEX"]);
    expect(asked).toHaveLength(backtests.sharesIn(RANGE) + 1);
  });
});
