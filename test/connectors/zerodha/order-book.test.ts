import { describe, expect, it } from "vitest";
import { toProduct, toStatus } from "../../../connectors/zerodha/map.ts";
import { brokerOrderId, orderTag } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import { failureOf } from "../harness.ts";
import { access, fixture, reply, setUp, text } from "./harness.ts";

describe("the order book", () => {
  it("is mapped row by row, oldest first, with ids as strings", async () => {
    const { connector } = await setUp(() => reply("get-orders"));
    const orders = await connector.getOrders(access);
    expect(orders.map(({ status }) => status)).toEqual([
      "filled",
      "rejected",
      "open",
      "trigger-pending",
      "pending",
      "cancelled",
    ]);
    expect(orders[0]).toEqual({
      orderId: "1992113344556677889",
      exchangeOrderId: "1300000038792287",
      tag: "tb7f3a91",
      symbol: "NSE:M&M-EQ",
      key: "NSE:2031",
      side: "BUY",
      type: "LIMIT",
      productType: "CNC",
      validity: "DAY",
      qty: 3,
      filledQty: 3,
      avgPrice: priceFromRupees(3352.1),
      price: priceFromRupees(3390.5),
      triggerPrice: 0,
      status: "filled",
      message: null,
      isAmo: false,
      placedAt: istInstant("2026-11-20", "11:04:33"),
      handle: { variety: "regular" },
    });
    expect(orders[1]?.message).toMatch(/^Insufficient funds/);
    expect(orders[2]).toMatchObject({ symbol: "NSE:NIFTY26NOVFUT", key: "NFO:49543", qty: 150, filledQty: 75 });
    expect(orders[3]).toMatchObject({ type: "SL", triggerPrice: priceFromRupees(890), side: "SELL" });
    expect(orders[4]).toMatchObject({ isAmo: true, handle: { variety: "amo" }, key: "BSE:500400" });
    expect(orders[5]?.validity).toBe("OTHER");
  });

  it("is searched by tag and by order id", async () => {
    const { connector } = await setUp(() => reply("get-orders"));
    const found = await connector.findOrdersByTag(access, orderTag("tc81d0e2"));
    expect(found.map(({ orderId }) => orderId)).toEqual(["1992113344556677890"]);
    expect(await connector.findOrdersByTag(access, orderTag("t0000000"))).toEqual([]);
    const order = await connector.getOrder(access, brokerOrderId("1992113344556677892"), {});
    expect(order?.status).toBe("trigger-pending");
    expect(await connector.getOrder(access, brokerOrderId("1"), {})).toBeNull();
  });

  it("may be empty, but fails on an unknown status rather than leave the order out", async () => {
    const empty = await setUp(() => reply("get-orders-empty"));
    expect(await empty.connector.getOrders(access)).toEqual([]);
    const unknown = await setUp(() => reply("get-orders-unknown-status"));
    expect(await failureOf(unknown.connector.getOrders(access))).toMatchObject({
      kind: "bad-response",
      message: expect.stringContaining("not as documented: unknown order status: PARKED AT DESK") as string,
    });
  });

  it.each([
    ["order type", '"order_type": "LIMIT"', '"order_type": "ICE"'],
    ["product", '"product": "CNC"', '"product": "ICE"'],
    ["side", '"transaction_type": "BUY"', '"transaction_type": "ICE"'],
  ])("fails on an unknown %s", async (what, from, to) => {
    const { connector } = await setUp(() => text(fixture("get-orders.json").replace(from, to)));
    expect(await failureOf(connector.getOrders(access))).toMatchObject({
      kind: "bad-response",
      message: `GET /orders: 1 of 6 rows not as documented: unknown ${what}: ICE`,
    });
  });

  it.each([
    ["PUT ORDER REQ RECEIVED", "pending"],
    ["VALIDATION PENDING", "pending"],
    ["OPEN PENDING", "pending"],
    ["MODIFY AMO REQ RECEIVED", "pending"],
    ["MODIFY VALIDATION PENDING", "open"],
    ["MODIFY PENDING", "open"],
    ["MODIFIED", "open"],
    ["NOT MODIFIED", "open"],
    ["CANCEL PENDING", "open"],
    ["CANCELLED AMO", "cancelled"],
  ])("maps status %s to %s", (kite, status) => {
    expect(toStatus({ status: kite, order_type: "LIMIT", filled_quantity: 0 })).toBe(status);
  });

  it.each(["MODIFY VALIDATION PENDING", "MODIFY PENDING", "MODIFIED", "NOT MODIFIED", "CANCEL PENDING"])(
    "shows a stop that is %s as waiting for its trigger, until some of it has filled",
    (status) => {
      const statusOf = (order_type: string, filled_quantity: number) =>
        toStatus({ status, order_type, filled_quantity });
      expect([statusOf("SL", 0), statusOf("SL-M", 0), statusOf("SL", 5)]).toEqual([
        "trigger-pending",
        "trigger-pending",
        "open",
      ]);
    },
  );

  it.each([
    ["null", "null"],
    ["an empty text", '""'],
    ["the year 1", '"0001-01-01 00:00:00"'],
  ])("reads %s as no time, in orders and in trades", async (_what, none) => {
    const untimed = (name: string) =>
      text(fixture(name).replaceAll(/"(order|fill)_timestamp": "[^"]+"/g, `"$1_timestamp": ${none}`));
    const { connector } = await setUp(({ url }) =>
      untimed(url.endsWith("/trades") ? "get-trades.json" : "get-orders.json"),
    );
    expect((await connector.getOrders(access)).map(({ placedAt }) => placedAt)).toEqual(Array(6).fill(null));
    expect(await connector.getTrades(access)).toMatchObject([{ tradeId: "40552118", at: null }]);
  });

  it("is mapped by functions that throw a RangeError for an unknown status or product", () => {
    expect(() => toStatus({ status: "open", order_type: "LIMIT", filled_quantity: 0 })).toThrow(RangeError);
    expect(() => toProduct("mis")).toThrow(RangeError);
  });

  it("has trades with their fill time", async () => {
    const { connector } = await setUp(() => reply("get-trades"));
    expect(await connector.getTrades(access)).toEqual([
      {
        tradeId: "40552118",
        orderId: "1992113344556677889",
        symbol: "NSE:M&M-EQ",
        key: "NSE:2031",
        side: "BUY",
        productType: "CNC",
        qty: 3,
        price: priceFromRupees(3352.1),
        at: istInstant("2026-11-20", "11:04:33"),
      },
    ]);
  });
});
