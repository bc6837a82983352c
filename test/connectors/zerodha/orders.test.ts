import { describe, expect, it } from "vitest";
import { brokerOrderId, orderTag } from "../../../src/domain/ids.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import type { Order, OrderRequest, OrderTerms } from "../../../src/domain/order.ts";
import { HttpFailure } from "../../../src/lib/http.ts";
import type { RateLimiter } from "../../../src/lib/rate-limit.ts";
import { access, ACCESS_TOKEN, API_SECRET, fixture, html, NOW, reply, setUp, type Setup, text } from "./harness.ts";

const protection = { basisPoints: 150, limit: priceFromRupees(918.65) };

function request({ instrument }: Setup, more: Partial<OrderRequest> = {}, symbol = "NSE:SBIN-EQ"): OrderRequest {
  return {
    tag: orderTag("tb7f3a91"),
    key: instrument(symbol).key,
    symbol: instrument(symbol).symbol,
    side: "BUY",
    productType: "CNC",
    validity: "DAY",
    qty: 3,
    isAmo: false,
    terms: { type: "LIMIT", price: priceFromRupees(905.05) },
    ...more,
  };
}

const formOf = (setup: Setup): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(setup.sent[0]?.body ?? ""));

describe("placing an order", () => {
  it("sends one form and returns the order's id and variety", async () => {
    const setup = await setUp(() => reply("post-orders"));
    const outcome = await setup.connector.placeOrder(access, request(setup, {}, "NSE:M&M-EQ"));
    expect(outcome).toEqual({ kind: "accepted", orderId: "1992113344556677889", handle: { variety: "regular" } });
    expect(setup.sent).toHaveLength(1);
    expect(setup.sent[0]).toMatchObject({
      via: "send",
      method: "POST",
      url: "https://api.kite.trade/orders/regular",
      timeoutMs: 7_000,
      scope: "zerodha",
    });
    expect(setup.sent[0]?.egress?.reveal()).toBe("http://proxy.example:3128");
    expect(formOf(setup)).toEqual({
      exchange: "NSE",
      tradingsymbol: "M&M",
      transaction_type: "BUY",
      quantity: "3",
      product: "CNC",
      validity: "DAY",
      tag: "tb7f3a91",
      order_type: "LIMIT",
      price: "905.05",
      variety: "regular",
    });
  });

  it.each<[string, OrderTerms, Record<string, string>]>([
    ["MARKET", { type: "MARKET", protection }, { order_type: "MARKET", market_protection: "1.5" }],
    [
      "SL",
      { type: "SL", price: priceFromRupees(890), triggerPrice: priceFromRupees(889.95) },
      { order_type: "SL", price: "890", trigger_price: "889.95" },
    ],
    [
      "SL-M",
      { type: "SL-M", triggerPrice: priceFromRupees(889.95), protection },
      { order_type: "SL-M", trigger_price: "889.95", market_protection: "1.5" },
    ],
  ])(
    "sends %s with its prices, and with market protection if it has no limit price",
    async (_type, terms, expected) => {
      const setup = await setUp(() => reply("post-orders"));
      await setup.connector.placeOrder(access, request(setup, { terms }));
      expect(formOf(setup)).toMatchObject(expected);
      expect("price" in formOf(setup)).toBe("price" in expected);
    },
  );

  it.each(["NSE:NIFTY26D0124500CE", "BSE:SBIN"])(
    "sends SL-M of %s as SL, because the exchange does not accept SL-M there",
    async (symbol) => {
      const setup = await setUp(() => reply("post-orders"));
      const terms = { type: "SL-M", triggerPrice: priceFromRupees(889.95), protection } as const;
      await setup.connector.placeOrder(access, request(setup, { terms }, symbol));
      expect(formOf(setup)).toMatchObject({ order_type: "SL", trigger_price: "889.95", price: "918.65" });
      expect(formOf(setup)).not.toHaveProperty("market_protection");
    },
  );

  it.each([
    ["CNC", "CNC"],
    ["INTRADAY", "MIS"],
    ["MARGIN", "NRML"],
    ["MTF", "MTF"],
  ] as const)("sends product %s as %s", async (productType, kite) => {
    const setup = await setUp(() => reply("post-orders"));
    await setup.connector.placeOrder(access, request(setup, { productType }));
    expect(formOf(setup)["product"]).toBe(kite);
  });

  it("sends an after-market order with variety amo", async () => {
    const setup = await setUp(() => reply("post-orders"));
    const outcome = await setup.connector.placeOrder(access, request(setup, { isAmo: true }, "NSE:NIFTY26D0124500CE"));
    expect(setup.sent[0]?.url).toBe("https://api.kite.trade/orders/amo");
    expect(formOf(setup)).toMatchObject({ exchange: "NFO", tradingsymbol: "NIFTY26D0124500CE" });
    expect(outcome).toMatchObject({ kind: "accepted", handle: { variety: "amo" } });
  });

  it("throws a RangeError, and sends nothing, for what the service must never ask for", async () => {
    const setup = await setUp(() => reply("post-orders"));
    const unprotected = { type: "MARKET", protection: { basisPoints: 0, limit: protection.limit } } as const;
    await expect(setup.connector.placeOrder(access, request(setup, { terms: unprotected }))).rejects.toThrow(
      RangeError,
    );
    await expect(setup.connector.placeOrder(access, request(setup, { productType: "BO" }))).rejects.toThrow(RangeError);
    await expect(setup.connector.placeOrder(access, request(setup, {}, "NSE:NIFTY50-INDEX"))).rejects.toThrow(
      RangeError,
    );
    expect(setup.sent).toEqual([]);
  });
});

describe("the outcome of placing", () => {
  const placed = async (answer: Parameters<typeof setUp>[0], more: Parameters<typeof setUp>[1] = {}) => {
    const setup = await setUp(answer, more);
    return { outcome: await setup.connector.placeOrder(access, request(setup)), sent: setup.sent };
  };

  it.each([
    ["error-400-margin", 400, /Insufficient funds/],
    ["error-400-input", 400, /quantity/],
    ["error-400-order", 400, /maintenance/],
    ["error-400-holding", 400, /holdings/],
    ["error-403-permission", 403, /permission/],
  ])("is rejected with Kite's message after %s", async (name, status, words) => {
    const { outcome } = await placed(() => reply(name, status));
    expect(outcome).toMatchObject({ kind: "rejected", reason: expect.stringMatching(words), raw: expect.any(String) });
  });

  it.each([
    ["error-403-ip-mismatch", 403, "ip-not-allowed"],
    ["error-403-ip-none", 403, "ip-not-allowed"],
    ["error-403-token", 403, "session-expired"],
    ["error-400-protection", 400, "invalid-request"],
  ])("is not-sent ($2) after %s", async (name, status, cause) => {
    const { outcome, sent } = await placed(() => reply(name, status));
    expect(outcome).toMatchObject({ kind: "not-sent", cause });
    expect(sent).toHaveLength(1);
  });

  it.each<[string, () => ReturnType<typeof reply> | Error]>([
    ["a timeout", () => new HttpFailure("timeout", "no reply in 7000 ms")],
    ["a broken connection", () => new HttpFailure("broken", "connection broke")],
    ["an aborted call", () => new HttpFailure("aborted", "call was abandoned")],
    ["a gateway's HTML page", () => html(502)],
    ["HTML with status 200", () => html(200)],
    ["HTML with status 403", () => html(403)],
    ["a 503 with an error envelope", () => reply("error-503", 503)],
    ["an OrderException with status 500", () => reply("error-500-order", 500)],
    ["a DataException", () => reply("error-502-data", 502)],
    ["a 429", () => reply("error-429", 429)],
    ["the rate limit's message with status 400", () => reply("error-400-burst", 400)],
    ["truncated JSON", () => text(fixture("post-orders.json").slice(0, 30))],
    ["a success without an order id", () => text('{"status":"success","data":{}}')],
    [
      "an order id as a number, which may have lost digits",
      () => text('{"status":"success","data":{"order_id":1992113344556677889}}'),
    ],
    ["an unknown error type", () => text('{"status":"error","message":"hm","error_type":"NewException"}', 400)],
    ["a bug inside the transport", () => new TypeError("undefined is not a function")],
  ])("is unknown after %s, with exactly one request", async (_what, answer) => {
    const { outcome, sent } = await placed(answer);
    expect(outcome.kind).toBe("unknown");
    expect(sent.map(({ via }) => via)).toEqual(["send"]);
  });

  it("is not-sent when no connection was made", async () => {
    const { outcome } = await placed(() => new HttpFailure("unreachable", "no connection (ECONNREFUSED)"));
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "unreachable" });
  });

  it("is not-sent when the call is aborted in the rate limiter, even if the limiter runs it later", async () => {
    let runLater: () => Promise<unknown> = () => Promise.resolve();
    const aborting: RateLimiter = {
      run: (_key, _windows, call) => {
        runLater = call;
        return Promise.reject(new DOMException("aborted", "AbortError"));
      },
    };
    const { outcome, sent } = await placed(() => reply("post-orders"), { limiter: aborting });
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "unreachable" });
    await expect(runLater()).rejects.toThrow(HttpFailure);
    expect(sent).toEqual([]);
  });

  it("is unknown when the call is aborted after it was sent", async () => {
    const abort = new AbortController();
    const limiter: RateLimiter = {
      run: async (_key, _windows, call) => {
        await call();
        abort.abort();
        throw abort.signal.reason;
      },
    };
    const setup = await setUp(() => reply("post-orders"), { limiter });
    const outcome = await setup.connector.placeOrder(access, request(setup), abort.signal);
    expect(outcome).toEqual({ kind: "unknown", reason: "Zerodha: call was abandoned" });
    expect(setup.sent).toHaveLength(1);
  });

  it("is not-sent once the session has expired", async () => {
    const { outcome, sent } = await placed(() => reply("post-orders"), { now: () => access.session.expiresAt });
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "session-expired" });
    expect(sent).toEqual([]);
  });

  it("is not-sent without the instrument master, or when it does not list the instrument", async () => {
    const without = await placed(() => reply("post-orders"), { instruments: () => Promise.reject(new Error("down")) });
    expect(without.outcome).toMatchObject({ kind: "not-sent", cause: "unreachable" });
    const empty = { byKey: () => undefined, bySymbol: () => undefined, byVenueSymbol: () => undefined };
    const unlisted = await placed(() => reply("post-orders"), { instruments: () => Promise.resolve(empty) });
    expect(unlisted.outcome).toMatchObject({ kind: "not-sent", cause: "invalid-request" });
    expect([...without.sent, ...unlisted.sent]).toEqual([]);
  });

  it("never contains a secret", async () => {
    for (const answer of [reply("error-403-token", 403), html(502), new HttpFailure("timeout", "no reply")]) {
      const { outcome } = await placed(() => answer);
      expect(JSON.stringify(outcome)).not.toContain(ACCESS_TOKEN);
      expect(JSON.stringify(outcome)).not.toContain(API_SECRET);
    }
  });
});

describe("modifying and cancelling", () => {
  const order = (handle: Order["handle"] = { variety: "amo" }): Order => ({
    orderId: brokerOrderId("1992113344556677889"),
    exchangeOrderId: null,
    tag: null,
    symbol: "BSE:TATAPOWER" as Order["symbol"],
    key: null,
    side: "BUY",
    type: "LIMIT",
    productType: "CNC",
    validity: "DAY",
    qty: 5,
    filledQty: 0,
    avgPrice: priceFromRupees(0),
    price: priceFromRupees(395.1),
    triggerPrice: priceFromRupees(0),
    status: "open",
    message: null,
    isAmo: true,
    placedAt: NOW,
    handle,
  });

  it("uses the order's own variety and sends only the changed fields", async () => {
    const setup = await setUp(() => reply("put-orders"));
    const outcome = await setup.connector.modifyOrder(access, order(), { qty: 8 });
    expect(outcome).toMatchObject({ kind: "accepted", handle: { variety: "amo" } });
    expect(setup.sent[0]).toMatchObject({
      via: "send",
      method: "PUT",
      url: "https://api.kite.trade/orders/amo/1992113344556677889",
    });
    expect(formOf(setup)).toEqual({ quantity: "8", variety: "amo", order_id: "1992113344556677889" });
    expect(setup.sent[0]?.egress).toBeDefined();
  });

  it("sends market protection with a change to MARKET", async () => {
    const setup = await setUp(() => reply("put-orders"));
    await setup.connector.modifyOrder(access, order(), { terms: { type: "MARKET", protection } });
    expect(formOf(setup)).toMatchObject({ order_type: "MARKET", market_protection: "1.5" });
  });

  it("cancels with one DELETE through the link's proxy", async () => {
    const setup = await setUp(() => reply("delete-orders"));
    expect(await setup.connector.cancelOrder(access, order())).toMatchObject({ kind: "accepted" });
    expect(setup.sent).toHaveLength(1);
    expect(setup.sent[0]).toMatchObject({ via: "send", method: "DELETE" });
    expect(setup.sent[0]?.egress).toBeDefined();
  });

  it("has an unknown outcome when the reply names another order", async () => {
    const setup = await setUp(() => text('{"status":"success","data":{"order_id":"1992113344556677890"}}'));
    expect(await setup.connector.cancelOrder(access, order())).toMatchObject({ kind: "unknown" });
    expect(await setup.connector.modifyOrder(access, order(), { qty: 8 })).toMatchObject({ kind: "unknown" });
  });

  it("has an unknown outcome when the reply is lost", async () => {
    const setup = await setUp(() => html(504));
    expect((await setup.connector.cancelOrder(access, order())).kind).toBe("unknown");
    expect(setup.sent).toHaveLength(1);
  });

  it("sends nothing for an id that would change the URL's path", async () => {
    const setup = await setUp(() => reply("delete-orders"));
    const outcome = await setup.connector.cancelOrder(access, {
      ...order(),
      orderId: brokerOrderId("../session/token"),
    });
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "invalid-request" });
    expect(setup.sent).toEqual([]);
  });
});

describe("the cost of an order", () => {
  it("is margin and charges, requested as JSON without `mode`", async () => {
    const setup = await setUp(() => reply("post-margins-orders"));
    const cost = await setup.connector.getOrderCost?.(
      access,
      request(setup, { terms: { type: "MARKET", protection } }),
    );
    expect(cost).toEqual({ margin: 905_000, charges: 1_074 });
    expect(setup.sent[0]).toMatchObject({ method: "POST", url: "https://api.kite.trade/margins/orders", via: "read" });
    expect(setup.sent[0]?.egress).toBeUndefined();
    expect(JSON.parse(setup.sent[0]?.body ?? "")).toEqual([
      {
        exchange: "NSE",
        tradingsymbol: "SBIN",
        transaction_type: "BUY",
        variety: "regular",
        product: "CNC",
        order_type: "MARKET",
        quantity: 3,
        price: 0,
        trigger_price: 0,
      },
    ]);
  });
});
