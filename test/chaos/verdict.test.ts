import { describe, expect, it } from "vitest";
import { brokerOrderId, intentId, linkId, orderTag, userId } from "../../src/domain/ids.ts";
import { price, ZERO_PRICE } from "../../src/domain/money.ts";
import type { Leg } from "../../src/domain/order-intent.ts";
import type { Order, Product } from "../../src/domain/order.ts";
import type { Position } from "../../src/domain/portfolio.ts";
import type { Intent } from "../../src/services/orders/journal.ts";
import { judge, overclosed } from "./verdict.ts";

const TAG = orderTag("sd0123456789abcd");

const said = (state: Leg["state"], more: Partial<Leg> = {}, confirmedAt: number | null = 5): Intent =>
  ({
    _id: intentId("i1"),
    userId: userId(1),
    confirmedAt,
    legs: [{ link: linkId("l1"), tag: TAG, state, qty: 10, filledQty: 0, avgPrice: ZERO_PRICE, ...more }],
  }) as never;

const there = (status: Order["status"], more: Partial<Order> = {}): Order =>
  ({ orderId: brokerOrderId("1"), tag: TAG, status, qty: 10, filledQty: 0, avgPrice: ZERO_PRICE, ...more }) as never;

const verdict = (intent: Intent, ...orders: Order[]) => {
  const { duplicated, lost, wrong } = judge(
    [intent],
    orders.length > 0 ? new Map([[TAG as string, orders]]) : new Map(),
  );
  return { duplicated, lost, wrong };
};
const CLEAN = { duplicated: 0, lost: 0, wrong: 0 };

describe("the verdict of a chaos run", () => {
  it("finds nothing when the bot's record and the exchange's book agree", () => {
    const fill = { filledQty: 10, avgPrice: price(8_000_000) };
    expect(verdict(said("filled", fill), there("filled", fill))).toEqual(CLEAN);
    expect(verdict(said("working"), there("trigger-pending"))).toEqual(CLEAN);
    expect(verdict(said("not-sent"))).toEqual(CLEAN);
    expect(verdict(said("not-found"))).toEqual(CLEAN);
    expect(verdict(said("rejected"))).toEqual(CLEAN);
    expect(verdict(said("dropped", {}, null))).toEqual(CLEAN);
  });

  it("finds an order that was sent twice, or without a confirmation", () => {
    expect(verdict(said("working"), there("open"), there("open"))).toMatchObject({ duplicated: 1 });
    expect(verdict(said("dropped", {}, null), there("open"))).toMatchObject({ duplicated: 1 });
  });

  it("finds a lost order: it exists, but the bot says it does not or knows nothing of it", () => {
    for (const state of ["not-sent", "not-found", "sending", "unknown", "unresolved"] as const)
      expect(verdict(said(state), there("open")), state).toMatchObject({ lost: 1 });
    expect(judge([], new Map([["other", [there("open")]]]))).toMatchObject({ lost: 1 });
  });

  it("finds an order whose recorded final state is not the one in the book", () => {
    expect(verdict(said("filled", { filledQty: 10 }))).toMatchObject({ wrong: 1 });
    expect(verdict(said("working"), there("filled", { filledQty: 10 }))).toMatchObject({ wrong: 1 });
    expect(verdict(said("filled", { filledQty: 9 }), there("filled", { filledQty: 10 }))).toMatchObject({ wrong: 1 });
    expect(verdict(said("rejected"), there("filled", { filledQty: 10 }))).toMatchObject({ wrong: 1 });
  });

  it("finds a position that was closed past flat, made larger or turned around, and a delivery bought back", () => {
    const rows = (qty: number, productType: Product = "INTRADAY") =>
      new Map([["dhan", [{ key: null, productType, side: qty < 0 ? "SELL" : "BUY", qty: Math.abs(qty) } as Position]]]);
    for (const fine of [10, 4, 0]) {
      expect(overclosed(rows(10), rows(fine))).toEqual([]);
      expect(overclosed(rows(-10), rows(-fine))).toEqual([]);
    }
    for (const wrong of [-10, 20]) {
      expect(overclosed(rows(10), rows(wrong))).toHaveLength(1);
      expect(overclosed(rows(-10), rows(-wrong))).toHaveLength(1);
    }
    expect(overclosed(rows(-10, "CNC"), rows(-10, "CNC"))).toEqual([]);
    expect(overclosed(rows(-10, "CNC"), rows(0, "CNC"))).toHaveLength(1);
  });
});
