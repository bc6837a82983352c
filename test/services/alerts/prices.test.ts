import { describe, expect, it } from "vitest";
import { price } from "../../../src/domain/money.ts";
import type { Quote } from "../../../src/domain/portfolio.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createAlertPrices } from "../../../src/services/alerts/prices.ts";
import { shareNamed } from "../../../src/services/strategies/nifty-shop/backtest-data.ts";
import { setClock } from "../../notify/temp-store.ts";

const [ITC, INFY] = [shareNamed("ITC"), shareNamed("INFY")];
const quoteOf = ({ key, symbol }: typeof ITC): Quote =>
  ({ key, symbol, ltp: price(1_000_000), prevClose: null, at: null, source: "broker" }) as Quote;

describe("the prices of alerts", () => {
  it("get their previous closes at the same time, each instrument's once, and only where an alert needs it", async () => {
    const [asked, both] = [[] as string[], Promise.withResolvers<void>()];
    const pricesOf = createAlertPrices({
      clock: setClock("2026-11-23T09:20:00+05:30"),
      log: createLog({ level: "silent" }),
      quotes: {
        many: async (_link, instruments) => new Map(instruments.map((each) => [each.key, quoteOf(each as typeof ITC)])),
        async forLink(_link, instrument) {
          asked.push(instrument.name);
          if (asked.length === 2) both.resolve();
          await both.promise;
          return { ...quoteOf(ITC), prevClose: price(990_000) };
        },
      },
    });
    const wanted = (instrument: typeof ITC, needsClose = true) => ({
      instrument,
      link: null,
      needsClose,
      needsTime: () => false,
    });
    const TCS = shareNamed("TCS");
    const prices = await pricesOf([wanted(ITC), wanted(INFY), wanted(ITC), wanted(TCS, false)]);
    expect(asked).toHaveLength(2);
    expect([ITC, INFY, TCS].map(({ key }) => prices.get(key)?.prevClose)).toEqual([990_000, 990_000, null]);
  });
});
