import { describe, expect, it } from "vitest";
import { hasOpened } from "../../../src/domain/calendar.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, priceFromRupees } from "../../../src/domain/money.ts";
import type { Quote } from "../../../src/domain/portfolio.ts";
import { shareNamed } from "../../../src/services/strategies/nifty-shop/backtest-data.ts";
import { loadCalendar } from "../../../src/services/calendar.ts";
import { readMarket } from "../../../src/services/strategies/nifty-shop/market.ts";
import { flat, weekdays } from "./prices.ts";

const DAYS = weekdays("2026-10-26", 20);
const CALENDAR = loadCalendar(null);
const FRIDAY = DAYS.at(-1) ?? "";
const [SUNDAY, MONDAY] = ["2026-11-22", "2026-11-23"];
const [ITC, INFY] = [shareNamed("ITC"), shareNamed("INFY")];
const LOT = {
  key: ITC.key,
  qty: 1,
  cost: paiseFromRupees(100),
  lastBuyPrice: priceFromRupees(100),
  lastBoughtOn: DAYS[0] ?? "",
  isLastBuyAmo: false,
};
const quoteOf = (share: typeof ITC, at: number | null): Quote =>
  ({ key: share.key, symbol: share.symbol, ltp: priceFromRupees(90), at, source: "broker" }) as Quote;

/** ITC fell on Friday; INFY's quote has a price but no time. */
const marketAt = (now: number) =>
  readMarket(
    {
      instruments: {
        resolve: async (text) => ({ kind: "one", instrument: text === ITC.symbol ? ITC : INFY }),
      },
      quotes: {
        many: async () =>
          new Map([quoteOf(ITC, istInstant(FRIDAY, "15:29")), quoteOf(INFY, null)].map((quote) => [quote.key, quote])),
      },
      candles: {
        forLink: async () => ({
          candles: DAYS.map((date) => flat(date, date === FRIDAY ? 90 : 100)),
          source: "broker",
          readAt: now,
        }),
      },
      hasOpened: (at) => hasOpened(at, CALENDAR),
    },
    null,
    { members: ["ITC", "INFY"], held: [{ ...LOT, instrument: ITC }] },
    now,
  );

describe("the market that the strategy decides on", () => {
  it("includes today's prices", async () => {
    const market = await marketAt(istInstant(FRIDAY, "15:30"));
    expect(market.members.map(({ key, average }) => [key, average])).toEqual([
      [ITC.key, priceFromRupees(99.5)],
      [INFY.key, priceFromRupees(99.5)],
    ]);
    expect(market.without).toEqual([]);
  });

  it.each([
    [SUNDAY, "12:00"],
    [MONDAY, "08:30"],
  ])("excludes Friday's price until the next day begins, also where a price has no time (%s)", async (date, time) => {
    const market = await marketAt(istInstant(date, time));
    expect(market.members).toEqual([]);
    expect(market.prices.size).toBe(0);
    expect(market.without).toEqual(["ITC", "INFY"]);
  });

  it("includes a price without a time once the day has begun", async () => {
    const market = await marketAt(istInstant(MONDAY, "09:20"));
    expect(market.members.map(({ key }) => key)).toEqual([INFY.key]);
    expect(market.without).toEqual(["ITC"]);
  });
});
