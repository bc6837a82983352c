import { describe, expect, it } from "vitest";
import { ownMarks } from "../../../src/bot/orders/own-marks.ts";
import { brokerOrderId, userId } from "../../../src/domain/ids.ts";
import { equitySymbol, instrumentKey } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees, ZERO_PRICE } from "../../../src/domain/money.ts";
import type { Holding, Position, Trade } from "../../../src/domain/portfolio.ts";
import { holding, position, SBIN, trade } from "../../services/stub-broker.ts";

const ISIN = "INE062A01020";
const SHARE = { ...SBIN, isin: ISIN };
const now = istInstant("2026-11-23", "10:42");

interface Own {
  readonly holdings?: readonly Holding[];
  readonly positions?: readonly Position[];
  readonly trades?: readonly Trade[];
  readonly orders?: readonly object[];
}

const marksOf = ({ holdings = [], positions = [], trades = [], orders = [] }: Own) => {
  const all =
    <T>(rows: readonly T[]) =>
    async () => [{ ok: true, value: rows }];
  const portfolio = { holdings: all(holdings), positions: all(positions), trades: all(trades) };
  const journal = { recent: async () => orders };
  return ownMarks({ portfolio, journal, clock: { now: () => now } } as never, userId(1), SHARE);
};

describe("the user's average price and trades in a chart", () => {
  const own = { ...holding, key: SBIN.key, symbol: SBIN.symbol, qty: 10, avgPrice: priceFromRupees(100) };

  it("averages all shares held, on both exchanges and also in rows without a key", async () => {
    const onBse = { ...own, key: instrumentKey("BSE", 500112), symbol: equitySymbol("BSE", "SBIN", ""), isin: ISIN };
    const unnumbered = { ...position, key: null, qty: 10, avgPrice: priceFromRupees(300) };
    const average = async (mine: Own) => (await marksOf(mine)).avgPrice;
    expect(await average({ holdings: [own, { ...onBse, avgPrice: priceFromRupees(200) }] })).toBe(priceFromRupees(150));
    expect(await average({ holdings: [own], positions: [unnumbered] })).toBe(priceFromRupees(200));
  });

  it("names the accounts that the average leaves out", async () => {
    const silent = { ok: false, link: { label: "zerodha" } };
    const partly = { ok: true, link: { label: "fyers" }, value: [own], unread: [{ orderId: null, listed: null }] };
    const read = async (...parts: readonly object[]) => parts;
    const portfolio = {
      holdings: () => read(silent, partly),
      positions: () => read(silent),
      trades: () => read(silent),
    };
    const journal = { recent: async () => [] };
    const marks = await ownMarks({ portfolio, journal, clock: { now: () => now } } as never, userId(1), SHARE);
    expect(marks).toMatchObject({
      avgPrice: own.avgPrice,
      unread: ["zerodha", "fyers"],
      parts: [silent, partly, silent],
    });
    expect((await marksOf({ holdings: [own] })).unread).toEqual([]);
  });

  it("knows whose shares are in the average", async () => {
    const [paper, zerodha] = [{ label: "paper" }, { label: "zerodha" }];
    const portfolio = {
      holdings: async () => [
        { ok: true, link: paper, value: [] },
        { ok: true, link: zerodha, value: [own] },
      ],
      positions: async () => [{ ok: true, link: paper, value: [{ ...position, qty: 10, avgPrice: own.avgPrice }] }],
      trades: async () => [],
    };
    const journal = { recent: async () => [] };
    const marks = await ownMarks({ portfolio, journal, clock: { now: () => now } } as never, userId(1), SHARE);
    expect(marks.averaged).toEqual([zerodha, paper]);
  });

  it("has the trades of a broker whose rows do not have the exchange's token", async () => {
    const at = istInstant("2026-11-23", "09:30");
    const { trades } = await marksOf({ trades: [{ ...trade, key: null, at }] });
    expect(trades).toEqual([{ at, side: "BUY", price: trade.price }]);
  });

  it("has no mark for a fill whose price is not known", async () => {
    const leg = { orderId: brokerOrderId("o1"), filledQty: 10, avgPrice: ZERO_PRICE, sentAt: now };
    const order = { plan: { key: SBIN.key, side: "BUY", isAmo: false }, legs: [leg], history: [] };
    expect((await marksOf({ orders: [order] })).trades).toEqual([]);
  });

  describe("for an after-market order", () => {
    const [sentAt, filledAt] = [istInstant("2026-11-20", "20:00"), istInstant("2026-11-23", "09:15")];
    const leg = { orderId: brokerOrderId("o1"), filledQty: 10, avgPrice: priceFromRupees(800), sentAt };
    const order = {
      plan: { key: SBIN.key, side: "BUY", isAmo: true },
      legs: [leg],
      history: [
        { at: sentAt, leg: null, what: "confirmed" },
        { at: filledAt, leg: 0, what: "filled" },
      ],
    };

    it("has one mark while the broker's book shows the trade too", async () => {
      const { trades } = await marksOf({ orders: [order], trades: [{ ...trade, at: filledAt }] });
      expect(trades).toEqual([{ at: filledAt, side: "BUY", price: trade.price }]);
    });

    it("has the mark in the session that filled it, not on the evening before", async () => {
      expect((await marksOf({ orders: [order] })).trades).toMatchObject([{ at: filledAt }]);
    });
  });
});
