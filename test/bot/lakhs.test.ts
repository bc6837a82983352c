import { expect, it } from "vitest";
import { lakhs } from "../../src/bot/pictures/lakhs.ts";

it("an axis has rupees in lakhs and crores, grouped, with the minus sign before them", () => {
  const STEP = 50_000;
  expect([9_500, 950_000, 12_500_000, 12_345_000_000].map((rupees) => lakhs(rupees, STEP))).toEqual([
    "₹9,500",
    "₹9.50 L",
    "₹1.250 Cr",
    "₹1,234.500 Cr",
  ]);
  // An account in debit. The shipped font lacks the true minus sign.
  expect([-9_500, -350_000].map((rupees) => lakhs(rupees, STEP))).toEqual(["–₹9,500", "–₹3.50 L"]);
});
