import { expect, it } from "vitest";
import { allPricedAt, pricedAt } from "../../src/bot/render/source.ts";
import { istInstant } from "../../src/domain/market.ts";

const sunday = istInstant("2026-11-22", "12:00");
const friday = istInstant("2026-11-20", "15:29");

it("a price without a time is not said to be of now: on a Sunday it is Friday's", () => {
  expect(pricedAt({ source: "broker", at: friday }, "Fyers", sunday)).toBe("Fyers · 20 Nov 2026 15:29:00 IST");
  expect(pricedAt({ source: "broker", at: null }, "Fyers", sunday)).toBe("Fyers, asked 12:00:00 IST");
});

it("several prices have the time of the oldest, and of each source none if one of its prices has none", () => {
  const all = (...times: (number | null)[]) =>
    allPricedAt(
      [...times.map((at) => ({ source: "broker", at }) as const), { source: "yfinance", at: friday }],
      "Fyers",
      sunday,
    );
  expect(all(friday + 30_000, friday)).toBe(
    "Fyers · 20 Nov 2026 15:29:00 IST; Yahoo, about 15 min late · 20 Nov 2026 15:29:00 IST",
  );
  for (const times of [
    [friday, null],
    [null, friday],
  ])
    expect(all(...times)).toMatch(/^Fyers, asked 12:00:00 IST; Yahoo/);
});
