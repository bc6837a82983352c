import { beforeEach, describe, expect, it } from "vitest";
import { istInstant } from "../../../src/domain/market.ts";
import { price, type Price } from "../../../src/domain/money.ts";
import type { Quote } from "../../../src/domain/portfolio.ts";
import { createDayCloses } from "../../../src/services/alerts/day-closes.ts";
import { shareNamed } from "../../../src/services/strategies/nifty-shop/backtest-data.ts";
import { setClock, type SetClock } from "../../notify/temp-store.ts";

const ITC = shareNamed("ITC");
const [CLOSE, BEFORE, LAST] = [price(1_000_000), price(990_000), price(1_010_000)];
const single: Quote = {
  key: ITC.key,
  symbol: ITC.symbol,
  ltp: LAST,
  prevClose: CLOSE,
  open: null,
  high: null,
  low: null,
  bid: null,
  ask: null,
  volume: null,
  openInterest: null,
  lowerCircuit: null,
  upperCircuit: null,
  at: null,
  source: "broker",
};

describe("the previous close that bulk quotes lack", () => {
  let clock: SetClock;
  let answers: (Quote | null)[];
  let asked: number;
  let closeOf: () => Promise<Price | null>;
  beforeEach(() => {
    clock = setClock("2026-11-23T09:15:00+05:30");
    [answers, asked] = [[], 0];
    const closes = createDayCloses({
      clock,
      quotes: { forLink: async () => ((asked += 1), answers.shift() ?? null) },
    });
    closeOf = async () => (await closes.complete(null, ITC, { ...single, prevClose: null })).prevClose;
  });

  it("is asked for once a day", async () => {
    answers = [single, { ...single, prevClose: BEFORE }];
    expect([await closeOf(), await closeOf(), asked]).toEqual([CLOSE, CLOSE, 1]);
    clock.at = istInstant("2026-11-25", "09:15");
    expect([await closeOf(), asked]).toEqual([BEFORE, 2]);
  });

  it("is asked for again, some minutes later, when nobody had it", async () => {
    answers = [null, single];
    expect([await closeOf(), await closeOf(), asked]).toEqual([null, null, 1]);
    clock.at += 10 * 60_000;
    expect([await closeOf(), asked]).toEqual([CLOSE, 2]);
  });

  it("is the last price of a share that has not traded today, whose own previous close is the one before", async () => {
    answers = [{ ...single, at: istInstant("2026-11-20", "15:29"), ltp: CLOSE, prevClose: BEFORE }];
    expect(await closeOf()).toBe(CLOSE);
  });
});
