import { describe, expect, it } from "vitest";
import { choices } from "../../src/bot/render/choices.ts";
import { PAGE_WIDTH } from "../../src/bot/render/page.ts";

describe("the labels of choice buttons", () => {
  it("stay as they are when they fit a phone", () => {
    const labels = ["SELL 4 SBIN · paper", "BUY 3 INFY @ 1,590.00 · paper"];
    expect(choices(labels)).toEqual({ labels, list: null });
  });

  it("are numbered, and listed in full, when a phone would cut one of them", () => {
    const { labels, list } = choices([
      "SELL 75 NIFTY26D0124500CE @ 145.00 · zerodha",
      "SELL 75 NIFTY26D0124500CE sl 98.50 @ 98.00 · zerodha",
      "BUY 10 SBIN · fyers",
    ]);
    expect(labels.map((label) => label.slice(0, 12))).toEqual(["1 SELL 75 NI", "2 SELL 75 NI", "3 BUY 10 SBI"]);
    const rows = list
      ?.toString()
      .replaceAll(/<\/?pre>/g, "")
      .split("\n")
      .map((row) => row.trimEnd());
    expect(rows).toEqual([
      "1 SELL 75 NIFTY26D0124500CE @",
      " 145.00 · zerodha",
      "2 SELL 75 NIFTY26D0124500CE sl",
      " 98.50 @ 98.00 · zerodha",
      "3 BUY 10 SBIN · fyers",
    ]);
    expect(Math.max(...(rows ?? []).map((row) => row.length))).toBeLessThanOrEqual(PAGE_WIDTH);
  });
});
