import { expect, it } from "vitest";
import { depthView } from "../../src/bot/render/market.ts";
import { PAGE_WIDTH } from "../../src/bot/render/page.ts";
import { istInstant } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import { SBIN } from "../services/stub-broker.ts";

const now = istInstant("2026-11-23", "10:42");

function tableOf(quantity: number): string[] {
  const side = [{ price: priceFromRupees(22.05), quantity, orders: null }];
  const depth = { bids: side, asks: side, ltp: null, totalBidQty: null, totalAskQty: null };
  const { html } = depthView(SBIN, depth as never, "Zerodha", now);
  return /<pre>([^]*)<\/pre>/.exec(html.toString())?.[1]?.split("\n") ?? [];
}

it("the depth of a share with crores at one price fits a phone, without the commas that do not", () => {
  expect(tableOf(12_345)[1]).toBe("12,345 22.05 22.05 12,345");
  expect(tableOf(1_23_45_678)[1]).toBe("12345678 22.05 22.05 12345678");
  for (const line of tableOf(1_23_45_678)) expect(line.length).toBeLessThanOrEqual(PAGE_WIDTH);
});
