import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Access } from "../../../connectors/base.ts";
import { createRateLimit } from "../../../playground/brokers/rate-limit.ts";
import { CALLS_PER_SECOND } from "../../../playground/brokers/zerodha/routes.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { logIn, restingOrderIn, type Simulation, startSimulation, stopSimulation } from "./simulation.ts";

let sim: Simulation;
let access: Access;
beforeEach(async () => {
  sim = await startSimulation();
  access = await logIn(sim);
});
afterEach(() => stopSimulation(sim));

describe("the simulated Kite", () => {
  const post = (path: string, fields: Record<string, string>, method = "POST") =>
    fetch(`${sim.server.base("zerodha")}${path}`, {
      method,
      headers: {
        "X-Kite-Version": "3",
        Authorization: `token demoapikey00001:${access.session.accessToken.reveal()}`,
      },
      body: new URLSearchParams(fields),
    });
  const form = { exchange: "NSE", tradingsymbol: "SBIN", transaction_type: "BUY", quantity: "1", product: "CNC" };

  it.each([
    ["a market order without protection", { ...form, order_type: "MARKET" }, "without market protection"],
    ["protection 0", { ...form, order_type: "MARKET", market_protection: "0" }, "without market protection"],
    ["a tag of 21 letters", { ...form, order_type: "MARKET", market_protection: "-1", tag: "t".repeat(21) }, "tag"],
    ["a missing quantity", { ...form, quantity: "", order_type: "LIMIT", price: "900" }, "quantity"],
    ["an unknown product", { ...form, product: "XX", order_type: "LIMIT", price: "900" }, "product"],
  ])("refuses %s with HTTP 400", async (_what, fields, words) => {
    const answer = await post("/orders/regular", fields);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toMatchObject({
      status: "error",
      error_type: "InputException",
      message: expect.stringContaining(words),
    });
  });

  it("shows today's sales as used quantity, along with the opening quantity", async () => {
    const sale = { ...form, transaction_type: "SELL", quantity: "10", order_type: "MARKET", market_protection: "-1" };
    expect((await post("/orders/regular", sale)).status).toBe(200);
    const answer = await fetch(`${sim.server.base("zerodha")}/portfolio/holdings`, {
      headers: {
        "X-Kite-Version": "3",
        Authorization: `token demoapikey00001:${access.session.accessToken.reveal()}`,
      },
    });
    expect(await answer.json()).toMatchObject({
      data: [{ quantity: 25, used_quantity: 10, realised_quantity: 35, t1_quantity: 5, opening_quantity: 40 }],
    });
  });

  it("names the states of an after-market order that is changed and cancelled before its session", async () => {
    sim.now = istInstant("2026-11-20", "20:30");
    await sim.connector.placeOrder(access, { ...restingOrderIn(sim), isAmo: true });
    const statusNow = async () => {
      const answer = await fetch(`${sim.server.base("zerodha")}/orders`, {
        headers: {
          "X-Kite-Version": "3",
          Authorization: `token demoapikey00001:${access.session.accessToken.reveal()}`,
        },
      });
      const { data } = (await answer.json()) as { data: { status: string }[] };
      return data[0]?.status;
    };
    expect(await statusNow()).toBe("AMO REQ RECEIVED");
    const [waiting] = await sim.connector.getOrders(access);
    if (!waiting) throw new Error("no order");
    await sim.connector.modifyOrder(access, waiting, { qty: 5 });
    expect(await statusNow()).toBe("MODIFY AMO REQ RECEIVED");
    await sim.connector.cancelOrder(access, waiting);
    expect(await statusNow()).toBe("CANCELLED AMO");
  });

  it("answers 429 over its rate limits when they are enforced", async () => {
    sim.broker.switches.enforcesRateLimits = true;
    const answers = await Promise.all(Array.from({ length: 25 }, () => post("/orders/regular", form)));
    const busy = answers.find(({ status }) => status === 429);
    expect(await busy?.json()).toMatchObject({ error_type: "NetworkException", message: "Too many requests" });
  });

  it("counts the calls of each class per second", () => {
    let now = 0;
    const isAllowed = createRateLimit(CALLS_PER_SECOND, { now: () => now });
    expect([isAllowed("quote"), isAllowed("quote"), isAllowed("historical")]).toEqual([true, false, true]);
    now = 1_000;
    expect([isAllowed("quote"), isAllowed("quote")]).toEqual([true, false]);
    expect(Array.from({ length: 11 }, () => isAllowed("order")).lastIndexOf(true)).toBe(9);
  });

  it("allows 25 modifications of an order", async () => {
    await sim.connector.placeOrder(access, restingOrderIn(sim));
    const [open] = await sim.connector.getOrders(access);
    const path = `/orders/regular/${open?.orderId}`;
    for (let change = 0; change < 25; change += 1)
      expect((await post(path, { quantity: "4" }, "PUT")).status).toBe(200);
    expect((await post(path, { quantity: "4" }, "PUT")).status).toBe(400);
  });
});
