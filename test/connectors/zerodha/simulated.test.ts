import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Access } from "../../../connectors/base.ts";
import { brokerOrderId, orderTag } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { price } from "../../../src/domain/money.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { failureOf } from "../harness.ts";
import { credentials } from "./harness.ts";
import {
  ACCOUNT,
  grantOf,
  listed,
  logIn,
  ltpPlusPercent,
  orderIn,
  restingOrderIn,
  sbinOf,
  type Simulation,
  startSimulation,
  stopSimulation,
  submitLoginForm,
} from "./simulation.ts";

let sim: Simulation;
let access: Access;
beforeEach(async () => {
  sim = await startSimulation();
  access = await logIn(sim);
});
afterEach(() => stopSimulation(sim));

describe("login", () => {
  it("gives a session that Kite ends at 06:00", async () => {
    expect(access.session).toMatchObject({ accountId: "QX4411", expiresAt: istInstant("2026-11-21", "06:00") });
    expect(await sim.connector.isTokenValid(access)).toBe(true);
    const withLaterExpiry = { ...access, session: { ...access.session, expiresAt: istInstant("2026-12-01") } };
    sim.now = access.session.expiresAt;
    expect(await sim.connector.isTokenValid(withLaterExpiry)).toBe(false);
    expect(await sim.connector.placeOrder(withLaterExpiry, orderIn(sim))).toMatchObject({ cause: "session-expired" });
  });

  it("accepts a request token only once", async () => {
    const grant = await grantOf(sim);
    const again = await sim.connector.generateSession(grant);
    expect(again.accessToken.reveal()).toBe(access.session.accessToken.reveal());
    expect(await failureOf(sim.connector.generateSession(grant))).toMatchObject({ kind: "auth-expired" });
  });

  it("fails with auth-invalid for a wrong API secret", async () => {
    const grant = await grantOf(sim, { ...credentials, apiSecret: new Secret("wrongsecret0001") });
    expect(await failureOf(sim.connector.generateSession(grant))).toMatchObject({ kind: "auth-invalid" });
  });

  it("does not redirect a user who is not enabled for the app", async () => {
    const back = await submitLoginForm(sim, { user_id: "ZZ0000" });
    expect(back.headers.get("location")).toBeNull();
    expect(await back.text()).toContain("The user is not enabled for the app.");
  });

  it("is ended by logout", async () => {
    await sim.connector.logout?.(access);
    expect(await sim.connector.isTokenValid(access)).toBe(false);
  });
});

describe("reading", () => {
  it("gives the exchange's funds, holdings and positions", async () => {
    const account = sim.exchange.account(ACCOUNT);
    await sim.connector.placeOrder(access, orderIn(sim));
    expect(await sim.connector.getFunds(access)).toEqual(account.funds());
    const holdings = await sim.connector.getHoldings(access);
    expect(holdings).toMatchObject([{ symbol: "NSE:SBIN-EQ", qty: 40, t1Qty: 5, pnl: account.holdings()[0]?.pnl }]);
    const [position] = await sim.connector.getPositions(access);
    const [own] = account.positions();
    expect(position).toMatchObject({
      key: own?.key,
      side: "BUY",
      qty: 3,
      pnl: own?.pnl,
      dayPnl: own?.dayPnl,
      buyValue: own?.buyValue,
      productType: "CNC",
    });
  });

  it("gives empty lists for a new account", async () => {
    expect(await sim.connector.getPositions(access)).toEqual([]);
    expect(await sim.connector.getOrders(access)).toEqual([]);
    expect(await sim.connector.getTrades(access)).toEqual([]);
  });

  it("gives every instrument of the exchange its key and symbol, and reports the rows that are skipped", () => {
    const own = sim.exchange.instruments;
    expect(sim.rows.map(({ instrument }) => instrument.key).toSorted()).toEqual(own.map(({ key }) => key).toSorted());
    const symbols = new Map(own.map(({ key, symbol }) => [key, symbol]));
    for (const { instrument } of sim.rows) expect(instrument.symbol).toBe(symbols.get(instrument.key));
    expect(sim.skipped).toEqual(["test symbol", "bad row"]);
  });

  it("gives quotes of shares, indices and options, and the market depth", async () => {
    const contract = sim.exchange.instruments.find(({ kind }) => kind === "option");
    const instruments = [sbinOf(sim), listed(sim.exchange, "NSE:NIFTY50-INDEX"), ...(contract ? [contract] : [])];
    const quotes = await sim.connector.getQuotes(access, instruments);
    expect(instruments.map(({ key }) => quotes.get(key)?.ltp)).toEqual(
      instruments.map(({ key }) => sim.exchange.quote(key).ltp),
    );
    const depth = await sim.connector.getOrderbook(access, sbinOf(sim));
    expect(depth.bids).toEqual(sim.exchange.depth(sbinOf(sim).key).bids);
  });

  it("gives the exchange's candles", async () => {
    const query = { instrument: sbinOf(sim), from: istInstant("2026-11-02"), to: istInstant("2026-11-19") };
    const days = await sim.connector.getHistoricalData(access, { ...query, interval: "1d" });
    expect(days.length).toBeGreaterThan(8);
    expect(days).toEqual(sim.exchange.candles(sbinOf(sim).key, "1d", query.from, query.to));
  });

  it("fails with no-permission for quotes on the free plan, while the session stays valid", async () => {
    sim.broker.switches.hasMarketData = false;
    expect(await failureOf(sim.connector.getQuote(access, sbinOf(sim)))).toMatchObject({ kind: "no-permission" });
    expect(await sim.connector.isTokenValid(access)).toBe(true);
  });
});

describe("orders", () => {
  it("are accepted with a 19-digit id, filled, and found by their tag", async () => {
    const outcome = await sim.connector.placeOrder(access, orderIn(sim));
    const orderId = outcome.kind === "accepted" ? outcome.orderId : brokerOrderId("none");
    expect(orderId).toMatch(/^\d{19}$/);
    const [found] = await sim.connector.findOrdersByTag(access, orderTag("tb7f3a91"));
    // Kite's book lists a market order with protection as a limit order.
    expect(found).toMatchObject({ orderId, status: "filled", type: "LIMIT", filledQty: 3, productType: "CNC" });
    const trades = await sim.connector.getTrades(access);
    expect(trades.map((trade) => [trade.orderId, trade.qty])).toEqual([[orderId, 3]]);
  });

  it("rest, are modified and are cancelled", async () => {
    await sim.connector.placeOrder(access, restingOrderIn(sim));
    const [open] = await sim.connector.getOrders(access);
    if (!open) throw new Error("no order");
    expect(open).toMatchObject({ status: "open", price: ltpPlusPercent(sim, sbinOf(sim), -4) });
    const terms = { type: "LIMIT", price: ltpPlusPercent(sim, sbinOf(sim), -3) } as const;
    expect(await sim.connector.modifyOrder(access, open, { qty: 5, terms })).toMatchObject({ kind: "accepted" });
    const changed = await sim.connector.getOrder(access, open.orderId, open.handle);
    expect(changed).toMatchObject({ qty: 5, price: terms.price, status: "open" });
    expect(await sim.connector.cancelOrder(access, open)).toMatchObject({ kind: "accepted" });
    expect(await sim.connector.getOrder(access, open.orderId, open.handle)).toMatchObject({ status: "cancelled" });
    expect(await sim.connector.cancelOrder(access, open)).toMatchObject({ kind: "rejected" });
  });

  it("are rejected at once for a bad price, or accepted and then rejected in the book for lack of funds", async () => {
    const offTick = { type: "LIMIT", price: price(ltpPlusPercent(sim, sbinOf(sim), -4) + 1) } as const;
    expect(await sim.connector.placeOrder(access, orderIn(sim, { terms: offTick }))).toMatchObject({
      kind: "rejected",
    });
    expect(await sim.connector.placeOrder(access, orderIn(sim, { qty: 90_000 }))).toMatchObject({
      kind: "accepted",
    });
    const [rejected] = await sim.connector.getOrders(access);
    expect(rejected).toMatchObject({ status: "rejected", message: expect.any(String) });
  });

  it("are not-sent from an unregistered IP address", async () => {
    sim.broker.switches.isIpAllowed = false;
    expect(await sim.connector.placeOrder(access, orderIn(sim))).toMatchObject({ cause: "ip-not-allowed" });
    expect(await sim.connector.getOrders(access)).toEqual([]);
  });

  it.each(["drop-after", "html-502-after", "truncated"] as const)(
    "are unknown when the reply is lost (%s), sent once, and found by their tag",
    async (kind) => {
      sim.server.inject("zerodha", { kind, match: /^POST \/orders/, times: 1 });
      expect((await sim.connector.placeOrder(access, orderIn(sim))).kind).toBe("unknown");
      expect(sim.server.calls("zerodha").filter((call) => call.startsWith("POST /orders"))).toHaveLength(1);
      expect(await sim.connector.findOrdersByTag(access, orderTag("tb7f3a91"))).toHaveLength(1);
    },
  );

  it("are unknown when Kite answers 429, without a second request", async () => {
    sim.server.inject("zerodha", { kind: "too-many", match: /^POST \/orders/ });
    expect((await sim.connector.placeOrder(access, orderIn(sim))).kind).toBe("unknown");
    expect(sim.server.calls("zerodha").filter((call) => call.startsWith("POST /orders"))).toHaveLength(1);
  });

  it("have the exchange's cost", async () => {
    const cost = await sim.connector.getOrderCost?.(access, restingOrderIn(sim));
    const { tag, key, side, productType, validity, qty, isAmo, terms } = restingOrderIn(sim);
    const own = sim.exchange.account(ACCOUNT).cost({ tag, key, side, productType, validity, qty, isAmo, terms });
    expect(cost).toEqual(own);
  });
});
