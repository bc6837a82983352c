import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { tradingSymbol } from "../../../src/domain/ids.ts";
import type { Order, OrderRequest, OrderTerms } from "../../../src/domain/order.ts";
import { errorKind } from "../../../connectors/fyers/errors.ts";
import { createRateLimiter } from "../../../src/lib/rate-limit.ts";
import type { RateLimiter } from "../../../src/lib/rate-limit.ts";
import { HttpFailure } from "../../../src/lib/http.ts";
import type { HttpReply } from "../../../src/lib/http.ts";
import { failureOf } from "../harness.ts";
import { access, html, listed, NOW, reply, setUp, text, TOKEN } from "./harness.ts";

const units = (value: number): never => value as never;
const protection = { basisPoints: 300, limit: units(9_320_000) };
const limit: OrderTerms = { type: "LIMIT", price: units(9_045_000) };

const request = (more: Partial<OrderRequest> = {}): OrderRequest => ({
  tag: "tb7f3a91" as never,
  key: "NSE:3045" as never,
  symbol: "NSE:SBIN-EQ" as never,
  side: "BUY",
  productType: "CNC",
  validity: "DAY",
  qty: 3,
  isAmo: false,
  terms: limit,
  ...more,
});

const sentBody = async (more: Partial<OrderRequest>): Promise<Record<string, unknown>> => {
  const { connector, sent } = await setUp(() => reply("post-orders-sync"));
  await connector.placeOrder(access, request(more));
  return JSON.parse(sent[0]?.body ?? "") as Record<string, unknown>;
};

const resting = async (): Promise<Order> => {
  const { connector } = await setUp(() => reply("get-orders"));
  const found = (await connector.getOrders(access)).find(({ orderId }) => orderId.endsWith("35"));
  if (!found) throw new Error("fixture has no open order");
  return found;
};

describe("placing an order", () => {
  it("sends every mandatory field, once, through the link's proxy", async () => {
    const { connector, sent } = await setUp(() => reply("post-orders-sync"));
    await connector.placeOrder(access, request());
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      via: "send",
      method: "POST",
      url: "https://api-t1.fyers.in/api/v3/orders/sync",
      timeoutMs: 7_000,
      scope: "fyers",
      egress: access.egress,
      headers: { authorization: `DEMOAPP123-100:${TOKEN}` },
    });
    expect(JSON.parse(sent[0]?.body ?? "")).toEqual({
      symbol: "NSE:SBIN-EQ",
      qty: 3,
      type: 1,
      side: 1,
      productType: "CNC",
      limitPrice: 904.5,
      stopPrice: 0,
      disclosedQty: 0,
      validity: "DAY",
      offlineOrder: false,
      stopLoss: 0,
      takeProfit: 0,
      orderTag: "tb7f3a91",
      isSliceOrder: false,
    });
  });

  it.each<[string, OrderTerms, object]>([
    ["MARKET", { type: "MARKET", protection }, { type: 1, limitPrice: 932, stopPrice: 0 }],
    [
      "SL",
      { type: "SL", price: units(9_100_000), triggerPrice: units(9_090_500) },
      { type: 4, limitPrice: 910, stopPrice: 909.05 },
    ],
    [
      "SL-M",
      { type: "SL-M", triggerPrice: units(9_090_500), protection },
      { type: 4, limitPrice: 932, stopPrice: 909.05 },
    ],
  ])("sends %s terms with Fyers' type numbers", async (_type, terms, expected) => {
    expect(await sentBody({ terms })).toMatchObject(expected);
  });

  it("sends Fyers' own symbol, looked up by the instrument key", async () => {
    expect(await sentBody({ key: "BSE:532977" as never, symbol: "BSE:BAJAJ-AUTO" as never })).toMatchObject({
      symbol: "BSE:BAJAJ-AUTO-A",
    });
    expect(await sentBody({ key: "NFO:41922" as never, productType: "MARGIN", qty: 75 })).toMatchObject({
      symbol: "NSE:NIFTY26D0126000PE",
      productType: "MARGIN",
    });
  });

  it("sends the flags of sell, IOC and after-market orders", async () => {
    expect(await sentBody({ side: "SELL", validity: "IOC", isAmo: true, productType: "INTRADAY" })).toMatchObject({
      side: -1,
      validity: "IOC",
      offlineOrder: true,
      productType: "INTRADAY",
    });
  });

  it("sends nothing for an unknown instrument or a product that Fyers does not offer", async () => {
    const { connector, sent } = await setUp(() => reply("post-orders-sync"));
    const outcomes = [
      await connector.placeOrder(access, request({ key: "NSE:1" as never })),
      await connector.placeOrder(access, request({ productType: "BO" })),
    ];
    expect(outcomes).toMatchObject([
      { kind: "not-sent", cause: "invalid-request" },
      { kind: "not-sent", cause: "invalid-request" },
    ]);
    expect(sent).toHaveLength(0);
  });

  it("sends nothing while the instrument master is unavailable", async () => {
    const { connector, sent } = await setUp(() => reply("post-orders-sync"), {
      instruments: () => Promise.reject(new Error("down")),
    });
    expect(await connector.placeOrder(access, request())).toMatchObject({ kind: "not-sent", cause: "unreachable" });
    expect(sent).toHaveLength(0);
  });
});

const error = (code: number, message: string, status = 400): HttpReply =>
  text(JSON.stringify({ s: "error", code, message }), status);

describe("the outcome of placing an order", () => {
  it.each<[string, HttpReply | HttpFailure, object]>([
    ["accepted", reply("post-orders-sync"), { kind: "accepted", orderId: "26112000001234", handle: {} }],
    [
      "rejected by RMS, with the id of the rejected order",
      reply("post-orders-sync-rejected", 400),
      {
        kind: "rejected",
        orderId: "26112000001240",
        reason: "Margin Shortfall: required 9050.00, available 812.40",
        raw: "-99 Margin Shortfall: required 9050.00, available 812.40",
      },
    ],
    [
      "rejected with HTTP 200",
      reply("post-orders-sync-rejected", 200),
      { kind: "rejected", orderId: "26112000001240" },
    ],
    ["rejected without permission", error(-373, "No permission"), { kind: "rejected" }],
    [
      "rejected for an app that may not place orders",
      error(-50, "Orders are not allowed from this app"),
      { kind: "rejected", reason: expect.stringContaining("not allowed from this app") },
    ],
    [
      "not sent: our request was invalid",
      reply("post-orders-sync-invalid", 400),
      { kind: "not-sent", cause: "invalid-request" },
    ],
    [
      "not sent: off tick",
      error(-392, "Price should be in multiples of tick size."),
      { kind: "not-sent", cause: "invalid-request" },
    ],
    [
      "not sent: one of the codes for failed checks",
      error(-310, "Quantity should be in multiples of the lot"),
      { kind: "not-sent", cause: "invalid-request" },
    ],
    ["not sent: static IP", reply("post-orders-sync-static-ip", 400), { kind: "not-sent", cause: "ip-not-allowed" }],
    ["not sent: static IP as 403", error(-1, "IP not whitelisted", 403), { kind: "not-sent", cause: "ip-not-allowed" }],
    ["not sent: expired session", reply("get-profile-expired", 401), { kind: "not-sent", cause: "session-expired" }],
    [
      "not sent: expired session with HTTP 200",
      reply("get-data-quotes-dead-session"),
      { kind: "not-sent", cause: "session-expired" },
    ],
    [
      "not sent: no connection",
      new HttpFailure("unreachable", "no connection (ECONNREFUSED)"),
      { kind: "not-sent", cause: "unreachable" },
    ],
    ["unknown: not acknowledged by the exchange", reply("post-orders-sync-unacknowledged"), { kind: "unknown" }],
    ["unknown: timeout", new HttpFailure("timeout", "no reply in 7000 ms"), { kind: "unknown" }],
    ["unknown: connection broke", new HttpFailure("broken", "connection broke"), { kind: "unknown" }],
    ["unknown: aborted during the call", new HttpFailure("aborted", "call was abandoned"), { kind: "unknown" }],
    ["unknown: 502 page", html(502), { kind: "unknown" }],
    ["unknown: 401 page", html(401), { kind: "unknown" }],
    ["unknown: 403 page", html(403), { kind: "unknown" }],
    ["unknown: 401 with a code that is not listed", error(-1, "no", 401), { kind: "unknown" }],
    ["unknown: 403 with a code that is not listed", error(-1, "no", 403), { kind: "unknown" }],
    ["unknown: 500 with a code that would mean rejection", error(-99, "Rejected", 500), { kind: "unknown" }],
    ["unknown: rate limit", reply("get-orders-too-many", 429), { kind: "unknown" }],
    ["unknown: 429 with a code that would mean rejection", error(-99, "Rejected", 429), { kind: "unknown" }],
    ["unknown: rate limit with HTTP 200", error(-429, "slow down", 200), { kind: "unknown" }],
    ["unknown: ok with HTTP 500", { ...reply("post-orders-sync"), status: 500 }, { kind: "unknown" }],
    ["unknown: truncated", text('{"s":"ok","code":1101,"mess'), { kind: "unknown" }],
    ["unknown: ok without an id", text('{"s":"ok","code":1101,"message":""}'), { kind: "unknown" }],
    ["unknown: ok with an unexpected code", text('{"s":"ok","code":200,"message":"","id":"1"}'), { kind: "unknown" }],
    ["unknown: Fyers lost its own connection", error(-204, "Connection lost"), { kind: "unknown" }],
    [
      "unknown: Fyers lost its own connection, and the message contains an IP address",
      error(-204, "Connection to IP 10.1.2.3 lost"),
      { kind: "unknown" },
    ],
    ["unknown: an undocumented code", error(-987, "Something"), { kind: "unknown" }],
    [
      "unknown: an undocumented code with the id of an order, which may be live",
      text('{"s":"error","code":-987,"message":"No confirmation from the exchange","id":"26112000001240"}', 400),
      { kind: "unknown" },
    ],
  ])("is %s, after one request", async (_what, answer, expected) => {
    const { connector, sent } = await setUp(() => answer);
    expect(await connector.placeOrder(access, request())).toMatchObject(expected);
    expect(sent).toHaveLength(1);
  });

  it("is not sent: aborted while it waited in the rate limiter", async () => {
    const { connector, sent } = await setUp(() => reply("post-orders-sync"), { limiter: createRateLimiter() });
    const aborted = AbortSignal.abort();
    expect(await connector.placeOrder(access, request(), aborted)).toMatchObject({
      kind: "not-sent",
      cause: "unreachable",
    });
    expect(sent).toHaveLength(0);
  });

  it("never contains the token, even when Fyers echoes it", async () => {
    const { connector } = await setUp(() => error(-99, `token ${TOKEN} of DEMOAPP123-100:${TOKEN}`));
    expect(inspect(await connector.placeOrder(access, request()), { depth: 9 })).not.toContain(TOKEN);
  });
});

describe("modifying an order", () => {
  it("sends every field, not only the changed ones", async () => {
    const { connector, sent } = await setUp(() => reply("patch-orders-sync"));
    const order = await resting();
    expect(await connector.modifyOrder(access, order, { qty: 12 })).toMatchObject({
      kind: "accepted",
      orderId: order.orderId,
    });
    expect(await connector.modifyOrder(access, order, { terms: limit })).toMatchObject({ kind: "accepted" });
    expect(sent.map(({ via, method, url }) => `${via} ${method} ${new URL(url).pathname}`)).toEqual(
      Array(2).fill("send PATCH /api/v3/orders/sync"),
    );
    expect(sent.map(({ body }) => JSON.parse(body ?? "") as unknown)).toEqual([
      { id: order.orderId, qty: 12, type: 1, limitPrice: 900, stopPrice: 0 },
      { id: order.orderId, qty: 10, type: 1, limitPrice: 904.5, stopPrice: 0 },
    ]);
    expect(sent.every(({ egress }) => egress === access.egress)).toBe(true);
  });

  it("accepts the success code of the sample in the documentation", async () => {
    const { connector } = await setUp(() => text('{"s":"ok","code":1101,"message":"ok","id":"26112000001235"}'));
    expect(await connector.modifyOrder(access, await resting(), { qty: 11 })).toMatchObject({ kind: "accepted" });
  });

  it("has an unknown outcome after a timeout, with one request", async () => {
    const { connector, sent } = await setUp(() => new HttpFailure("timeout", "no reply"));
    expect(await connector.modifyOrder(access, await resting(), { qty: 11 })).toMatchObject({ kind: "unknown" });
    expect(sent).toHaveLength(1);
  });
});

it.each([
  ["another order", ',"id":"26112000001236"'],
  ["no order", ""],
])("the outcome of modifying or cancelling is unknown when the reply names %s", async (_what, id) => {
  const order = await resting();
  const connectorAnswering = async (code: number) =>
    (await setUp(() => text(`{"s":"ok","code":${code}${id}}`))).connector;
  expect(await (await connectorAnswering(1103)).cancelOrder(access, order)).toMatchObject({ kind: "unknown" });
  expect(await (await connectorAnswering(1102)).modifyOrder(access, order, { qty: 11 })).toMatchObject({
    kind: "unknown",
  });
});

describe("cancelling", () => {
  it("sends the order's id in the path, without a body", async () => {
    const { connector, sent } = await setUp(() => reply("delete-orders-id-sync"));
    expect(await connector.cancelOrder(access, await resting())).toMatchObject({
      kind: "accepted",
      orderId: "26112000001235",
    });
    expect(sent[0]).toMatchObject({
      method: "DELETE",
      url: "https://api-t1.fyers.in/api/v3/orders/26112000001235/sync",
    });
    expect(sent[0]).not.toHaveProperty("body");
  });

  it("is rejected for a filled order", async () => {
    const { connector } = await setUp(() => reply("delete-orders-id-sync-filled", 400));
    expect(await connector.cancelOrder(access, await resting())).toMatchObject({
      kind: "rejected",
      reason: "The order is not pending",
    });
  });

  it("is rejected for a filled order also with the older code", async () => {
    const { connector } = await setUp(() => error(-162, "Order is already traded"));
    expect(await connector.cancelOrder(access, await resting())).toMatchObject({
      kind: "rejected",
      reason: "Order is already traded",
    });
  });

  it.each(["..", "a/b", "../positions", "1?x=1"])(
    "sends nothing for an id that would change the URL's path: %s",
    async (id) => {
      const { connector, sent } = await setUp(() => reply("delete-orders-id-sync"));
      expect(await connector.cancelOrder(access, { ...(await resting()), orderId: id as never })).toMatchObject({
        kind: "not-sent",
      });
      expect(sent).toHaveLength(0);
    },
  );
});

describe("a failed read", () => {
  it.each<[string, HttpReply | HttpFailure, string]>([
    ["an expired session", reply("get-profile-expired", 401), "auth-expired"],
    ["missing permission", error(-373, "No permission", 403), "no-permission"],
    ["a 429", reply("get-orders-too-many", 429), "rate-limited"],
    ["the older rate limit code", error(-353, "limit"), "rate-limited"],
    ["a gateway's HTML page", html(502), "unavailable"],
    ["an HTML page with HTTP 200", html(200), "bad-response"],
    ["a broken connection", new HttpFailure("broken", "connection broke"), "unavailable"],
    ["a timeout", new HttpFailure("timeout", "no reply"), "timeout"],
    ["no connection", new HttpFailure("unreachable", "no connection"), "unreachable"],
    ["an invalid symbol", error(-300, "Invalid symbol"), "invalid-request"],
    ["an invalid request whose message mentions an IP address", error(-50, "IP address missing"), "invalid-request"],
  ])("after %s has kind $2", async (_what, answer, kind) => {
    const { connector, sent } = await setUp(() => answer);
    expect(await failureOf(connector.getOrders(access))).toMatchObject({
      kind,
      broker: "fyers",
      endpoint: "GET /orders",
    });
    expect(sent[0]).toMatchObject({ via: "read", timeoutMs: 10_000 });
    expect(sent[0]?.egress).toBeUndefined();
  });

  it("is unreachable when it was aborted while it waited in the rate limiter", async () => {
    const { connector, sent } = await setUp(() => reply("get-orders"), { limiter: createRateLimiter() });
    for (const name of ["AbortError", "TimeoutError"]) {
      const aborted = AbortSignal.abort(new DOMException("stopped", name));
      expect(await failureOf(connector.getOrders(access, aborted))).toMatchObject({
        kind: "unreachable",
        message: "Fyers GET /orders: the call was given up",
      });
    }
    expect(sent).toHaveLength(0);
  });

  it("says how long to wait after a 429", async () => {
    const { connector } = await setUp(() =>
      reply("get-orders-too-many", 429, { "retry-after": "1", "x-retry-after-ms": "640" }),
    );
    expect(await failureOf(connector.getFunds(access))).toMatchObject({ retryAfterMs: 640 });
  });

  it("never contains the token", async () => {
    const { connector, table } = await setUp(() => error(-50, `no ${TOKEN}`));
    const seen = inspect(await failureOf(connector.getQuote(access, listed(table, "NSE:SBIN-EQ"))), { depth: 9 });
    expect(seen).not.toContain(TOKEN);
  });

  it('has kind ip-not-allowed only for an order call whose message has "ip" as a word', () => {
    const refusal = { status: 400, code: -99, isOrder: true };
    expect(errorKind({ ...refusal, message: "Static ip mismatch" })).toBe("ip-not-allowed");
    expect(errorKind({ ...refusal, message: "Script is in BAN period" })).toBe("rejected");
    expect(errorKind({ ...refusal, isOrder: false, message: "Static IP mismatch" })).toBe("rejected");
  });
});

it("limits all calls of a link together, and reads by a second limit that leaves room for orders", async () => {
  const limiterCalls: string[] = [];
  const limiter: RateLimiter = {
    run: (key, windows, call) => {
      limiterCalls.push(`${key} ${windows.map(({ count, perMs }) => `${count}/${perMs / 1_000}s`).join(" ")}`);
      return call();
    },
  };
  const { connector } = await setUp(({ method }) => reply(method === "POST" ? "post-orders-sync" : "get-orders"), {
    limiter,
  });
  await connector.getOrders(access);
  await connector.placeOrder(access, request());
  expect(limiterCalls).toEqual([
    "fyers:FA20411:read 6/1s 150/60s",
    "fyers:FA20411:rest 8/1s 180/60s",
    "fyers:FA20411:rest 8/1s 180/60s",
  ]);
});

it("limits candles by a third limit, so that a backtest leaves room for other reads, and counts their retries", async () => {
  const limiterCalls: string[] = [];
  const limiter: RateLimiter = {
    run: (key, windows, call) => {
      limiterCalls.push(`${key} ${windows.map(({ count, perMs }) => `${count}/${perMs / 1_000}s`).join(" ")}`);
      return call();
    },
  };
  const { connector, sent, table } = await setUp(() => reply("get-data-history"), { limiter });
  const instrument = table.bySymbol(tradingSymbol("NSE:SBIN-EQ"))!.instrument;
  const meters = ["fyers:FA20411:candle 100/60s", "fyers:FA20411:read 6/1s 150/60s", "fyers:FA20411:rest 8/1s 180/60s"];
  await connector.getHistoricalData(access, { instrument, interval: "1d", from: NOW - 86_400_000, to: NOW });
  expect(limiterCalls.splice(0)).toEqual(meters);
  await sent[0]?.turn?.(AbortSignal.any([]));
  expect(limiterCalls).toEqual(meters);
});

it("counts every retry of a read against the limits, as Fyers does", async () => {
  const limiterCalls: string[] = [];
  const limiter: RateLimiter = {
    run: (key, _windows, call) => {
      limiterCalls.push(key);
      return call();
    },
  };
  const { connector, sent } = await setUp(() => reply("get-orders"), { limiter });
  await connector.getOrders(access);
  limiterCalls.length = 0;
  await sent[0]?.turn?.(AbortSignal.any([]));
  expect(limiterCalls).toEqual(["fyers:FA20411:read", "fyers:FA20411:rest"]);
});
