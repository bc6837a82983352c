import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Order, OrderRequest, OrderTerms } from "../../../src/domain/order.ts";
import { errorKind } from "../../../connectors/fyers/errors.ts";
import { createRateLimiter } from "../../../src/lib/rate-limit.ts";
import type { RateLimiter } from "../../../src/lib/rate-limit.ts";
import { HttpFailure } from "../../../src/lib/http.ts";
import type { HttpReply } from "../../../src/lib/http.ts";
import { access, failureOf, html, listed, reply, setUp, text, TOKEN } from "./harness.ts";

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

describe("what is sent to place an order", () => {
  it("fills every mandatory field, and goes out once through the registered address", async () => {
    const { connector, sent } = await setUp(() => reply("post-orders-sync"));
    await connector.placeOrder(access, request());
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      how: "send",
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
  ])("writes %s terms as Fyers numbers them", async (_type, terms, expected) => {
    expect(await sentBody({ terms })).toMatchObject(expected);
  });

  it("uses Fyers' own spelling, found by the instrument's identity", async () => {
    expect(await sentBody({ key: "BSE:532977" as never, symbol: "BSE:BAJAJ-AUTO" as never })).toMatchObject({
      symbol: "BSE:BAJAJ-AUTO-A",
    });
    expect(await sentBody({ key: "NFO:41922" as never, productType: "MARGIN", qty: 75 })).toMatchObject({
      symbol: "NSE:NIFTY26D0126000PE",
      productType: "MARGIN",
    });
  });

  it("marks sells, IOC and after-market orders", async () => {
    expect(await sentBody({ side: "SELL", validity: "IOC", isAmo: true, productType: "INTRADAY" })).toMatchObject({
      side: -1,
      validity: "IOC",
      offlineOrder: true,
      productType: "INTRADAY",
    });
  });

  it("sends nothing for an instrument or a product that is not served", async () => {
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

  it("sends nothing while the list of instruments cannot be had", async () => {
    const { connector, sent } = await setUp(() => reply("post-orders-sync"), {
      instruments: () => Promise.reject(new Error("down")),
    });
    expect(await connector.placeOrder(access, request())).toMatchObject({ kind: "not-sent", cause: "unreachable" });
    expect(sent).toHaveLength(0);
  });
});

const error = (code: number, message: string, status = 400): HttpReply =>
  text(JSON.stringify({ s: "error", code, message }), status);

describe("the outcome of placing", () => {
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
      "not sent: one of the family of failed checks",
      error(-310, "Quantity should be in multiples of the lot"),
      { kind: "not-sent", cause: "invalid-request" },
    ],
    ["not sent: static IP", reply("post-orders-sync-static-ip", 400), { kind: "not-sent", cause: "ip-not-allowed" }],
    ["not sent: static IP as 403", error(-1, "IP not whitelisted", 403), { kind: "not-sent", cause: "ip-not-allowed" }],
    ["not sent: session dead", reply("get-profile-expired", 401), { kind: "not-sent", cause: "session-expired" }],
    [
      "not sent: session dead with HTTP 200",
      reply("get-data-quotes-dead-session"),
      { kind: "not-sent", cause: "session-expired" },
    ],
    [
      "not sent: no connection",
      new HttpFailure("unreachable", "no connection (ECONNREFUSED)"),
      { kind: "not-sent", cause: "unreachable" },
    ],
    ["unknown: taken without the exchange's word", reply("post-orders-sync-unacknowledged"), { kind: "unknown" }],
    ["unknown: timeout", new HttpFailure("timeout", "no reply in 7000 ms"), { kind: "unknown" }],
    ["unknown: connection broke", new HttpFailure("broken", "connection broke"), { kind: "unknown" }],
    ["unknown: given up while it ran", new HttpFailure("aborted", "call was abandoned"), { kind: "unknown" }],
    ["unknown: 502 page", html(502), { kind: "unknown" }],
    ["unknown: 403 page", html(403), { kind: "unknown" }],
    ["unknown: 500 with a code that would refuse", error(-99, "Rejected", 500), { kind: "unknown" }],
    ["unknown: rate limit", reply("get-orders-too-many", 429), { kind: "unknown" }],
    ["unknown: HTTP 429 with a code that would refuse", error(-99, "Rejected", 429), { kind: "unknown" }],
    ["unknown: rate limit with HTTP 200", error(-429, "slow down", 200), { kind: "unknown" }],
    ["unknown: ok with HTTP 500", { ...reply("post-orders-sync"), status: 500 }, { kind: "unknown" }],
    ["unknown: truncated", text('{"s":"ok","code":1101,"mess'), { kind: "unknown" }],
    ["unknown: ok without an id", text('{"s":"ok","code":1101,"message":""}'), { kind: "unknown" }],
    ["unknown: ok with a strange code", text('{"s":"ok","code":200,"message":"","id":"1"}'), { kind: "unknown" }],
    ["unknown: connection behind Fyers", error(-204, "Connection lost"), { kind: "unknown" }],
    [
      "unknown: a connection behind Fyers, named by its IP",
      error(-204, "Connection to IP 10.1.2.3 lost"),
      { kind: "unknown" },
    ],
    ["unknown: a code that nobody has documented", error(-987, "Something"), { kind: "unknown" }],
    [
      "unknown: such a code with the id of an order, which may be live",
      text('{"s":"error","code":-987,"message":"No confirmation from the exchange","id":"26112000001240"}', 400),
      { kind: "unknown" },
    ],
  ])("is %s, after one request", async (_what, answer, expected) => {
    const { connector, sent } = await setUp(() => answer);
    expect(await connector.placeOrder(access, request())).toMatchObject(expected);
    expect(sent).toHaveLength(1);
  });

  it("is not sent when it was given up while waiting for its turn", async () => {
    const { connector, sent } = await setUp(() => reply("post-orders-sync"), { limiter: createRateLimiter() });
    const stopped = AbortSignal.abort();
    expect(await connector.placeOrder(access, request(), stopped)).toMatchObject({
      kind: "not-sent",
      cause: "unreachable",
    });
    expect(sent).toHaveLength(0);
  });

  it("never shows the token, even when Fyers echoes it", async () => {
    const { connector } = await setUp(() => error(-99, `token ${TOKEN} of DEMOAPP123-100:${TOKEN}`));
    expect(inspect(await connector.placeOrder(access, request()), { depth: 9 })).not.toContain(TOKEN);
  });
});

describe("changing an order", () => {
  it("sends the whole of what is to stand", async () => {
    const { connector, sent } = await setUp(() => reply("patch-orders-sync"));
    const order = await resting();
    expect(await connector.modifyOrder(access, order, { qty: 12 })).toMatchObject({
      kind: "accepted",
      orderId: order.orderId,
    });
    expect(await connector.modifyOrder(access, order, { terms: limit })).toMatchObject({ kind: "accepted" });
    expect(sent.map(({ how, method, url }) => `${how} ${method} ${new URL(url).pathname}`)).toEqual(
      Array(2).fill("send PATCH /api/v3/orders/sync"),
    );
    expect(sent.map(({ body }) => JSON.parse(body ?? "") as unknown)).toEqual([
      { id: order.orderId, qty: 12, type: 1, limitPrice: 900, stopPrice: 0 },
      { id: order.orderId, qty: 10, type: 1, limitPrice: 904.5, stopPrice: 0 },
    ]);
    expect(sent.every(({ egress }) => egress === access.egress)).toBe(true);
  });

  it("takes the code that the docs' sample shows", async () => {
    const { connector } = await setUp(() => text('{"s":"ok","code":1101,"message":"ok","id":"26112000001235"}'));
    expect(await connector.modifyOrder(access, await resting(), { qty: 11 })).toMatchObject({ kind: "accepted" });
  });

  it("is unknown after a timeout, with one request", async () => {
    const { connector, sent } = await setUp(() => new HttpFailure("timeout", "no reply"));
    expect(await connector.modifyOrder(access, await resting(), { qty: 11 })).toMatchObject({ kind: "unknown" });
    expect(sent).toHaveLength(1);
  });
});

it.each([',"id":"26112000001236"', ""])(
  "believes no change or cancellation that names another order, or none: %s",
  async (id) => {
    const order = await resting();
    const answering = async (code: number) => (await setUp(() => text(`{"s":"ok","code":${code}${id}}`))).connector;
    expect(await (await answering(1103)).cancelOrder(access, order)).toMatchObject({ kind: "unknown" });
    expect(await (await answering(1102)).modifyOrder(access, order, { qty: 11 })).toMatchObject({ kind: "unknown" });
  },
);

describe("cancelling", () => {
  it("addresses one order in the path, without a body", async () => {
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

  it("is refused for a filled order", async () => {
    const { connector } = await setUp(() => reply("delete-orders-id-sync-filled", 400));
    expect(await connector.cancelOrder(access, await resting())).toMatchObject({
      kind: "rejected",
      reason: "Order is already traded",
    });
  });

  it.each(["..", "a/b", "../positions", "1?x=1"])(
    "sends nothing for an id that would address something else: %s",
    async (id) => {
      const { connector, sent } = await setUp(() => reply("delete-orders-id-sync"));
      expect(await connector.cancelOrder(access, { ...(await resting()), orderId: id as never })).toMatchObject({
        kind: "not-sent",
      });
      expect(sent).toHaveLength(0);
    },
  );
});

describe("errors of reads", () => {
  it.each<[string, HttpReply | HttpFailure, string]>([
    ["dead session", reply("get-profile-expired", 401), "auth-expired"],
    ["no permission", error(-373, "No permission", 403), "no-permission"],
    ["too many", reply("get-orders-too-many", 429), "rate-limited"],
    ["too many in the old dialect", error(-353, "limit"), "rate-limited"],
    ["gateway page", html(502), "unavailable"],
    ["page without a reason", html(200), "bad-response"],
    ["broken connection", new HttpFailure("broken", "connection broke"), "unavailable"],
    ["timeout", new HttpFailure("timeout", "no reply"), "timeout"],
    ["no connection", new HttpFailure("unreachable", "no connection"), "unreachable"],
    ["invalid symbol", error(-300, "Invalid symbol"), "invalid-request"],
    ["a word with ip in it", error(-50, "IP address missing"), "invalid-request"],
  ])("%s", async (_what, answer, kind) => {
    const { connector, sent } = await setUp(() => answer);
    expect(await failureOf(connector.getOrders(access))).toMatchObject({
      kind,
      broker: "fyers",
      endpoint: "GET /orders",
    });
    expect(sent[0]).toMatchObject({ how: "read", timeoutMs: 10_000 });
    expect(sent[0]?.egress).toBeUndefined();
  });

  it("call one that was given up while it waited for its turn a timeout", async () => {
    const { connector, sent } = await setUp(() => reply("get-orders"), { limiter: createRateLimiter() });
    for (const name of ["AbortError", "TimeoutError"]) {
      const stopped = AbortSignal.abort(new DOMException("stopped", name));
      expect(await failureOf(connector.getOrders(access, stopped))).toMatchObject({
        kind: "timeout",
        message: "Fyers: call was abandoned",
      });
    }
    expect(sent).toHaveLength(0);
  });

  it("tell how long to wait", async () => {
    const { connector } = await setUp(() =>
      reply("get-orders-too-many", 429, { "retry-after": "1", "x-retry-after-ms": "640" }),
    );
    expect(await failureOf(connector.getFunds(access))).toMatchObject({ retryAfterMs: 640 });
  });

  it("never carry the token", async () => {
    const { connector, table } = await setUp(() => error(-50, `no ${TOKEN}`));
    const seen = inspect(await failureOf(connector.getQuote(access, listed(table, "NSE:SBIN-EQ"))), { depth: 9 });
    expect(seen).not.toContain(TOKEN);
  });

  it("find the static IP rule only in order calls, and only as a word", () => {
    const said = { status: 400, code: -99, isOrder: true };
    expect(errorKind({ ...said, message: "Static ip mismatch" })).toBe("ip-not-allowed");
    expect(errorKind({ ...said, message: "Script is in BAN period" })).toBe("rejected");
    expect(errorKind({ ...said, isOrder: false, message: "Static IP mismatch" })).toBe("rejected");
  });
});

it("meters all calls of a link together, and lets reads wait where orders need not", async () => {
  const meters: string[] = [];
  const limiter: RateLimiter = {
    run: (key, windows, call) => {
      meters.push(`${key} ${windows.map(({ count, perMs }) => `${count}/${perMs / 1_000}s`).join(" ")}`);
      return call();
    },
  };
  const { connector } = await setUp(({ method }) => reply(method === "POST" ? "post-orders-sync" : "get-orders"), {
    limiter,
  });
  await connector.getOrders(access);
  await connector.placeOrder(access, request());
  expect(meters).toEqual([
    "fyers:link-1:read 6/1s 150/60s",
    "fyers:link-1:rest 8/1s 180/60s",
    "fyers:link-1:rest 8/1s 180/60s",
  ]);
});

it("counts every repetition of a read as well, which Fyers does too", async () => {
  const meters: string[] = [];
  const limiter: RateLimiter = {
    run: (key, _windows, call) => {
      meters.push(key);
      return call();
    },
  };
  const { connector, sent } = await setUp(() => reply("get-orders"), { limiter });
  await connector.getOrders(access);
  meters.length = 0;
  await sent[0]?.turn?.(AbortSignal.any([]));
  expect(meters).toEqual(["fyers:link-1:read", "fyers:link-1:rest"]);
});
