import { describe, expect, test } from "vitest";
import { brokerOrderId, orderTag, tradingSymbol } from "../../../src/domain/ids.ts";
import { indexKey, instrumentKey } from "../../../src/domain/instrument.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import type { Order, OrderRequest, OrderTerms } from "../../../src/domain/order.ts";
import { HttpFailure } from "../../../src/lib/http.ts";
import { createRateLimiter } from "../../../src/lib/rate-limit.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { ordersSchema } from "../../../connectors/dhan/schemas.ts";
import { toOrder } from "../../../connectors/dhan/map.ts";
import { bodyOf } from "../harness.ts";
import { access, type Answer, answering, CLIENT_ID, fixture, NOW, reply, setUp, validRows } from "./harness.ts";

const request: OrderRequest = {
  tag: orderTag("ord7f3a91c2"),
  key: instrumentKey("NSE", 3045),
  symbol: tradingSymbol("NSE:SBIN-EQ"),
  side: "BUY",
  productType: "CNC",
  validity: "DAY",
  qty: 10,
  isAmo: false,
  terms: { type: "LIMIT", price: priceFromRupees(1010.5) },
};
const protection = { basisPoints: 100, limit: priceFromRupees(1020.6) };
const [partial, , stop, rejected] = validRows(ordersSchema.parse(fixture("get-orders.json"))).map((row) =>
  toOrder(row, () => undefined),
) as [Order, Order, Order, Order];
const accept: Answer = () => reply(fixture("post-orders.json"));

describe("placing", () => {
  test("sends the documented fields and no empty ones", async () => {
    const { connector, http, limiterKeys } = setUp(accept);
    const outcome = await connector.placeOrder(access({}, { egress: new Secret("http://10.0.0.9:3128") }), request);
    expect(outcome).toEqual({ kind: "accepted", orderId: "3426112100417", handle: {} });
    const [sent] = http.requests;
    expect(sent).toMatchObject({ via: "send", method: "POST", url: "https://api.dhan.co/v2/orders", timeoutMs: 7_000 });
    expect(sent?.egress?.reveal()).toBe("http://10.0.0.9:3128");
    expect(bodyOf(sent)).toEqual({
      dhanClientId: CLIENT_ID,
      correlationId: "ord7f3a91c2",
      transactionType: "BUY",
      exchangeSegment: "NSE_EQ",
      productType: "CNC",
      orderType: "LIMIT",
      validity: "DAY",
      securityId: "3045",
      quantity: 10,
      price: 1010.5,
    });
    expect(limiterKeys).toEqual([`dhan:${CLIENT_ID}:order`]);
  });

  test.each<[string, OrderTerms, object]>([
    [
      "a market order as a limit order at its protection price",
      { type: "MARKET", protection },
      { orderType: "LIMIT", price: 1020.6 },
    ],
    [
      "a stop order with its limit",
      { type: "SL", price: priceFromRupees(1016), triggerPrice: priceFromRupees(1015) },
      { orderType: "STOP_LOSS", price: 1016, triggerPrice: 1015 },
    ],
    [
      "a stop-market order as a stop order with the protection price as its limit",
      { type: "SL-M", triggerPrice: priceFromRupees(1015), protection },
      { orderType: "STOP_LOSS", price: 1020.6, triggerPrice: 1015 },
    ],
  ])("sends %s", async (_, terms, expected) => {
    const { connector, http } = setUp(accept);
    await connector.placeOrder(access(), { ...request, terms, isAmo: true });
    const { orderType, price, triggerPrice, afterMarketOrder, amoTime } = bodyOf(http.requests[0]) as Record<
      string,
      unknown
    >;
    expect(JSON.parse(JSON.stringify({ orderType, price, triggerPrice }))).toEqual(expected);
    expect({ afterMarketOrder, amoTime }).toEqual({ afterMarketOrder: true, amoTime: "OPEN" });
  });

  test("sends a derivative with its own segment, and refuses an index or a product that Dhan does not offer", async () => {
    const { connector, http } = setUp(accept);
    await connector.placeOrder(access(), { ...request, key: instrumentKey("BFO", 860001), productType: "MARGIN" });
    expect(bodyOf(http.requests[0])).toMatchObject({ exchangeSegment: "BSE_FNO", securityId: "860001" });
    await expect(connector.placeOrder(access(), { ...request, key: indexKey("NIFTY50") })).rejects.toThrow(RangeError);
    await expect(connector.placeOrder(access(), { ...request, productType: "BO" })).rejects.toThrow(RangeError);
    expect(http.requests).toHaveLength(1);
  });

  const dh =
    (errorCode: string, errorMessage: string, status = 400) =>
    () =>
      reply({ errorType: "x", errorCode, errorMessage }, status);
  const failing = (kind: "timeout" | "broken" | "unreachable" | "aborted") => () =>
    Promise.reject(new HttpFailure(kind, "no reply"));
  test.each<[string, Answer, object]>([
    [
      "refused with a message",
      dh("DH-906", "Trigger Price should be greater than Price"),
      { kind: "rejected", reason: "Trigger Price should be greater than Price" },
    ],
    ["refused because the segment is not enabled", dh("DH-903", "Segment not enabled"), { kind: "rejected" }],
    [
      "with REJECTED in the reply",
      () => reply({ orderId: "77", orderStatus: "REJECTED" }),
      { kind: "rejected", orderId: "77" },
    ],
    ["from an unregistered IP address", dh("DH-905", "Invalid IP"), { kind: "not-sent", cause: "ip-not-allowed" }],
    [
      "from an unregistered IP address (with the other code)",
      dh("DH-911", "Invalid IP"),
      { kind: "not-sent", cause: "ip-not-allowed" },
    ],
    ["with an expired session", dh("DH-901", "expired", 401), { kind: "not-sent", cause: "session-expired" }],
    ["with a bad field", dh("DH-905", "quantity is required"), { kind: "not-sent", cause: "invalid-request" }],
    ["without a connection", failing("unreachable"), { kind: "not-sent", cause: "unreachable" }],
    ["without a reply in time", failing("timeout"), { kind: "unknown" }],
    ["on a connection that broke", failing("broken"), { kind: "unknown" }],
    ["whose call is aborted", failing("aborted"), { kind: "unknown" }],
    ["answered with a 500", dh("DH-908", "Internal", 500), { kind: "unknown" }],
    ["answered with a 500 that has an order error code", dh("DH-906", "Order Error", 500), { kind: "unknown" }],
    ["answered with a gateway's HTML page", () => reply("<html>502</html>", 502), { kind: "unknown" }],
    ["answered with a 401 that is not Dhan's", () => reply("<html>Unauthorized</html>", 401), { kind: "unknown" }],
    ["answered with a 401 and an unknown code", dh("X", "?", 401), { kind: "unknown" }],
    ["answered with HTML and status 200", () => reply("<html>hello</html>"), { kind: "unknown" }],
    ["answered with truncated JSON", () => reply('{"orderId":"34261121'), { kind: "unknown" }],
    ["answered without an order id", () => reply({ orderId: "", orderStatus: "TRANSIT" }), { kind: "unknown" }],
    ["answered with an order id of 0", () => reply({ orderId: "0", orderStatus: "TRANSIT" }), { kind: "unknown" }],
    ["answered with an unknown status", () => reply({ orderId: "1", orderStatus: "WARPED" }), { kind: "unknown" }],
    ["answered with a 429", dh("DH-904", "Too many requests", 429), { kind: "unknown" }],
    ["answered with the gateway's 404", () => reply(fixture("error-gateway.json"), 404), { kind: "unknown" }],
  ])("an order %s has outcome $2 after one request", async (_, answer, expected) => {
    const { connector, http } = setUp(answer);
    expect(await connector.placeOrder(access(), request)).toMatchObject(expected);
    expect(http.requests).toHaveLength(1);
    expect(http.requests[0]?.via).toBe("send");
  });

  test("sends nothing once the session has expired", async () => {
    const { connector, http } = setUp(accept);
    const outcome = await connector.placeOrder(access({ expiresAt: NOW }), request);
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "session-expired" });
    expect(http.requests).toHaveLength(0);
  });

  test("reports not-sent when the call is aborted while it waits in the rate limiter", async () => {
    const { connector, http } = setUp(accept, { limiter: createRateLimiter() });
    const outcome = await connector.placeOrder(access(), request, AbortSignal.abort());
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "unreachable" });
    expect(http.requests).toHaveLength(0);
  });
});

describe("modifying and cancelling", () => {
  test("a modification sends every field, with the new total quantity", async () => {
    const { connector, http } = setUp(accept);
    const outcome = await connector.modifyOrder(access(), partial, { qty: 12 });
    expect(outcome).toEqual({ kind: "accepted", orderId: "3426112100417", handle: {} });
    expect(http.requests[0]).toMatchObject({ method: "PUT", url: "https://api.dhan.co/v2/orders/3426112100417" });
    expect(bodyOf(http.requests[0])).toEqual({
      dhanClientId: CLIENT_ID,
      orderId: "3426112100417",
      orderType: "LIMIT",
      price: 1010.5,
      quantity: 12,
      validity: "DAY",
    });
  });

  test("modifying a stop order keeps its trigger, disclosed quantity and leg", async () => {
    const { connector, http } = setUp(accept);
    const handle = { disclosedQuantity: "30", legName: "ENTRY_LEG" };
    await connector.modifyOrder(access(), { ...stop, handle }, {});
    expect(bodyOf(http.requests[0])).toMatchObject({
      orderType: "STOP_LOSS",
      price: 101.5,
      triggerPrice: 102.05,
      disclosedQuantity: 30,
      legName: "ENTRY_LEG",
    });
    await connector.modifyOrder(access(), rejected, {});
    expect(bodyOf(http.requests[1])).toMatchObject({ orderType: "STOP_LOSS_MARKET", triggerPrice: 1015 });
  });

  test.each<[string, Partial<Order>]>([
    ["validity", { validity: "OTHER" }],
    ["limit price", { price: priceFromRupees(0) }],
    ["limit price (of a stop order)", { ...stop, price: priceFromRupees(0) }],
    ["trigger price", { ...stop, triggerPrice: priceFromRupees(0) }],
  ])("modifying an order whose %s is unknown sends nothing, rather than guess it", async (_, unknown) => {
    const { connector, http } = setUp(accept);
    const outcome = await connector.modifyOrder(access(), { ...partial, ...unknown }, { qty: 12 });
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "invalid-request" });
    expect(http.requests).toEqual([]);
  });

  test("a cancellation has no body and goes through the link's proxy", async () => {
    const { connector, http } = setUp(() => reply(fixture("delete-orders.json")));
    const egress = new Secret("socks5://10.0.0.9:1080");
    expect(await connector.cancelOrder(access({}, { egress }), partial)).toMatchObject({ kind: "accepted" });
    expect(http.requests[0]).toMatchObject({ method: "DELETE", egress });
    expect(http.requests[0]?.body).toBeUndefined();
  });

  test("a cancellation is rejected when the reply says that the order has traded", async () => {
    const { connector } = setUp(() => reply({ orderId: partial.orderId, orderStatus: "TRADED" }));
    expect(await connector.cancelOrder(access(), partial)).toMatchObject({
      kind: "rejected",
      orderId: partial.orderId,
    });
  });

  test("a reply that names another order leaves the outcome unknown", async () => {
    for (const orderStatus of ["CANCELLED", "TRADED", "REJECTED"]) {
      const { connector } = setUp(() => reply({ orderId: "3426112100418", orderStatus }));
      expect(await connector.cancelOrder(access(), partial)).toMatchObject({ kind: "unknown" });
      expect(await connector.modifyOrder(access(), partial, { qty: 12 })).toMatchObject({ kind: "unknown" });
    }
  });

  test("cancelling an order in transit is rejected with Dhan's message", async () => {
    const words = "Order is in Transit state, please try after sometime";
    const { connector, http } = setUp(() => reply({ errorType: "x", errorCode: "DH-906", errorMessage: words }, 400));
    expect(await connector.cancelOrder(access(), partial)).toEqual({
      kind: "rejected",
      reason: words,
      raw: `DH-906 ${words}`,
    });
    expect(http.requests).toHaveLength(1);
  });
});

describe("finding an order", () => {
  const notFound = reply(
    { errorType: "Order_Error", errorCode: "DH-906", errorMessage: "Incorrect correlationId" },
    404,
  );
  const book = reply(fixture("get-orders.json"));
  const [row] = fixture("get-orders.json") as object[];

  test("by its correlation id", async () => {
    const { connector, http } = setUp(answering({ "GET /v2/orders/external/ord7f3a91c2": reply(row) }));
    const found = await connector.findOrdersByTag(access(), orderTag("ord7f3a91c2"));
    expect(found.map(({ orderId }) => orderId)).toEqual(["3426112100417"]);
    expect(http.requests).toHaveLength(1);
  });

  test("in the order book, while Dhan does not know the correlation id yet", async () => {
    const { connector } = setUp(answering({ "GET /v2/orders/external/ordstop1": notFound, "GET /v2/orders": book }));
    const found = await connector.findOrdersByTag(access(), orderTag("ordstop1"));
    expect(found.map(({ orderId }) => orderId)).toEqual(["3426112100419"]);
  });

  test("in the order book, when the order found has no correlation id", async () => {
    const unnamed = reply({ ...row, correlationId: null });
    const { connector } = setUp(answering({ "GET /v2/orders/external/ord7f3a91c2": unnamed, "GET /v2/orders": book }));
    const found = await connector.findOrdersByTag(access(), orderTag("ord7f3a91c2"));
    expect(found.map(({ orderId }) => orderId)).toEqual(["3426112100417"]);
  });

  test.each([
    ["fails", reply("<html>", 502)],
    ["has an unexpected shape", reply({ orders: [] })],
    ["is refused as a bad request", reply({ errorCode: "DH-905", errorMessage: "Invalid correlationId" }, 400)],
  ])("in the order book, when the look-up by correlation id %s", async (_, answer) => {
    const { connector } = setUp(answering({ "GET /v2/orders/external/ordstop1": answer, "GET /v2/orders": book }));
    const found = await connector.findOrdersByTag(access(), orderTag("ordstop1"));
    expect(found.map(({ orderId }) => orderId)).toEqual(["3426112100419"]);
  });

  test("gives nothing when the order book does not have it either", async () => {
    const { connector } = setUp(answering({ "GET /v2/orders/external/ordnone": notFound, "GET /v2/orders": book }));
    expect(await connector.findOrdersByTag(access(), orderTag("ordnone"))).toEqual([]);
  });

  test("fails when the session has expired, rather than report it as missing", async () => {
    const { connector } = setUp(() => reply(fixture("error-auth.json"), 401));
    await expect(connector.findOrdersByTag(access(), orderTag("ordnone"))).rejects.toMatchObject({
      kind: "auth-expired",
    });
  });

  test('by its id accepts an array or an object, and gives null for an empty array or "not found"', async () => {
    const asArray = setUp(() => reply(fixture("get-order.json")));
    const id = brokerOrderId("3426112100421");
    const order = await asArray.connector.getOrder(access(), id, {});
    // Dhan converts a market order to a limit order and lists it as that.
    expect(order).toMatchObject({
      orderId: id,
      type: "LIMIT",
      price: 10_224_500,
      avgPrice: 10_124_000,
      status: "filled",
      message: null,
    });
    const asObject = setUp(() => reply((fixture("get-order.json") as object[])[0]));
    expect(await asObject.connector.getOrder(access(), id, {})).toEqual(order);
    const emptyArray = setUp(() => reply([]));
    expect(await emptyArray.connector.getOrder(access(), id, {})).toBeNull();
    const missing = setUp(() => notFound);
    expect(await missing.connector.getOrder(access(), id, {})).toBeNull();
  });
});

test("the cost of an order has a margin but no charges", async () => {
  const { connector, http } = setUp(() => reply(fixture("post-margincalculator.json")));
  expect(await connector.getOrderCost?.(access(), request)).toEqual({ margin: 252_625, charges: null });
  expect(http.requests[0]).toMatchObject({ via: "read" });
  expect(http.requests[0]?.egress).toBeUndefined();
  expect(bodyOf(http.requests[0])).toMatchObject({ dhanClientId: CLIENT_ID, price: 1010.5, triggerPrice: 0 });
});

test.each<[OrderTerms["type"], OrderTerms, object]>([
  ["MARKET", { type: "MARKET", protection }, { price: 1020.6, triggerPrice: 0 }],
  [
    "SL",
    { type: "SL", price: priceFromRupees(1016), triggerPrice: priceFromRupees(1015) },
    { price: 1016, triggerPrice: 1015 },
  ],
  ["SL-M", { type: "SL-M", triggerPrice: priceFromRupees(1015), protection }, { price: 1020.6, triggerPrice: 1015 }],
])("the margin of a %s order is computed at the price that the order would be sent with", async (_, terms, prices) => {
  const { connector, http } = setUp(() => reply(fixture("post-margincalculator.json")));
  await connector.getOrderCost?.(access(), { ...request, terms });
  expect(bodyOf(http.requests[0])).toMatchObject(prices);
});
