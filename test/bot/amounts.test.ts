import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { paise, price } from "../../src/domain/money.ts";
import { priceText, quantity, rupees, signedAmount } from "../../src/bot/render/amounts.ts";

const LARGEST = 9_000_000_000_000;

describe("an amount", () => {
  it("is grouped the Indian way at every size, like Intl does it", () => {
    const intl = new Intl.NumberFormat("en-IN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    const whole = new Intl.NumberFormat("en-IN");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LARGEST }), (amount) => {
        expect(rupees(paise(amount))).toBe(`₹${intl.format(amount / 100)}`);
        expect(quantity(amount)).toBe(whole.format(amount));
      }),
    );
  });

  it("has its sign before the currency, and zero has no sign", () => {
    expect(rupees(paise(-123_456_750))).toBe("−₹12,34,567.50");
    expect([5, -5, 0].map((amount) => signedAmount(paise(amount)))).toEqual(["+0.05", "−0.05", "0.00"]);
    expect([-1_200, -0].map(quantity)).toEqual(["−1,200", "0"]);
  });

  it("of a price has all its decimals, and at least two", () => {
    expect([9_051_000, 9_051_025, 25, 250, 2_500, 0].map((at) => priceText(price(at)))).toEqual([
      "905.10",
      "905.1025",
      "0.0025",
      "0.025",
      "0.25",
      "0.00",
    ]);
  });
});
