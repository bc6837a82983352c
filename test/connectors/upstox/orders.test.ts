import { describe, expect, it } from "vitest";
import { kindOf } from "../../../connectors/upstox/errors.ts";
import { upstox } from "../../../connectors/upstox/index.ts";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import type { Order, OrderTerms } from "../../../src/domain/order.ts";
import { HttpFailure } from "../../../src/lib/http.ts";
import { access, type Answer, answering, bodyOf, buy, FUTURE, recorded, reply, setUp } from "./harness.ts";

const rupees = priceFromRupees;
const place = (answer: Answer, more = {}) => {
  const stand = setUp(answer);
  return { ...stand, outcome: stand.connector.placeOrder(access(), buy(more)) };
};
const placed = answering({ "/place": recorded("post-order-place") });

async function bookOrder(): Promise<Order> {
  const { connector } = setUp(answering({ "retrieve-all": recorded("get-order-retrieve-all") }));
  const [order] = await connector.getOrders(access());
  return order ?? expect.fail("no order");
}

describe("placing", () => {
  it("sends the documented body once, to the order host, by the link's own way", async () => {
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
      "MARKET as a limit at the card's protection",
      { type: "MARKET", protection: { basisPoints: 150, limit: rupees("1023.60") } },
      { order_type: "LIMIT", price: 1023.6, trigger_price: 0 },
    ],
    [
      "SL-M as a stop with that limit",
      { type: "SL-M", triggerPrice: rupees("1030"), protection: { basisPoints: 100, limit: rupees("1040.30") } },
      { order_type: "SL", price: 1040.3, trigger_price: 1030 },
    ],
    [
      "SL as it is",
      { type: "SL", price: rupees("1031.05"), triggerPrice: rupees("1030.05") },
      { order_type: "SL", price: 1031.05, trigger_price: 1030.05 },
    ],
  ])("sends %s", async (_what, terms, expected) => {
    const { outcome, requests } = place(placed, { terms });
    expect(await outcome).toMatchObject({ kind: "accepted" });
    expect(bodyOf(requests[0])).toMatchObject(expected);
  });

  it.each([
    ["delivery of a contract, which D would carry over", { key: FUTURE, productType: "CNC" }],
    ["margin of a share, which D would deliver", { productType: "MARGIN" }],
    ["funded delivery", { productType: "MTF" }],
    ["a cover order", { productType: "CO" }],
    ["an instrument that Upstox does not list", { key: instrumentKey("NSE", 987_654) }],
  ])("sends nothing for %s", async (_what, more) => {
    const { outcome, requests } = place(placed, more);
    expect(await outcome).toMatchObject({ kind: "not-sent", cause: "invalid-request" });
    expect(requests).toEqual([]);
  });

  it("sends nothing without a list of instruments: a share cannot be named", async () => {
    const { connector, requests } = setUp(placed, { table: null });
    const outcome = await connector.placeOrder(access(), buy());
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "unreachable" });
    expect(requests).toEqual([]);
  });

  it("sends nothing after 03:30", async () => {
    const { connector, requests } = setUp(placed, { now: istInstant("2026-11-21", "03:30") });
    const outcome = await connector.placeOrder(access(), buy());
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "session-expired" });
    expect(requests).toEqual([]);
  });
});

describe("what an answer to an order proves", () => {
  const by = (answer: ReturnType<typeof reply>) => place(() => answer).outcome;

  it.each([
    ["a success in part", "post-order-place-partial", 207],
    ["a success in part under HTTP 200", "post-order-place-partial", 200],
    ["several orders where one was asked for", "post-order-place-sliced", 200],
    ["a code that is not in the table", "error-new-code", 400],
    ["a known refusal under HTTP 500", "error-final", 500],
    ["the rate limit", "error-rate", 429],
    ["the rate limit's code under another status", "error-rate", 400],
  ])("nothing: %s", async (_what, name, status) => {
    expect(await by(recorded(name, status))).toMatchObject({ kind: "unknown" });
  });

  it.each([
    ["Cloudflare's page", reply("error code: 1010", 403)],
    ["a gateway's page", reply("<html>Bad Gateway</html>", 502)],
    ["an empty body", reply("", 400)],
    ["an empty list of ids", reply({ status: "success", data: { order_ids: [] } })],
    ["a success under HTTP 202", reply({ status: "success", data: { order_ids: ["1"] } }, 202)],
  ])("nothing: %s", async (_what, answer) => {
    expect(await by(answer)).toMatchObject({ kind: "unknown" });
  });

  it("nothing: no answer at all", async () => {
    const gone: Answer = () => {
      throw new HttpFailure("broken", "connection broke");
    };
    expect(await place(gone).outcome).toMatchObject({ kind: "unknown" });
  });

  it.each([
    ["the address that is not registered", "error-ip", 403, "ip-not-allowed"],
    ["a dead token", "error-token", 401, "session-expired"],
  ])("that nothing was sent: %s", async (_what, name, status, cause) => {
    const outcome = await by(recorded(name, status));
    expect(outcome).toMatchObject({ kind: "not-sent", cause, reason: expect.stringMatching(/\w/) as string });
  });

  it.each(["UDAPI1052", "UDAPI1026", "UDAPI1156", "UDAPI1158", "UDAPI1159", "UDAPI1119"])(
    "that our request was wrong and went nowhere: %s",
    async (error_code) => {
      const answer = reply({ status: "error", errors: [{ error_code, message: "no" }] }, 400);
      expect(await by(answer)).toMatchObject({ kind: "not-sent", cause: "invalid-request" });
    },
  );

  it.each(["UDAPI1161", "UDAPI100049", "UDAPI100074"])("a refusal: %s", async (errorCode) => {
    const answer = reply({ status: "error", errors: [{ errorCode, message: "no, thank you" }] }, 400);
    expect(await by(answer)).toEqual({
      kind: "rejected",
      reason: "no, thank you",
      raw: `${errorCode} no, thank you`,
    });
  });

  it("shows no token that an answer echoes", async () => {
    const echo = { status: "error", errors: [{ error_code: "UDAPI1161", message: "for eyJhbGciOi.abc.def: no" }] };
    expect(await by(reply(echo, 400))).toMatchObject({ reason: "for ***: no" });
  });

  it("reads the code by either name, and its meaning by what was asked", () => {
    expect(kindOf(423, "UDAPI100074", true)).toBe("rejected");
    expect(kindOf(423, "UDAPI100074", false)).toBe("unavailable");
    expect(kindOf(401, undefined, false)).toBe("bad-response");
    expect(kindOf(429, "UDAPI100040", true)).toBe("rate-limited");
  });
});

describe("changing and cancelling", () => {
  it("sends the whole order again, with what was disclosed of it", async () => {
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

  it("does not change an order of a validity that we do not know", async () => {
    const { connector, requests } = setUp();
    const outcome = await connector.modifyOrder(access(), { ...(await bookOrder()), validity: "OTHER" }, { qty: 1 });
    expect(outcome).toMatchObject({ kind: "not-sent", cause: "invalid-request" });
    expect(requests).toEqual([]);
  });

  it("cancels by the id alone", async () => {
    const { connector, requests } = setUp(answering({ "/cancel": recorded("delete-order-cancel") }));
    const order = await bookOrder();
    expect(await connector.cancelOrder(access(), order)).toMatchObject({ kind: "accepted" });
    expect(requests[0]?.url).toBe("https://api-hft.upstox.com/v3/order/cancel?order_id=261120031100001");
    expect(requests[0]?.body).toBeUndefined();
  });

  it("takes a refusal for final or unknown orders, in both casings or one", async () => {
    const order = await bookOrder();
    for (const name of ["error-final", "error-snake-only"]) {
      const { connector } = setUp(() => recorded(name, 400));
      expect(await connector.cancelOrder(access(), order)).toMatchObject({ kind: "rejected" });
    }
  });

  it("believes no answer that names another order", async () => {
    const { connector } = setUp(() => reply({ status: "success", data: { order_id: "261120031199999" } }));
    const order = await bookOrder();
    expect(await connector.cancelOrder(access(), order)).toMatchObject({ kind: "unknown" });
    expect(await connector.modifyOrder(access(), order, { qty: 3 })).toMatchObject({ kind: "unknown" });
  });
});

describe("the cost of an order", () => {
  it("is asked at the price that would be sent", async () => {
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

  it("is told in part where one of the two is refused", async () => {
    const no = reply({ status: "error", errors: [{ error_code: "UDAPI1054", message: "no" }] }, 400);
    const answers = answering({ "charges/margin": recorded("post-charges-margin"), "charges/brokerage": no });
    expect(await setUp(answers).connector.getOrderCost?.(access(), buy())).toEqual({
      margin: 1_210_200,
      charges: null,
    });
  });
});

describe("a postback", () => {
  const read = (body: unknown) => upstox.readPostback?.(JSON.stringify(body), {});

  it("names an order to read again, and nothing else", async () => {
    expect(await read({ update_type: "order", order_id: "261120031100001", status: "complete" })).toEqual({
      orderId: "261120031100001",
    });
    expect(await read({ update_type: "gtt_order", order_id: "261120031100001" })).toBeNull();
    expect(await read({ update_type: "order" })).toBeNull();
    expect(await upstox.readPostback?.("<html>", {})).toBeNull();
  });
});
