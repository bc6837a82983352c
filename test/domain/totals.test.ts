import { describe, expect, it } from "vitest";
import { accountValue, addFigures, grossOf, isCarried, netOf, shareOf } from "../../src/domain/day.ts";
import { paise, paiseFromRupees as rupees, price, priceFromRupees } from "../../src/domain/money.ts";
import type { Funds } from "../../src/domain/portfolio.ts";
import {
  carriedDayPnl,
  dayPnl,
  dayPnlOf,
  fundsTotal,
  holdingTotals,
  positionTotals,
  saleDayPnl,
  undatedCount,
} from "../../src/domain/totals.ts";
import { holding, holds } from "../services/orders/rows.ts";

const PNL = { realised: rupees(100), unrealised: rupees(-30), pnl: rupees(70) };
const LONG = holds(10, "BUY", PNL);
/** Brokers show shares sold for delivery as a short position with an unrealised result, though nothing is owed. */
const DELIVERED = holds(5, "SELL", { ...PNL, unrealised: rupees(-45), pnl: rupees(55), productType: "CNC" });
const at = (ltp: string | null, prevClose: string | null = null) => ({
  ltp: ltp === null ? null : priceFromRupees(ltp),
  prevClose: prevClose === null ? null : priceFromRupees(prevClose),
});

describe("the profit of positions", () => {
  it("counts only the realised part for shares sold for delivery", () => {
    expect(positionTotals([LONG, DELIVERED])).toEqual({
      realised: rupees(200),
      unrealised: rupees(-30),
      total: rupees(170),
    });
  });

  it("of the day is the broker's figure, else the profit since entry, and the latter are counted", () => {
    const told = { ...LONG, dayPnl: rupees(5) };
    expect([told, LONG, DELIVERED].map(dayPnl)).toEqual([rupees(5), rupees(70), rupees(100)]);
    expect(undatedCount([told, LONG, DELIVERED], []).positions).toBe(2);
  });

  it("of the day is counted from the previous close for a carried position, with today's trades", () => {
    const carried = { qty: 4, dayCash: rupees(-600) };
    const close = priceFromRupees(95);
    // 30 = ten now worth 1,010.00, less four worth 380.00 at the previous close, less six bought for 600.00.
    expect(carriedDayPnl({ ...LONG, ...at("101") }, carried, { prevClose: close, trades: null })).toBe(rupees(30));
    const short = { ...holds(3, "SELL"), ...at("90") };
    expect(carriedDayPnl(short, { qty: -3, dayCash: paise(0) }, { prevClose: close, trades: null })).toBe(rupees(15));
    const closed = { ...holds(0, "BUY", { side: "CLOSED" }), ...at(null) };
    expect(carriedDayPnl(closed, { qty: 4, dayCash: rupees(400) }, { prevClose: close, trades: null })).toBe(
      rupees(20),
    );
    expect(carriedDayPnl({ ...LONG, ...at(null) }, carried, { prevClose: close, trades: null })).toBeNull();
    expect(carriedDayPnl({ ...LONG, ...at("101"), multiplier: 100 }, carried, { prevClose: close, trades: null })).toBe(
      rupees(62_400),
    );
  });

  it("of the day is what the sale brought above the previous close for shares sold for delivery", () => {
    const sale = { ...DELIVERED, sellValue: rupees(510), buyValue: rupees(0) };
    expect(saleDayPnl(sale, priceFromRupees(100))).toBe(rupees(10));
    expect(saleDayPnl({ ...sale, sellValue: rupees(710), buyValue: rupees(200) }, priceFromRupees(100))).toBe(
      rupees(10),
    );
  });
});

describe("the totals of holdings", () => {
  const priced = holding({ qty: 10, avgPrice: priceFromRupees(80), pnl: rupees(200), ...at("100", "98") });
  const uncosted = holding({ qty: 2, avgPrice: price(0), pnl: null, ...at("50", null) });
  const unpriced = holding({ qty: 7 });

  it("leave out shares without a price, and cost and profit of shares without a cost, and count both", () => {
    expect(holdingTotals([priced, uncosted, unpriced])).toEqual({
      invested: rupees(800),
      value: rupees(1_100),
      pnl: rupees(200),
      dayChange: rupees(20),
      unpriced: 1,
      uncosted: 1,
    });
    expect(undatedCount([], [priced, uncosted, unpriced]).shares).toBe(2);
  });

  it("make the day's figures together with the totals of positions", () => {
    expect(dayPnlOf([LONG, DELIVERED], [priced, unpriced])).toEqual({
      positions: rupees(170),
      holdings: rupees(20),
      realised: rupees(200),
      unrealised: rupees(-30),
    });
  });
});

describe("an account", () => {
  const funds: Funds = { available: rupees(500), used: rupees(200), cash: rupees(550), collateral: rupees(100) };

  it("is worth its cash, its shares, pledged ones counted once, and the result of open positions", () => {
    const shares = holding({ qty: 10, ...at("100") });
    expect(accountValue(funds, [shares], [LONG, DELIVERED])).toBe(rupees(500 + 200 - 100 + 1_000 - 30));
  });

  it("has of shares bought with the broker's loan only their result, and nothing of shares without a price", () => {
    const funded = holding({ productType: "MTF", qty: 10, pnl: rupees(-40), ...at("100") });
    expect(accountValue(funds, [funded, holding()], [])).toBe(rupees(500 + 200 - 100 - 40));
  });

  it("has funds that add up with another account's", () => {
    const other: Funds = { available: rupees(1), used: rupees(2), cash: rupees(3), collateral: rupees(4) };
    expect(fundsTotal([funds, other])).toEqual({
      available: rupees(501),
      used: rupees(202),
      cash: rupees(553),
      collateral: rupees(104),
    });
  });

  it("carries only open margin positions overnight", () => {
    const rows = [
      holds(1, "BUY", { productType: "MARGIN" }),
      holds(1, "SELL", { productType: "MARGIN" }),
      holds(0, "BUY", { productType: "MARGIN", side: "CLOSED" }),
      holds(1, "BUY", { productType: "CNC" }),
      LONG,
    ];
    expect(rows.map(isCarried)).toEqual([true, true, false, false, false]);
  });
});

describe("a day's figures", () => {
  const day = {
    positions: rupees(10),
    holdings: rupees(5),
    realised: rupees(4),
    unrealised: rupees(6),
    charges: rupees(2),
  };

  it("add up, before charges and after", () => {
    const two = addFigures([day, day]);
    expect(two).toEqual({
      positions: rupees(20),
      holdings: rupees(10),
      realised: rupees(8),
      unrealised: rupees(12),
      charges: rupees(4),
    });
    expect([grossOf(two), netOf(two)]).toEqual([rupees(30), rupees(26)]);
  });

  it("are a percentage of the account's value, or null if that is not positive", () => {
    expect(shareOf(rupees(-1), rupees(200))).toBe(-50);
    expect([rupees(0), rupees(-5)].map((whole) => shareOf(rupees(1), whole))).toEqual([null, null]);
  });
});
