import { describe, expect, it } from "vitest";
import { kindOf } from "../../../connectors/upstox/errors.ts";
import { upstox } from "../../../connectors/upstox/index.ts";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import type { Order, OrderTerms } from "../../../src/domain/order.ts";
import { HttpFailure } from "../../../src/lib/http.ts";
import { bodyOf } from "../harness.ts";
import { access, type Answer, answering, buy, FUTURE, recorded, reply, setUp } from "./harness.ts";

const rupees = priceFromRupees;
const place = (answer: Answer, more = {}) => {
  const setup = setUp(answer);
  return { ...setup, outcome: setup.connector.placeOrder(access(), buy(more)) };
};
const placed = answering({ "/place": recorded("post-order-place") });

async function bookOrder(): Promise<Order> {
  const { connector } = setUp(answering({ "retrieve-all": recorded("get-order-retrieve-all") }));
  const [order] = await connector.getOrders(access());
  return order ?? expect.fail("no order");
}

describe("placing", () => {
  it("sends the documented body once, to the order host, through the link's proxy", async () => {
    const { outcome, requests } = place(placed);
    expect(await outcome).toEqual({ kind: "accepted", orderId: "261120031100001", handle: {} });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      via: "send",
      method: "POST",
      url: "https://api-hft.upstox.com/v3/order/place",
      egress: access().egress,
    });
    expect(bodyOf(requests[0])).toEqual({
      quantity: 12,
      product: "D",
      validity: "DAY",
      price: 1008.5,
      tag: "sd4k9c02",
      instrument_token: "NSE_EQ|INE062A01020",
      order_type: "LIMIT",
      transaction_type: "BUY",
      disclosed_quantity: 0,
      trigger_price: 0,
      is_amo: false,
      slice: false,
      market_protection: -1,
    });
  });

  it.each<[string, OrderTerms, object]>([
    [
      "MARKET as a limit order at the protection price",
      { type: "MARKET", protection: { basisPoints: 150, limit: rupees("1023.60") } },
      { order_type: "LIMIT", price: 1023.6, trigger_price: 0 },
    ],
    [
      "SL-M as a stop order with the protection price as its limit",
      { type: "SL-M", triggerPrice: rupees("1030"), protection: { basisPoints: 100, limit: rupees("1040.30") } },
      { order_type: "SL", price: 1040.3, trigger_price: 1030 },
    ],
    [
      "SL unchanged",
      { type: "SL", price: rupees("1031.05"), triggerPrice: rupees("1030.05") },
      { order_type: "SL", price: 1031.05, trigger_price: 1030.05 },
    ],
  ])("sends %s", async (_what, terms, expected) => {
    const { outcome, requests } = place(placed, { terms });
    expect(await outcome).toMatchObject({ kind: "accepted" });
    expect(bodyOf(requests[0])).toMatchObject(expected);
  });

  it.each([
    ["product CNC of a derivative, which Upstox's D would carry forward", { key: FUTURE, productType: "CNC" }],
    ["product MARGIN of a share, which Upstox's D would deliver", { productType: "MARGIN" }],
    ["product MTF", { productType: "MTF" }],
    ["a cover order", { productType: "CO" }],
    ["an instrument that Upstox does not list", { key: instrumentKey("NSE", 987_654) }],
  ])("sends nothing for %s", async (_what, more) => {
    const { outcome, requests } = place(placed, more);
    expect(await outcome).toMatchObject({ kind: "not-sent", cause: "invalid-request" });
    expect(requests).toEqual([]);
  });

  it("sends nothing without the instrument master, which has Upstox's key of a share", async () => {
    const { connector, requests } = setUp(placed, { table: null });
    const outcome = await connector.placeOrder(access(), buy());
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "unreachable" });
    expect(requests).toEqual([]);
  });

  it("sends nothing after the session expired at 03:30", async () => {
    const { connector, requests } = setUp(placed, { now: istInstant("2026-11-21", "03:30") });
    const outcome = await connector.placeOrder(access(), buy());
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "session-expired" });
    expect(requests).toEqual([]);
  });
});

describe("the outcome of placing", () => {
  const outcomeOf = (answer: ReturnType<typeof reply>) => place(() => answer).outcome;

  it.each([
    ["a partial success", "post-order-place-partial", 207],
    ["a partial success with HTTP 200", "post-order-place-partial", 200],
    ["several order ids for one order", "post-order-place-sliced", 200],
    ["an unknown error code", "error-new-code", 400],
    ["a known error code with HTTP 500", "error-final", 500],
    ["a 429", "error-rate", 429],
    ["the rate limit's error code with another status", "error-rate", 400],
  ])("is unknown after %s", async (_what, name, status) => {
    expect(await outcomeOf(recorded(name, status))).toMatchObject({ kind: "unknown" });
  });

  it.each([
    ["Cloudflare's error page", reply("error code: 1010", 403)],
    ["a gateway's HTML page", reply("<html>Bad Gateway</html>", 502)],
    ["an empty body", reply("", 400)],
    ["an empty list of ids", reply({ status: "success", data: { order_ids: [] } })],
    ["a success with HTTP 202", reply({ status: "success", data: { order_ids: ["1"] } }, 202)],
  ])("is unknown after %s", async (_what, answer) => {
    expect(await outcomeOf(answer)).toMatchObject({ kind: "unknown" });
  });

  it("is unknown without a reply", async () => {
    const breaking: Answer = () => {
      throw new HttpFailure("broken", "connection broke");
    };
    expect(await place(breaking).outcome).toMatchObject({ kind: "unknown" });
  });

  it.each([
    ["an unregistered IP address", "error-ip", 403, "ip-not-allowed"],
    ["an expired token", "error-token", 401, "session-expired"],
  ])("is not-sent ($3) after %s", async (_what, name, status, cause) => {
    const outcome = await outcomeOf(recorded(name, status));
    expect(outcome).toMatchObject({ kind: "not-sent", cause, reason: expect.stringMatching(/\w/) as string });
  });

  const INVALID = [1026, 1039, 1052, 1119, 1156, 1158, 1159, 1160, 100036, 100038];
  it.each(INVALID)("is not-sent because of an invalid request after UDAPI%i", async (code) => {
    const answer = reply({ status: "error", errors: [{ error_code: `UDAPI${code}`, message: "no" }] }, 400);
    expect(await outcomeOf(answer)).toMatchObject({ kind: "not-sent", cause: "invalid-request" });
  });

  it.each(["UDAPI1161", "UDAPI100039", "UDAPI100049", "UDAPI100074"])("is rejected after %s", async (errorCode) => {
    const answer = reply({ status: "error", errors: [{ errorCode, message: "no, thank you" }] }, 400);
    expect(await outcomeOf(answer)).toEqual({
      kind: "rejected",
      reason: "no, thank you",
      raw: `${errorCode} no, thank you`,
    });
  });

  it("has tokens masked in its reason", async () => {
    const echo = { status: "error", errors: [{ error_code: "UDAPI1161", message: "for eyJhbGciOi.abc.def: no" }] };
    expect(await outcomeOf(reply(echo, 400))).toMatchObject({ reason: "for ***: no" });
  });

  it("depends on the error code, the status and whether the call was an order", () => {
    expect(kindOf(423, "UDAPI100074", true)).toBe("rejected");
    expect(kindOf(423, "UDAPI100074", false)).toBe("unavailable");
    expect(kindOf(401, undefined, false)).toBe("bad-response");
    expect(kindOf(429, "UDAPI100040", true)).toBe("rate-limited");
  });
});

describe("modifying and cancelling", () => {
  it("sends every field of a modified order, with its disclosed quantity", async () => {
    const { connector, requests } = setUp(answering({ "/modify": recorded("put-order-modify") }));
    const order = await bookOrder();
    expect(await connector.modifyOrder(access(), order, { qty: 9 })).toMatchObject({
      kind: "accepted",
      orderId: order.orderId,
      handle: order.handle,
    });
    expect(requests[0]).toMatchObject({ method: "PUT", via: "send", egress: access().egress });
    expect(bodyOf(requests[0])).toEqual({
      order_id: "261120031100001",
      quantity: 9,
      validity: "DAY",
      order_type: "LIMIT",
      price: 1008.5,
      trigger_price: 0,
      disclosed_quantity: 6,
      market_protection: -1,
    });
  });

  it("sends nothing to modify an order of unknown validity", async () => {
    const { connector, requests } = setUp();
    const outcome = await connector.modifyOrder(access(), { ...(await bookOrder()), validity: "OTHER" }, { qty: 1 });
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "invalid-request" });
    expect(requests).toEqual([]);
  });

  it("sends only the order's id to cancel it", async () => {
    const { connector, requests } = setUp(answering({ "/cancel": recorded("delete-order-cancel") }));
    const order = await bookOrder();
    expect(await connector.cancelOrder(access(), order)).toMatchObject({ kind: "accepted" });
    expect(requests[0]?.url).toBe("https://api-hft.upstox.com/v3/order/cancel?order_id=261120031100001");
    expect(requests[0]?.body).toBeUndefined();
  });

  it("is rejected for an order that is final, whichever spelling of the code's field the reply has", async () => {
    const order = await bookOrder();
    for (const name of ["error-final", "error-snake-only"]) {
      const { connector } = setUp(() => recorded(name, 400));
      expect(await connector.cancelOrder(access(), order)).toMatchObject({ kind: "rejected" });
    }
  });

  it("has an unknown outcome when the reply names another order", async () => {
    const { connector } = setUp(() => reply({ status: "success", data: { order_id: "261120031199999" } }));
    const order = await bookOrder();
    expect(await connector.cancelOrder(access(), order)).toMatchObject({ kind: "unknown" });
    expect(await connector.modifyOrder(access(), order, { qty: 3 })).toMatchObject({ kind: "unknown" });
  });
});

describe("the cost of an order", () => {
  it("is computed at the price that would be sent", async () => {
    const answers = answering({
      "charges/margin": recorded("post-charges-margin"),
      "charges/brokerage": recorded("get-charges-brokerage"),
    });
    const { connector, requests } = setUp(answers);
    expect(await connector.getOrderCost?.(access(), buy())).toEqual({ margin: 1_210_200, charges: 3_862 });
    expect(bodyOf(requests[0])).toEqual({
      instruments: [
        { instrument_key: "NSE_EQ|INE062A01020", transaction_type: "BUY", quantity: 12, product: "D", price: 1008.5 },
      ],
    });
    expect(new URL(requests[1]?.url ?? "").searchParams.get("price")).toBe("1008.5");
    expect(requests.map(({ egress }) => egress)).toEqual([undefined, undefined]);
  });

  it("has no charges when only the margin can be had", async () => {
    const refusal = reply({ status: "error", errors: [{ error_code: "UDAPI1054", message: "no" }] }, 400);
    const answers = answering({ "charges/margin": recorded("post-charges-margin"), "charges/brokerage": refusal });
    expect(await setUp(answers).connector.getOrderCost?.(access(), buy())).toEqual({
      margin: 1_210_200,
      charges: null,
    });
  });
});

describe("a postback", () => {
  const read = (body: unknown) => upstox.readPostback?.(JSON.stringify(body), {});

  it("yields only the order's id, and null for anything that is not an order update", async () => {
    expect(await read({ update_type: "order", order_id: "261120031100001", status: "complete" })).toEqual({
      orderId: "261120031100001",
    });
    expect(await read({ update_type: "gtt_order", order_id: "261120031100001" })).toBeNull();
    expect(await read({ update_type: "order" })).toBeNull();
    expect(await upstox.readPostback?.("<html>", {})).toBeNull();
  });
});
