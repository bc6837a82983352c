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
  it("sends one form and is accepted with its id and variety", async () => {
    const at = await setUp(() => reply("post-orders"));
    const outcome = await at.connector.placeOrder(access, request(at, {}, "NSE:M&M-EQ"));
    expect(outcome).toEqual({ kind: "accepted", orderId: "1992113344556677889", handle: { variety: "regular" } });
    expect(at.sent).toHaveLength(1);
    expect(at.sent[0]).toMatchObject({
      how: "send",
      method: "POST",
      url: "https://api.kite.trade/orders/regular",
      timeoutMs: 7_000,
      scope: "zerodha",
    });
    expect(at.sent[0]?.egress?.reveal()).toBe("http://proxy.example:3128");
    expect(formOf(at)).toEqual({
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
  ])("writes %s with its prices and never without protection", async (_type, terms, expected) => {
    const at = await setUp(() => reply("post-orders"));
    await at.connector.placeOrder(access, request(at, { terms }));
    expect(formOf(at)).toMatchObject(expected);
    expect("price" in formOf(at)).toBe("price" in expected);
  });

  it.each(["NSE:NIFTY26D0124500CE", "BSE:SBIN"])(
    "writes SL-M of %s as SL: no exchange takes it there",
    async (symbol) => {
      const at = await setUp(() => reply("post-orders"));
      const terms = { type: "SL-M", triggerPrice: priceFromRupees(889.95), protection } as const;
      await at.connector.placeOrder(access, request(at, { terms }, symbol));
      expect(formOf(at)).toMatchObject({ order_type: "SL", trigger_price: "889.95", price: "918.65" });
      expect(formOf(at)).not.toHaveProperty("market_protection");
    },
  );

  it.each([
    ["CNC", "CNC"],
    ["INTRADAY", "MIS"],
    ["MARGIN", "NRML"],
    ["MTF", "MTF"],
  ] as const)("calls the product %s %s", async (productType, kite) => {
    const at = await setUp(() => reply("post-orders"));
    await at.connector.placeOrder(access, request(at, { productType }));
    expect(formOf(at)["product"]).toBe(kite);
  });

  it("sends an after-market order by its own variety", async () => {
    const at = await setUp(() => reply("post-orders"));
    const outcome = await at.connector.placeOrder(access, request(at, { isAmo: true }, "NSE:NIFTY26D0124500CE"));
    expect(at.sent[0]?.url).toBe("https://api.kite.trade/orders/amo");
    expect(formOf(at)).toMatchObject({ exchange: "NFO", tradingsymbol: "NIFTY26D0124500CE" });
    expect(outcome).toMatchObject({ kind: "accepted", handle: { variety: "amo" } });
  });

  it("throws on what only a defect can ask for, and sends nothing", async () => {
    const at = await setUp(() => reply("post-orders"));
    const bare = { type: "MARKET", protection: { basisPoints: 0, limit: protection.limit } } as const;
    await expect(at.connector.placeOrder(access, request(at, { terms: bare }))).rejects.toThrow(RangeError);
    await expect(at.connector.placeOrder(access, request(at, { productType: "BO" }))).rejects.toThrow(RangeError);
    await expect(at.connector.placeOrder(access, request(at, {}, "NSE:NIFTY50-INDEX"))).rejects.toThrow(RangeError);
    expect(at.sent).toEqual([]);
  });
});

describe("what came of an order", () => {
  const placed = async (answer: Parameters<typeof setUp>[0], more: Parameters<typeof setUp>[1] = {}) => {
    const at = await setUp(answer, more);
    return { outcome: await at.connector.placeOrder(access, request(at)), sent: at.sent };
  };

  it.each([
    ["error-400-margin", 400, /Insufficient funds/],
    ["error-400-input", 400, /quantity/],
    ["error-400-order", 400, /maintenance/],
    ["error-400-holding", 400, /holdings/],
    ["error-403-permission", 403, /permission/],
  ])("is a refusal in the broker's words for %s", async (name, status, words) => {
    const { outcome } = await placed(() => reply(name, status));
    expect(outcome).toMatchObject({ kind: "rejected", reason: expect.stringMatching(words), raw: expect.any(String) });
  });

  it.each([
    ["error-403-ip-mismatch", 403, "ip-not-allowed"],
    ["error-403-ip-none", 403, "ip-not-allowed"],
    ["error-403-token", 403, "session-expired"],
    ["error-400-protection", 400, "invalid-request"],
  ])("is not sent for %s", async (name, status, cause) => {
    const { outcome, sent } = await placed(() => reply(name, status));
    expect(outcome).toMatchObject({ kind: "not-sent", cause });
    expect(sent).toHaveLength(1);
  });

  it.each<[string, () => ReturnType<typeof reply> | Error]>([
    ["a timeout", () => new HttpFailure("timeout", "no reply in 7000 ms")],
    ["a broken connection", () => new HttpFailure("broken", "connection broke")],
    ["an abandoned call", () => new HttpFailure("aborted", "call was abandoned")],
    ["an HTML gateway page", () => html(502)],
    ["HTML under 200", () => html(200)],
    ["HTML under 403", () => html(403)],
    ["a full 503", () => reply("error-503", 503)],
    ["an OrderException under 500", () => reply("error-500-order", 500)],
    ["a DataException", () => reply("error-502-data", 502)],
    ["429", () => reply("error-429", 429)],
    ["the burst text under 400", () => reply("error-400-burst", 400)],
    ["half a JSON", () => text(fixture("post-orders.json").slice(0, 30))],
    ["success without an id", () => text('{"status":"success","data":{}}')],
    ["an id that has lost digits", () => text('{"status":"success","data":{"order_id":1992113344556677889}}')],
    ["an unknown error type", () => text('{"status":"error","message":"hm","error_type":"NewException"}', 400)],
    ["a defect inside the transport", () => new TypeError("undefined is not a function")],
  ])("is unknown after %s, with exactly one request", async (_what, answer) => {
    const { outcome, sent } = await placed(answer);
    expect(outcome.kind).toBe("unknown");
    expect(sent.map(({ how }) => how)).toEqual(["send"]);
  });

  it("is not sent when no connection was made", async () => {
    const { outcome } = await placed(() => new HttpFailure("unreachable", "no connection (ECONNREFUSED)"));
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "unreachable" });
  });

  it("is not sent when the call is given up before its turn, not even when its turn comes", async () => {
    let late: () => Promise<unknown> = () => Promise.resolve();
    const impatient: RateLimiter = {
      run: (_key, _windows, call) => {
        late = call;
        return Promise.reject(new DOMException("aborted", "AbortError"));
      },
    };
    const { outcome, sent } = await placed(() => reply("post-orders"), { limiter: impatient });
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "unreachable" });
    await expect(late()).rejects.toThrow(HttpFailure);
    expect(sent).toEqual([]);
  });

  it("is unknown when it is abandoned after its turn", async () => {
    const abort = new AbortController();
    const limiter: RateLimiter = {
      run: async (_key, _windows, call) => {
        await call();
        abort.abort();
        throw abort.signal.reason;
      },
    };
    const at = await setUp(() => reply("post-orders"), { limiter });
    const outcome = await at.connector.placeOrder(access, request(at), abort.signal);
    expect(outcome).toEqual({ kind: "unknown", reason: "Zerodha: call was abandoned" });
    expect(at.sent).toHaveLength(1);
  });

  it("is not sent after the day's end of the session", async () => {
    const { outcome, sent } = await placed(() => reply("post-orders"), { now: () => access.session.expiresAt });
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "session-expired" });
    expect(sent).toEqual([]);
  });

  it("is not sent without the master, or when the master lacks the instrument", async () => {
    const without = await placed(() => reply("post-orders"), { instruments: () => Promise.reject(new Error("down")) });
    expect(without.outcome).toMatchObject({ kind: "not-sent", cause: "unreachable" });
    const empty = { byKey: () => undefined, bySymbol: () => undefined, byVenueSymbol: () => undefined };
    const unlisted = await placed(() => reply("post-orders"), { instruments: () => Promise.resolve(empty) });
    expect(unlisted.outcome).toMatchObject({ kind: "not-sent", cause: "invalid-request" });
    expect([...without.sent, ...unlisted.sent]).toEqual([]);
  });

  it("never tells a secret", async () => {
    for (const answer of [reply("error-403-token", 403), html(502), new HttpFailure("timeout", "no reply")]) {
      const { outcome } = await placed(() => answer);
      expect(JSON.stringify(outcome)).not.toContain(ACCESS_TOKEN);
      expect(JSON.stringify(outcome)).not.toContain(API_SECRET);
    }
  });
});

describe("changing and cancelling", () => {
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

  it("changes by the order's own variety and sends only what changes", async () => {
    const at = await setUp(() => reply("put-orders"));
    const outcome = await at.connector.modifyOrder(access, order(), { qty: 8 });
    expect(outcome).toMatchObject({ kind: "accepted", handle: { variety: "amo" } });
    expect(at.sent[0]).toMatchObject({
      how: "send",
      method: "PUT",
      url: "https://api.kite.trade/orders/amo/1992113344556677889",
    });
    expect(formOf(at)).toEqual({ quantity: "8", variety: "amo", order_id: "1992113344556677889" });
    expect(at.sent[0]?.egress).toBeDefined();
  });

  it("protects a change to market", async () => {
    const at = await setUp(() => reply("put-orders"));
    await at.connector.modifyOrder(access, order(), { terms: { type: "MARKET", protection } });
    expect(formOf(at)).toMatchObject({ order_type: "MARKET", market_protection: "1.5" });
  });

  it("cancels with one DELETE through the egress", async () => {
    const at = await setUp(() => reply("delete-orders"));
    expect(await at.connector.cancelOrder(access, order())).toMatchObject({ kind: "accepted" });
    expect(at.sent).toHaveLength(1);
    expect(at.sent[0]).toMatchObject({ how: "send", method: "DELETE" });
    expect(at.sent[0]?.egress).toBeDefined();
  });

  it("believes no answer that names another order", async () => {
    const at = await setUp(() => text('{"status":"success","data":{"order_id":"1992113344556677890"}}'));
    expect(await at.connector.cancelOrder(access, order())).toMatchObject({ kind: "unknown" });
    expect(await at.connector.modifyOrder(access, order(), { qty: 8 })).toMatchObject({ kind: "unknown" });
  });

  it("is unknown when the answer is lost", async () => {
    const at = await setUp(() => html(504));
    expect((await at.connector.cancelOrder(access, order())).kind).toBe("unknown");
    expect(at.sent).toHaveLength(1);
  });

  it("sends no id that would become another path", async () => {
    const at = await setUp(() => reply("delete-orders"));
    const outcome = await at.connector.cancelOrder(access, { ...order(), orderId: brokerOrderId("../session/token") });
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "invalid-request" });
    expect(at.sent).toEqual([]);
  });
});

describe("the cost of an order", () => {
  it("is margin and charges, asked for as JSON without `mode`", async () => {
    const at = await setUp(() => reply("post-margins-orders"));
    const cost = await at.connector.getOrderCost?.(access, request(at, { terms: { type: "MARKET", protection } }));
    expect(cost).toEqual({ margin: 905_000, charges: 1_074 });
    expect(at.sent[0]).toMatchObject({ method: "POST", url: "https://api.kite.trade/margins/orders", how: "read" });
    expect(at.sent[0]?.egress).toBeUndefined();
    expect(JSON.parse(at.sent[0]?.body ?? "")).toEqual([
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
