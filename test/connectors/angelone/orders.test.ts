import { describe, expect, it } from "vitest";
import { angelone } from "../../../connectors/angelone/index.ts";
import { brokerOrderId, orderTag } from "../../../src/domain/ids.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import type { Order, OrderTerms } from "../../../src/domain/order.ts";
import { HttpFailure, type HttpReply } from "../../../src/lib/http.ts";
import type { RateLimiter } from "../../../src/lib/rate-limit.ts";
import { bodyOf } from "../harness.ts";
import { access, API_KEY, buy, emptyTable, expired, fixtureReply, JWT, reply, setUp } from "./harness.ts";

const rupees = priceFromRupees;
const PLACED = { placeOrder: "post-placeOrder.json" };

describe("placing", () => {
  it("sends every value as text and returns Angel One's ids", async () => {
    const { connector, requests } = setUp(PLACED);
    const outcome = await connector.placeOrder(access, buy());
    expect(outcome).toEqual({
      kind: "accepted",
      orderId: "261120000148213",
      handle: {
        variety: "NORMAL",
        exchange: "NSE",
        tradingsymbol: "SBIN-EQ",
        symboltoken: "3045",
        duration: "DAY",
        uniqueorderid: "7c1e5b0a-93f4-4d0e-8a52-6d1f3be0c947",
      },
    });
    expect(bodyOf(requests[0])).toEqual({
      variety: "NORMAL",
      tradingsymbol: "SBIN-EQ",
      symboltoken: "3045",
      transactiontype: "BUY",
      exchange: "NSE",
      ordertype: "LIMIT",
      producttype: "DELIVERY",
      duration: "DAY",
      price: "1010.50",
      triggerprice: "0",
      squareoff: "0",
      stoploss: "0",
      trailingStopLoss: "0",
      quantity: "10",
      disclosedquantity: "0",
      ordertag: "dp7f3a91c2",
      scripconsent: "yes",
    });
    expect(requests[0]?.headers).toMatchObject({
      "X-PrivateKey": API_KEY,
      Authorization: `Bearer ${JWT}`,
      "X-UserType": "USER",
      "X-SourceID": "WEB",
    });
  });

  const protection = { basisPoints: 100, limit: rupees("1020.60") };
  const terms: [string, OrderTerms, Record<string, string>][] = [
    [
      "a market order as a limit order at its protection price",
      { type: "MARKET", protection },
      { variety: "NORMAL", ordertype: "LIMIT", price: "1020.60", triggerprice: "0" },
    ],
    [
      "a stop order",
      { type: "SL", price: rupees(1000), triggerPrice: rupees("999.95") },
      { variety: "STOPLOSS", ordertype: "STOPLOSS_LIMIT", price: "1000.00", triggerprice: "999.95" },
    ],
    [
      "a stop-market order as a stop-limit order at its protection price",
      { type: "SL-M", triggerPrice: rupees(1010), protection },
      { variety: "STOPLOSS", ordertype: "STOPLOSS_LIMIT", price: "1020.60", triggerprice: "1010.00" },
    ],
    [
      "a price finer than a paisa",
      { type: "LIMIT", price: rupees("83.0025") },
      { variety: "NORMAL", ordertype: "LIMIT", price: "83.0025", triggerprice: "0" },
    ],
  ];
  it.each(terms)("sends %s", async (_what, asked, expected) => {
    const { connector, requests } = setUp(PLACED);
    await connector.placeOrder(access, buy({ terms: asked }));
    expect(bodyOf(requests[0])).toMatchObject(expected);
  });

  it("never sends order type MARKET", async () => {
    for (const [, asked] of terms) {
      const { connector, requests } = setUp(PLACED);
      await connector.placeOrder(access, buy({ terms: asked }));
      expect(requests[0]?.body).not.toContain("MARKET");
    }
  });

  it("gives after-market orders the AMO variety, except stop orders, which keep their own", async () => {
    const { connector, requests } = setUp(PLACED);
    await connector.placeOrder(access, buy({ isAmo: true }));
    await connector.placeOrder(
      access,
      buy({ isAmo: true, terms: { type: "SL", price: rupees(1000), triggerPrice: rupees(999) } }),
    );
    expect(requests.map((request) => bodyOf(request))).toMatchObject([{ variety: "AMO" }, { variety: "STOPLOSS" }]);
  });

  it("sends orders through the link's own proxy, but not reads", async () => {
    const { connector, requests } = setUp({ ...PLACED, getRMS: "get-getRMS.json" });
    await connector.placeOrder(access, buy());
    await connector.getFunds(access);
    expect(requests.map(({ egress }) => egress === access.egress)).toEqual([true, false]);
    expect(requests[1]?.egress).toBeUndefined();
  });
});

describe("the outcome of an order", () => {
  const cases: [string, HttpReply | Error, object][] = [
    [
      "a known refusal",
      fixtureReply("post-placeOrder-cautionary.json"),
      {
        kind: "rejected",
        reason: "This security is under the cautionary listing",
        raw: "AB4036 This security is under the cautionary listing",
      },
    ],
    [
      "a documented validation error",
      fixtureReply("post-placeOrder-symbol-not-found.json"),
      { kind: "not-sent", cause: "invalid-request" },
    ],
    [
      "an unregistered IP address",
      fixtureReply("error-AG7002.json", 403),
      { kind: "not-sent", cause: "ip-not-allowed" },
    ],
    [
      "a refusal without data",
      reply('{"status":false,"message":"Invalid Product Type","errorcode":"AB1012"}'),
      { kind: "not-sent", cause: "invalid-request" },
    ],
    ["an expired session", fixtureReply("error-AG8001.json", 200), { kind: "not-sent", cause: "session-expired" }],
    [
      "a wrong API key",
      reply('{"success":false,"message":"Invalid API Key","errorCode":"AG8004","data":""}'),
      { kind: "not-sent", cause: "invalid-credentials" },
    ],
    [
      "no connection",
      new HttpFailure("unreachable", "no connection (ECONNREFUSED)"),
      { kind: "not-sent", cause: "unreachable" },
    ],
    ["a timeout", new HttpFailure("timeout", "no reply in 7000 ms"), { kind: "unknown" }],
    ["a broken connection", new HttpFailure("broken", "connection broke"), { kind: "unknown" }],
    ["an aborted call", new HttpFailure("aborted", "call was abandoned"), { kind: "unknown" }],
    ["a gateway's HTML page", reply("<html>502</html>", 502), { kind: "unknown" }],
    ["an HTML page with 200", reply("<html>login</html>"), { kind: "unknown" }],
    ["truncated JSON", reply('{"status":true,"message":"SUC'), { kind: "unknown" }],
    ["an empty 400", reply("", 400), { kind: "unknown" }],
    ["the plain text of the rate limit", fixtureReply("error-rate-limit.txt", 403), { kind: "unknown" }],
    ["a 429", reply("{}", 429), { kind: "unknown" }],
    ["a success without an order id", fixtureReply("post-placeOrder-no-data.json"), { kind: "unknown" }],
    ["a success with a 5xx status", fixtureReply("post-placeOrder.json", 503), { kind: "unknown" }],
    [
      "the catch-all AB1007",
      reply('{"status":false,"message":"AMX Error","errorcode":"AB1007","data":null}'),
      { kind: "unknown" },
    ],
    [
      "throttling as AB1004",
      reply('{"status":false,"message":"Something Went Wrong","errorcode":"AB1004","data":null}'),
      { kind: "unknown" },
    ],
    [
      "an undocumented code",
      reply('{"status":false,"message":"Novel","errorcode":"AB7777","data":null}'),
      { kind: "unknown" },
    ],
  ];
  it.each(cases)("after %s is $2, without a second request", async (_what, answer, expected) => {
    const { connector, requests } = setUp({ placeOrder: answer });
    expect(await connector.placeOrder(access, buy())).toMatchObject(expected);
    expect(requests).toHaveLength(1);
  });

  it("never contains the access token or the API key", async () => {
    for (const [, answer] of cases) {
      const { connector } = setUp({ placeOrder: answer });
      const outcome = JSON.stringify(await connector.placeOrder(access, buy()));
      expect(outcome).not.toContain(JWT);
      expect(outcome).not.toContain(API_KEY);
    }
  });

  it("is not-sent, without a request, once the session has expired", async () => {
    const { connector, requests } = setUp(PLACED);
    expect(await connector.placeOrder(expired, buy())).toMatchObject({ kind: "not-sent", cause: "session-expired" });
    expect(await connector.modifyOrder(expired, sampleOrder, { qty: 5 })).toMatchObject({ cause: "session-expired" });
    expect(await connector.cancelOrder(expired, sampleOrder)).toMatchObject({ cause: "session-expired" });
    expect(requests).toEqual([]);
  });

  it("is not-sent when Angel One does not list the instrument or the connector does not place the product", async () => {
    const unlisted = setUp(PLACED, { table: emptyTable });
    expect(await unlisted.connector.placeOrder(access, buy())).toMatchObject({
      kind: "not-sent",
      cause: "invalid-request",
    });
    const { connector } = setUp(PLACED);
    expect(await connector.placeOrder(access, buy({ productType: "BO" }))).toMatchObject({ cause: "invalid-request" });
    expect(unlisted.requests).toEqual([]);
  });

  it("is not-sent when the call is aborted while it waits in the rate limiter", async () => {
    const controller = new AbortController();
    const neverReady: RateLimiter = {
      run: (_key, _windows, _call, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    };
    const { connector, requests } = setUp(PLACED, { limiter: neverReady });
    const outcome = connector.placeOrder(access, buy(), controller.signal);
    setImmediate(() => controller.abort());
    expect(await outcome).toMatchObject({ kind: "not-sent", cause: "unreachable" });
    expect(requests).toEqual([]);
  });
});

const sampleOrder: Order = {
  orderId: brokerOrderId("261120000148213"),
  exchangeOrderId: null,
  tag: orderTag("dp7f3a91c2"),
  symbol: buy().symbol,
  key: buy().key,
  side: "BUY",
  type: "SL",
  productType: "INTRADAY",
  validity: "DAY",
  qty: 10,
  filledQty: 0,
  avgPrice: rupees(0),
  price: rupees("1012.00"),
  triggerPrice: rupees("1011.00"),
  status: "trigger-pending",
  message: null,
  isAmo: false,
  placedAt: null,
  handle: {
    variety: "STOPLOSS",
    exchange: "NSE",
    tradingsymbol: "SBIN-EQ",
    symboltoken: "3045",
    duration: "DAY",
    uniqueorderid: "old",
  },
};

describe("modifying", () => {
  it("sends every field, unchanged ones from the order, and returns the new unique id", async () => {
    const { connector, requests } = setUp({ modifyOrder: "post-placeOrder.json" });
    const outcome = await connector.modifyOrder(access, sampleOrder, { qty: 5 });
    expect(bodyOf(requests[0])).toEqual({
      variety: "STOPLOSS",
      orderid: "261120000148213",
      ordertype: "STOPLOSS_LIMIT",
      producttype: "INTRADAY",
      duration: "DAY",
      price: "1012.00",
      quantity: "5",
      tradingsymbol: "SBIN-EQ",
      symboltoken: "3045",
      exchange: "NSE",
      triggerprice: "1011.00",
    });
    expect(outcome).toMatchObject({
      kind: "accepted",
      handle: { variety: "STOPLOSS", uniqueorderid: "7c1e5b0a-93f4-4d0e-8a52-6d1f3be0c947" },
    });
  });

  it("keeps the quantity when only the terms change", async () => {
    const { connector, requests } = setUp({ modifyOrder: "post-placeOrder.json" });
    await connector.modifyOrder(access, sampleOrder, { terms: { type: "LIMIT", price: rupees(1013) } });
    expect(bodyOf(requests[0])).toMatchObject({
      ordertype: "LIMIT",
      price: "1013.00",
      triggerprice: "0",
      quantity: "10",
    });
  });

  it("sends nothing for an order without a handle from the order book, nor does cancelling", async () => {
    const { connector, requests } = setUp({});
    const withoutHandle = { ...sampleOrder, handle: {} };
    expect(await connector.modifyOrder(access, withoutHandle, {})).toMatchObject({ cause: "invalid-request" });
    expect(await connector.cancelOrder(access, withoutHandle)).toMatchObject({ cause: "invalid-request" });
    expect(requests).toEqual([]);
  });
});

describe("cancelling", () => {
  it("sends the order's own variety", async () => {
    const { connector, requests } = setUp({ cancelOrder: "post-placeOrder.json" });
    expect(await connector.cancelOrder(access, sampleOrder)).toMatchObject({ kind: "accepted" });
    expect(bodyOf(requests[0])).toEqual({ variety: "STOPLOSS", orderid: "261120000148213" });
  });

  it("returns the unique id of the reply, and keeps the order's when the reply has none", async () => {
    const without = reply('{"status":true,"message":"SUCCESS","errorcode":"","data":{"orderid":"261120000148213"}}');
    const handles = [];
    for (const cancelOrder of ["post-placeOrder.json", without]) {
      const outcome = await setUp({ cancelOrder }).connector.cancelOrder(access, sampleOrder);
      handles.push(outcome.kind === "accepted" ? outcome.handle : outcome);
    }
    const { handle } = sampleOrder;
    expect(handles).toEqual([{ ...handle, uniqueorderid: "7c1e5b0a-93f4-4d0e-8a52-6d1f3be0c947" }, handle]);
  });

  it("has an unknown outcome when the reply names another order, as does modifying", async () => {
    const other = { ...sampleOrder, orderId: brokerOrderId("261120000148214") };
    const { connector } = setUp({ cancelOrder: "post-placeOrder.json", modifyOrder: "post-placeOrder.json" });
    expect(await connector.cancelOrder(access, other)).toMatchObject({ kind: "unknown" });
    expect(await connector.modifyOrder(access, other, { qty: 5 })).toMatchObject({ kind: "unknown" });
  });

  it("is rejected with Angel One's message if the order no longer exists", async () => {
    const { connector } = setUp({ cancelOrder: "post-cancelOrder-not-found.json" });
    expect(await connector.cancelOrder(access, sampleOrder)).toMatchObject({
      kind: "rejected",
      reason: "Order not found",
    });
  });
});

it("counts a link's order calls against one limit and the order book against its own, retries included", async () => {
  const limiterCalls: string[] = [];
  const limiter: RateLimiter = {
    run: (key, windows, call) => {
      limiterCalls.push(`${key} ${windows[0]?.count}/${windows[0]?.perMs}`);
      return call();
    },
  };
  const ack = "post-placeOrder.json";
  const answers = { placeOrder: ack, modifyOrder: ack, cancelOrder: ack, getOrderBook: "get-getOrderBook-empty.json" };
  const { connector, requests } = setUp(answers, { limiter });
  await connector.placeOrder(access, buy());
  await connector.modifyOrder(access, sampleOrder, { qty: 5 });
  await connector.cancelOrder(access, sampleOrder);
  await connector.getOrders(access);
  await requests.at(-1)?.turn?.(AbortSignal.any([]));
  expect(limiterCalls).toEqual([
    ...Array.from({ length: 3 }, () => "angelone:R58213:orders 9/1100"),
    ...Array.from({ length: 2 }, () => "angelone:R58213:orderBook 1/1100"),
  ]);
});

describe("postbacks", () => {
  it("yield only the order's id, and null when they name no order", async () => {
    const read = angelone.readPostback;
    expect(await read?.('{"clientcode":"R58213","orderid":"261120000148213","status":"complete"}', {})).toEqual({
      orderId: "261120000148213",
    });
    expect(await read?.("not json", {})).toBeNull();
    expect(await read?.('{"status":"complete"}', {})).toBeNull();
  });
});
