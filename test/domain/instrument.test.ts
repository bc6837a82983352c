import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  equitySymbol,
  futureSymbol,
  indexKey,
  indexSymbol,
  instrumentKey,
  monthlyExpiries,
  optionSymbol,
  ticker,
} from "../../src/domain/instrument.ts";
import { priceFromRupees } from "../../src/domain/money.ts";

describe("symbols", () => {
  it("are written as Fyers writes them", () => {
    expect(equitySymbol("NSE", "SBIN", "EQ")).toBe("NSE:SBIN-EQ");
    expect(equitySymbol("NSE", "BAJAJ-AUTO", "EQ")).toBe("NSE:BAJAJ-AUTO-EQ");
    expect(equitySymbol("BSE", "SBIN", "A")).toBe("BSE:SBIN");
    expect(indexSymbol("NSE", "NIFTY50")).toBe("NSE:NIFTY50-INDEX");
    expect(futureSymbol("NSE", "NIFTY", "2026-11-24")).toBe("NSE:NIFTY26NOVFUT");
  });

  it("name a monthly option by its month and a weekly one by its day", () => {
    const option = { prefix: "NSE", underlying: "NIFTY", strike: priceFromRupees(24_500), optionType: "CE" } as const;
    expect(optionSymbol({ ...option, expiry: "2026-12-29", isMonthly: true })).toBe("NSE:NIFTY26DEC24500CE");
    expect(optionSymbol({ ...option, expiry: "2026-12-01", isMonthly: false })).toBe("NSE:NIFTY26D0124500CE");
    expect(optionSymbol({ ...option, expiry: "2026-09-08", isMonthly: false })).toBe("NSE:NIFTY2690824500CE");
  });

  it("keep the decimals of a strike", () => {
    const half = priceFromRupees(812.5);
    expect(
      optionSymbol({
        prefix: "NSE",
        underlying: "SBIN",
        expiry: "2026-11-24",
        strike: half,
        optionType: "PE",
        isMonthly: true,
      }),
    ).toBe("NSE:SBIN26NOV812.5PE");
  });

  it("lose exchange and series in their short form", () => {
    expect(ticker(equitySymbol("NSE", "M&M", "EQ"))).toBe("M&M");
    expect(ticker(indexSymbol("NSE", "NIFTY50"))).toBe("NIFTY50");
    expect(ticker(futureSymbol("NSE", "NIFTY", "2026-11-24"))).toBe("NIFTY26NOVFUT");
  });
});

describe("an instrument's key", () => {
  it("is made of the segment and the exchange's token", () => {
    expect(instrumentKey("NSE", 3045)).toBe("NSE:3045");
    expect(indexKey("NIFTY50")).toBe("INDEX:NIFTY50");
  });

  it("cannot be made of a token that is not a number", () => {
    expect(() => instrumentKey("NSE", "SBIN")).toThrow(RangeError);
    expect(() => instrumentKey("NSE", "")).toThrow(RangeError);
  });
});

it("the monthly expiries are the last of each month, whatever the order they come in", () => {
  const day = fc.date({ min: new Date("2026-01-01"), max: new Date("2027-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(fc.array(day, { minLength: 1, maxLength: 40 }), (days) => {
      const expiries = days.map((each) => each.toISOString().slice(0, 10));
      const monthly = monthlyExpiries(expiries);
      for (const expiry of expiries) {
        const later = expiries.some((other) => other.slice(0, 7) === expiry.slice(0, 7) && other > expiry);
        expect(monthly.has(expiry)).toBe(!later);
      }
    }),
  );
});
