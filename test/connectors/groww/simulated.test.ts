import { afterEach, describe, expect, it } from "vitest";
import { groww } from "../../../connectors/groww/index.ts";
import { simulatedGroww } from "../../../playground/brokers/groww.ts";
import { orderTag } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { logIn, openRig, type Rig } from "../../conformance/rig.ts";
import { listed, placeResting, share, termsOf, ticket } from "../../conformance/tickets.ts";

const opened: Rig[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((rig) => rig.close()));
});

async function start() {
  const rig = await openRig({ definition: groww, simulate: simulatedGroww });
  opened.push(rig);
  const access = await logIn(rig);
  const base = `${rig.server.base("groww")}/api`;
  const call = async (
    path: string,
    body?: object,
    token = access.session.accessToken.reveal(),
    version: object = { "x-api-version": "1.0" },
  ) => {
    const reply = await fetch(`${base}${path}`, {
      headers: { authorization: `Bearer ${token}`, ...version },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    return { status: reply.status, json: (await reply.json()) as Record<string, unknown> };
  };
  return { rig, access, call };
}

const BODY = {
  trading_symbol: "SBIN",
  quantity: 1,
  price: 900,
  trigger_price: 0,
  validity: "DAY",
  exchange: "NSE",
  segment: "CASH",
  product: "CNC",
  order_type: "LIMIT",
  transaction_type: "BUY",
  order_reference_id: "ownreference01",
};

describe("the simulated Groww", () => {
  it("has two shapes of refusal, and gives no token for a wrong TOTP code", async () => {
    const { call } = await start();
    expect(await call("/v1/user/detail", undefined, "eyJold")).toEqual({
      status: 401,
      json: { errorCode: 401, errorMessage: { message: "Token invalid or expired" }, code: "GA005" },
    });
    const { json } = await call("/v1/live-data/quote?exchange=NSE&segment=CASH&trading_symbol=NONE");
    expect(json).toMatchObject({ status: "FAILURE", error: { code: "GA001", metadata: null } });
    const wrong = await call("/v1/token/api/access", { key_type: "totp", totp: "000000" }, "eyJother");
    expect(wrong.json).not.toHaveProperty("token");
  });

  it("refuses a call that does not name the version of the API", async () => {
    const { call } = await start();
    expect((await call("/v1/user/detail")).status).toBe(200);
    expect((await call("/v1/user/detail", undefined, undefined, {})).json).toMatchObject({ error: { code: "GA001" } });
  });

  it("accepts a reference only once, and only in the documented format", async () => {
    const { rig, call } = await start();
    const price = termsOf(rig, share(rig), "LIMIT");
    const body = { ...BODY, price: "price" in price ? price.price / 10_000 : 0 };
    expect((await call("/v1/order/create", body)).status).toBe(200);
    expect((await call("/v1/order/create", body)).json).toMatchObject({ error: { code: "GA007" } });
    expect(rig.account.orders()).toHaveLength(1);
    for (const order_reference_id of ["short", "a".repeat(21), "a-b-c-d-efgh", "under_score_1"])
      expect((await call("/v1/order/create", { ...body, order_reference_id })).json).toMatchObject({
        error: { code: "GA001" },
      });
  });

  it("makes a repeated reference an unknown outcome, after which its one order is found", async () => {
    const { rig, access, call } = await start();
    const request = ticket(rig, share(rig), { tag: orderTag("ownreference01") });
    const price = "price" in request.terms ? request.terms.price / 10_000 : 0;
    await call("/v1/order/create", { ...BODY, price });
    expect(await rig.connector.placeOrder(access, request)).toMatchObject({ kind: "unknown" });
    rig.controls.now += 1_000;
    expect(await rig.connector.findOrdersByTag(access, request.tag)).toHaveLength(1);
    expect(rig.account.orders()).toHaveLength(1);
  });

  it("has an order book in pages of 25, all of which the connector reads", async () => {
    const { rig, access, call } = await start();
    for (let at = 0; at < 60; at += 1) {
      await placeResting(rig, access, { tag: orderTag(`numbered${at}`), qty: 1 });
    }
    const { json } = await call("/v1/order/list?page=0&page_size=100");
    expect((json["payload"] as { order_list: unknown[] }).order_list).toHaveLength(25);
    const orders = await rig.connector.getOrders(access);
    expect(orders.map(({ tag }) => tag)).toEqual(Array.from({ length: 60 }, (_, at) => `numbered${at}`));
    expect(await rig.connector.findOrdersByTag(access, orderTag("numbered0"))).toHaveLength(1);
  });

  it("cancels an order a moment after it accepts the request", async () => {
    const { rig, access } = await start();
    const order = await placeResting(rig, access);
    expect(await rig.connector.cancelOrder(access, order)).toMatchObject({ kind: "accepted" });
    const look = () => rig.connector.getOrder(access, order.orderId, order.handle);
    expect(await look()).toMatchObject({ status: "open" });
    expect(await look()).toMatchObject({ status: "cancelled" });
  });

  it("has trades of an order in shares, but not in derivatives", async () => {
    const { rig, access, call } = await start();
    const order = await placeResting(rig, access, { terms: termsOf(rig, share(rig), "MARKET") });
    const { json } = await call(`/v1/order/trades/${order.orderId}?segment=CASH`);
    expect(json).toMatchObject({ payload: { trade_list: [{ groww_trade_id: "", trade_status: "EXECUTED" }] } });
    expect((await call(`/v1/order/trades/${order.orderId}?segment=FNO`)).status).toBe(404);
  });

  it("ends every session at 06:00, and gives the next one for the same TOTP token", async () => {
    const { rig, access } = await start();
    rig.controls.now = istInstant("2026-11-21", "06:00");
    expect(await rig.connector.isTokenValid(access)).toBe(false);
    const session = await rig.connector.refreshToken?.(access);
    if (!session) expect.fail("no session");
    expect(session.expiresAt).toBe(istInstant("2026-11-22", "06:00"));
    expect(await rig.connector.isTokenValid({ ...access, session })).toBe(true);
    expect(await rig.connector.getQuote({ ...access, session }, listed(rig, "NSE:M&M-EQ"))).toMatchObject({
      symbol: "NSE:M&M-EQ",
    });
  });
});
