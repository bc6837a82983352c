import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDays, weekday } from "../../../src/domain/market.ts";
import { paise, paiseFromRupees, priceFromRupees, ZERO_PAISE } from "../../../src/domain/money.ts";
import type { Candle } from "../../../src/domain/portfolio.ts";
import { runBacktest, type BacktestInput } from "../../../src/services/strategies/nifty-shop/backtest.ts";
import { createHistory } from "../../../src/services/strategies/nifty-shop/history.ts";
import { averageOf } from "../../../src/services/strategies/nifty-shop/rules.ts";
import { flat, walk, weekdays } from "./prices.ts";

const DAYS = weekdays("2024-01-01", 120);
const FROM = DAYS[25] ?? "";
const TO = DAYS.at(-1) ?? "";
const TICKERS = ["A", "B", "C", "D", "E", "F", "G", "H"];

const input = (series: ReadonlyMap<string, readonly Candle[]>, more: Partial<BacktestInput> = {}): BacktestInput => ({
  from: FROM,
  to: TO,
  series,
  index: walk(DAYS, 99, 20_000),
  constituents: { membersOn: () => [...series.keys()] },
  rules: { buysPerDay: 1, averageBelow: 300, target: 500, perTrade: paiseFromRupees(25_000) },
  capital: paiseFromRupees(1_000_000),
  chargesOf: () => ZERO_PAISE,
  fillAt: "next-open",
  ...more,
});
const walks = (seed: number): Map<string, Candle[]> =>
  new Map(TICKERS.map((ticker, at) => [ticker, walk(DAYS, seed * 100 + at)]));

describe("the backtest", () => {
  it("decides at the close, fills at the next open and pays charges, exact to the paisa", () => {
    const days = weekdays("2024-01-01", 24);
    // Falls to 90 on day 21; bought at 91 on day 22; closes at 100, more than 5 % up; sold at 99 on day 23.
    const candles = days.map((date, at) =>
      at < 20
        ? flat(date, 100)
        : at === 20
          ? flat(date, 90, 100)
          : at === 21
            ? flat(date, 100, 91)
            : flat(date, 100, 99),
    );
    const result = runBacktest(
      input(new Map([["A", candles]]), {
        from: days[20] ?? "",
        to: days[23] ?? "",
        chargesOf: (side) => paiseFromRupees(side === "BUY" ? 10 : 20),
      }),
    );
    // floor(25,000 / 90) = 277 units.
    expect(result.trades).toEqual([
      { date: days[21], kind: "buy", ticker: "A", qty: 277, price: priceFromRupees(91), charges: 1_000, profit: null },
      {
        date: days[22],
        kind: "sell",
        ticker: "A",
        qty: 277,
        price: priceFromRupees(99),
        charges: 2_000,
        profit: paiseFromRupees(277 * 8 - 20),
      },
    ]);
    expect(result.final).toBe(paiseFromRupees(1_000_000 + 277 * 8 - 30));
    expect(result.charges).toBe(paiseFromRupees(30));
    expect(result.curve.map(({ equity }) => equity)).toEqual([
      paiseFromRupees(1_000_000),
      paiseFromRupees(1_000_000 + 277 * 9 - 10),
      paiseFromRupees(1_000_000 + 277 * 8 - 30),
      paiseFromRupees(1_000_000 + 277 * 8 - 30),
    ]);
    expect(result.drawdown).toBeCloseTo(1 - (1_000_000 + 277 * 8 - 30) / (1_000_000 + 277 * 9 - 10), 12);
  });

  it("decides nothing on a day when too few shares have prices", () => {
    const saturday = addDays(DAYS[109] ?? "", 1);
    const fallen = (names: readonly string[]) =>
      new Map(
        TICKERS.map((name) => {
          const quiet = DAYS.map((date) => flat(date, 100));
          return [name, names.includes(name) ? quiet.toSpliced(110, 0, flat(saturday, 90)) : quiet];
        }),
      );
    expect(weekday(saturday)).toBe(6);
    expect(runBacktest(input(fallen(["A", "B"]))).trades).toEqual([]);
    expect(runBacktest(input(fallen(TICKERS))).trades).toHaveLength(1);
  });

  it("keeps pending orders over a day when only one share has a price", () => {
    const saturday = addDays(DAYS[109] ?? "", 1);
    const series = new Map(
      TICKERS.map((name, at) => {
        const all = DAYS.map((date, day) => flat(date, name === "A" && day === 109 ? 90 : 100));
        return [name, at === 1 ? all.toSpliced(110, 0, flat(saturday, 100)) : all];
      }),
    );
    const bought = runBacktest(input(series)).trades.filter(({ kind }) => kind === "buy");
    expect(bought.map(({ ticker, date }) => [ticker, date])).toEqual([["A", DAYS[110]]]);
  });

  it("can fill at the close of the decision", () => {
    const result = runBacktest(input(walks(3), { fillAt: "close" }));
    const first = result.trades[0];
    const candle = walks(3)
      .get(first?.ticker ?? "")
      ?.find(({ close }) => close === first?.price);
    expect(candle).toBeDefined();
  });

  it("has no look-ahead: later prices change nothing up to a day", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 30, max: 110 }),
        fc.integer(),
        (seed, cut, other) => {
          const before = walks(seed);
          const after = new Map(
            [...before].map(([ticker, candles], at) => [
              ticker,
              [...candles.slice(0, cut + 1), ...walk(DAYS.slice(cut + 1), other + at, 300)],
            ]),
          );
          const last = DAYS[cut] ?? "";
          const upTo = (series: Map<string, Candle[]>) => {
            const { trades, curve } = runBacktest(input(series));
            return {
              trades: trades.filter(({ date }) => date <= last),
              curve: curve.filter(({ date }) => date <= last),
            };
          };
          expect(upTo(after)).toEqual(upTo(before));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("shows a strategy no price after its day", () => {
    const history = createHistory(new Map([["A", walk(DAYS, 1)]]));
    const view = history.viewOn(40);
    const closes = walk(DAYS, 1)
      .slice(0, 41)
      .map(({ close }) => close);
    expect(view.mean("A", 20)).toBe(averageOf(closes));
    expect(view.mean("A", 41)).not.toBeNull();
    expect(view.mean("A", 42)).toBeNull();
    expect(view.lastClose("A")).toBe(closes.at(-1));
    // No method takes a day, so a later one cannot be asked for.
    expect(Object.keys(view).sort((a, b) => (a < b ? -1 : 1))).toEqual(["close", "lastClose", "mean"]);
  });

  it("gives the same result for the same input, every time", () => {
    expect(runBacktest(input(walks(5)))).toEqual(runBacktest(input(walks(5))));
  });

  it("keeps consistent books of cash, charges and holdings", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.boolean(), (seed, isClose) => {
        const result = runBacktest(
          input(walks(seed), {
            fillAt: isClose ? "close" : "next-open",
            chargesOf: (_, value) => paise(Math.round(value / 1_000)),
          }),
        );
        const spent = result.trades.reduce((sum, { kind, price, qty, charges }) => {
          const value = Math.round((price * qty) / 100);
          return sum + (kind === "sell" ? value : -value) - charges;
        }, 0);
        expect(result.cash).toBe(result.capital + spent);
        expect(result.final).toBe(result.cash + result.held.reduce((sum, { value }) => sum + value, 0));
        expect(result.cash).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 40 },
    );
  });

  it("buys only members of the index on the day of the decision", () => {
    const series = walks(8);
    const membersOn = (date: string) => (date < (DAYS[60] ?? "") ? TICKERS.slice(0, 4) : TICKERS.slice(4));
    const { trades } = runBacktest(input(series, { constituents: { membersOn } }));
    const bought = trades.filter(({ kind }) => kind !== "sell");
    // The decision was made the day before.
    expect(bought.every(({ ticker, date }) => membersOn(DAYS[DAYS.indexOf(date) - 1] ?? "").includes(ticker))).toBe(
      true,
    );
    expect(bought.length).toBeGreaterThan(10);
  });

  it("names the members without prices", () => {
    const membersOn = () => [...TICKERS, "HDFC"];
    expect(runBacktest(input(walks(2), { constituents: { membersOn } })).withoutPrices).toEqual(["HDFC"]);
  });

  it("rejects a range without prices", () => {
    expect(() => runBacktest(input(walks(2), { from: "2031-01-01", to: "2031-12-31" }))).toThrow("no prices");
  });
});
