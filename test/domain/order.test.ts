import { describe, expect, it } from "vitest";
import { priceFromRupees, ZERO_PRICE } from "../../src/domain/money.ts";
import { limitTerms, type OrderTerms } from "../../src/domain/order.ts";

describe("the terms of an order at a broker that takes a market order as a limit order", () => {
  const price = priceFromRupees(810);
  const triggerPrice = priceFromRupees(800);
  const limit = priceFromRupees(792);
  const protection = { basisPoints: 100, limit };

  it.each<[OrderTerms, ReturnType<typeof limitTerms>]>([
    [
      { type: "MARKET", protection },
      { type: "LIMIT", price: limit, triggerPrice: ZERO_PRICE },
    ],
    [
      { type: "LIMIT", price },
      { type: "LIMIT", price, triggerPrice: ZERO_PRICE },
    ],
    [
      { type: "SL", price, triggerPrice },
      { type: "SL", price, triggerPrice },
    ],
    [
      { type: "SL-M", triggerPrice, protection },
      { type: "SL", price: limit, triggerPrice },
    ],
  ])("are those of the card, with the protection's limit where it has no price: %j", (terms, expected) => {
    expect(limitTerms(terms)).toEqual(expected);
  });

  it("stop at an order type that is not known, as of an order stored by a newer version", () => {
    expect(() => limitTerms({ type: "BRACKET", price } as unknown as OrderTerms)).toThrow("unknown order terms");
  });
});
