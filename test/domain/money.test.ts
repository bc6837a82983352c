import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  averagePrice,
  changeInBasisPoints,
  isOnTick,
  paise,
  paiseFromRupees,
  price,
  priceFromRupees,
  roundToTick,
  rupeesFromPaise,
  rupeesFromPrice,
  scalePaise,
  negatePaise,
  subtractPaise,
  sumPaise,
  valueOf,
} from "../../src/domain/money.ts";

const prices = fc.integer({ min: 0, max: 1_000_000_000 }).map(price);
const amounts = fc.integer({ min: -1_000_000_000_000, max: 1_000_000_000_000 }).map(paise);

describe("amounts as people and brokers write them", () => {
  it("become integers, also when grouped, signed or with a space after the minus", () => {
    expect(priceFromRupees("1,010.50")).toBe(10_105_000);
    expect(priceFromRupees("0.0025")).toBe(25);
    expect(paiseFromRupees("- 22166.00")).toBe(-2_216_600);
    expect(paiseFromRupees(1010.5)).toBe(101_050);
  });

  it.each(["", "abc", "1.2.3", "1e5", "--1", "NaN", "₹5"])("throw when they are none: %j", (text) => {
    expect(() => priceFromRupees(text)).toThrow(RangeError);
  });

  it("throw when they are not a finite number", () => {
    for (const value of [Number.NaN, Infinity, -Infinity]) expect(() => paiseFromRupees(value)).toThrow(RangeError);
  });

  it("throw at once, however long the text is", () => {
    const started = performance.now();
    expect(() => priceFromRupees(`${"1".repeat(50_000)}x`)).toThrow(RangeError);
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("throw rather than lose digits", () => {
    expect(() => priceFromRupees("9007199254740993")).toThrow(RangeError);
    expect(() => valueOf(price(Number.MAX_SAFE_INTEGER), 1_000)).toThrow(RangeError);
  });

  it("are exact even when price × quantity is no longer a safe integer", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000_000_000 }).map(price),
        fc.integer({ min: 1, max: 500_000 }),
        (at, qty) => {
          expect(BigInt(valueOf(at, qty))).toBe((BigInt(at) * BigInt(qty) + 50n) / 100n);
          expect(valueOf(at, -qty)).toBe(negatePaise(valueOf(at, qty)));
        },
      ),
    );
  });

  it("are the same after conversion to a broker's rupees and back", () => {
    fc.assert(
      fc.property(prices, amounts, (at, amount) => {
        expect(priceFromRupees(rupeesFromPrice(at))).toBe(at);
        expect(paiseFromRupees(rupeesFromPaise(amount))).toBe(amount);
      }),
    );
  });
});

describe("ticks", () => {
  const ticks = fc.constantFrom(25, 100, 500, 1_000, 50_000).map(price);

  it("divide every rounded price, which is less than a tick from the original", () => {
    fc.assert(
      fc.property(prices, ticks, fc.constantFrom("down", "nearest", "up"), (at, tick, direction) => {
        const rounded = roundToTick(at, tick, direction);
        expect(isOnTick(rounded, tick)).toBe(true);
        expect(Math.abs(rounded - at)).toBeLessThan(tick);
        if (direction === "down") expect(rounded).toBeLessThanOrEqual(at);
        if (direction === "up") expect(rounded).toBeGreaterThanOrEqual(at);
      }),
    );
  });

  it("leave a price as it is when the tick size is unknown", () => {
    expect(roundToTick(price(12_345), price(0), "nearest")).toBe(12_345);
    expect(isOnTick(price(12_345), price(0))).toBe(true);
  });
});

describe("sums and rates", () => {
  it("an average price times its quantity is the original total, within a paisa per unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), amounts, (qty, total) => {
        expect(Math.abs(valueOf(averagePrice(total, qty), qty) - total)).toBeLessThanOrEqual(qty / 200 + 1);
      }),
    );
    expect(() => averagePrice(paise(1), 0)).toThrow(RangeError);
  });

  it("round half away from zero, the same on both sides of it", () => {
    expect(valueOf(price(50), 1)).toBe(1);
    expect(valueOf(price(-50), 1)).toBe(-1);
    expect(scalePaise(paise(101), 1, 2)).toBe(51);
    expect(scalePaise(paise(-101), 1, 2)).toBe(-51);
  });

  it("sums are exact and never minus zero", () => {
    fc.assert(
      fc.property(fc.array(amounts, { maxLength: 50 }), (all) => {
        const whole = all.reduce((sum, each) => sum + BigInt(each), 0n);
        expect(BigInt(sumPaise(all))).toBe(whole);
        expect(Object.is(subtractPaise(sumPaise(all), sumPaise(all)), 0)).toBe(true);
        expect(sumPaise([negatePaise(sumPaise(all)), sumPaise(all)])).toBe(0);
      }),
    );
  });

  it("a relative change from zero is null", () => {
    expect(changeInBasisPoints(105, 100)).toBe(500);
    expect(changeInBasisPoints(-90, -100)).toBe(1_000);
    expect(changeInBasisPoints(5, 0)).toBeNull();
  });
});
