import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Access } from "../../../connectors/base.ts";
import { brokerOrderId, orderTag } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { price } from "../../../src/domain/money.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { credentials, failureOf } from "./harness.ts";
import {
  ACCOUNT,
  away,
  closeStreet,
  grantOf,
  listed,
  logIn,
  openStreet,
  orderIn,
  restingIn,
  sbinOf,
  type Street,
  submitLogin,
} from "./street.ts";

let street: Street;
let access: Access;
beforeEach(async () => {
  street = await openStreet();
  access = await logIn(street);
});
afterEach(() => closeStreet(street));

describe("login", () => {
  it("ends at 06:00, when every call finds the session dead", async () => {
    expect(access.session).toMatchObject({ accountId: "QX4411", expiresAt: istInstant("2026-11-21", "06:00") });
    expect(await street.connector.isTokenValid(access)).toBe(true);
    const forgetful = { ...access, session: { ...access.session, expiresAt: istInstant("2026-12-01") } };
    street.now = access.session.expiresAt;
    expect(await street.connector.isTokenValid(forgetful)).toBe(false);
    expect(await street.connector.placeOrder(forgetful, orderIn(street))).toMatchObject({ cause: "session-expired" });
  });

  it("takes a request token once", async () => {
    const grant = await grantOf(street);
    const again = await street.connector.generateSession(grant);
    expect(again.accessToken.reveal()).toBe(access.session.accessToken.reveal());
    expect(await failureOf(street.connector.generateSession(grant))).toMatchObject({ kind: "auth-expired" });
  });

  it("fails under a wrong secret, telling so", async () => {
    const grant = await grantOf(street, { ...credentials, apiSecret: new Secret("wrongsecret0001") });
    expect(await failureOf(street.connector.generateSession(grant))).toMatchObject({ kind: "auth-invalid" });
  });

  it("never redirects a user who is not the app's", async () => {
    const back = await submitLogin(street, { user_id: "ZZ0000" });
    expect(back.headers.get("location")).toBeNull();
    expect(await back.text()).toContain("The user is not enabled for the app.");
  });

  it("is over after logout", async () => {
    await street.connector.logout?.(access);
    expect(await street.connector.isTokenValid(access)).toBe(false);
  });
});

describe("reads", () => {
  it("agree with the exchange's own books", async () => {
    const account = street.exchange.account(ACCOUNT);
    await street.connector.placeOrder(access, orderIn(street));
    expect(await street.connector.getFunds(access)).toEqual(account.funds());
    const holdings = await street.connector.getHoldings(access);
    expect(holdings).toMatchObject([{ symbol: "NSE:SBIN-EQ", qty: 40, t1Qty: 5, pnl: account.holdings()[0]?.pnl }]);
    const [position] = await street.connector.getPositions(access);
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

  it("of a new account are empty", async () => {
    expect(await street.connector.getPositions(access)).toEqual([]);
    expect(await street.connector.getOrders(access)).toEqual([]);
    expect(await street.connector.getTrades(access)).toEqual([]);
  });

  it("join the master to the exchange by number, warts counted", () => {
    const own = street.exchange.instruments;
    expect(street.rows.map(({ instrument }) => instrument.key).toSorted()).toEqual(
      own.map(({ key }) => key).toSorted(),
    );
    const symbols = new Map(own.map(({ key, symbol }) => [key, symbol]));
    for (const { instrument } of street.rows) expect(instrument.symbol).toBe(symbols.get(instrument.key));
    expect(street.skipped).toEqual(["test symbol", "bad row"]);
  });

  it("quote shares, indices and contracts", async () => {
    const contract = street.exchange.instruments.find(({ kind }) => kind === "option");
    const asked = [sbinOf(street), listed(street.exchange, "NSE:NIFTY50-INDEX"), ...(contract ? [contract] : [])];
    const quotes = await street.connector.getQuotes(access, asked);
    expect(asked.map(({ key }) => quotes.get(key)?.ltp)).toEqual(
      asked.map(({ key }) => street.exchange.quote(key).ltp),
    );
    const depth = await street.connector.getOrderbook(access, sbinOf(street));
    expect(depth.bids).toEqual(street.exchange.depth(sbinOf(street).key).bids);
  });

  it("give candles as the exchange drew them", async () => {
    const query = { instrument: sbinOf(street), from: istInstant("2026-11-02"), to: istInstant("2026-11-19") };
    const days = await street.connector.getHistoricalData(access, { ...query, interval: "1d" });
    expect(days.length).toBeGreaterThan(8);
    expect(days).toEqual(street.exchange.candles(sbinOf(street).key, "1d", query.from, query.to));
  });

  it("lack market data on the free plan, which is no dead session", async () => {
    street.broker.switches.hasMarketData = false;
    expect(await failureOf(street.connector.getQuote(access, sbinOf(street)))).toMatchObject({ kind: "no-permission" });
    expect(await street.connector.isTokenValid(access)).toBe(true);
  });
});

describe("orders", () => {
  it("are accepted, filled and found again by tag, with a 19-digit id", async () => {
    const outcome = await street.connector.placeOrder(access, orderIn(street));
    const orderId = outcome.kind === "accepted" ? outcome.orderId : brokerOrderId("none");
    expect(orderId).toMatch(/^\d{19}$/);
    const [found] = await street.connector.findOrdersByTag(access, orderTag("tb7f3a91"));
    // The protected market order is a limit order in Kite's book.
    expect(found).toMatchObject({ orderId, status: "filled", type: "LIMIT", filledQty: 3, productType: "CNC" });
    const trades = await street.connector.getTrades(access);
    expect(trades.map((trade) => [trade.orderId, trade.qty])).toEqual([[orderId, 3]]);
  });

  it("rest, change and go", async () => {
    await street.connector.placeOrder(access, restingIn(street));
    const [open] = await street.connector.getOrders(access);
    if (!open) throw new Error("no order");
    expect(open).toMatchObject({ status: "open", price: away(street, sbinOf(street), -4) });
    const terms = { type: "LIMIT", price: away(street, sbinOf(street), -3) } as const;
    expect(await street.connector.modifyOrder(access, open, { qty: 5, terms })).toMatchObject({ kind: "accepted" });
    const changed = await street.connector.getOrder(access, open.orderId, open.handle);
    expect(changed).toMatchObject({ qty: 5, price: terms.price, status: "open" });
    expect(await street.connector.cancelOrder(access, open)).toMatchObject({ kind: "accepted" });
    expect(await street.connector.getOrder(access, open.orderId, open.handle)).toMatchObject({ status: "cancelled" });
    expect(await street.connector.cancelOrder(access, open)).toMatchObject({ kind: "rejected" });
  });

  it("are refused in the broker's words, or accepted and rejected in the book", async () => {
    const offTick = { type: "LIMIT", price: price(away(street, sbinOf(street), -4) + 1) } as const;
    expect(await street.connector.placeOrder(access, orderIn(street, { terms: offTick }))).toMatchObject({
      kind: "rejected",
    });
    expect(await street.connector.placeOrder(access, orderIn(street, { qty: 90_000 }))).toMatchObject({
      kind: "accepted",
    });
    const [rejected] = await street.connector.getOrders(access);
    expect(rejected).toMatchObject({ status: "rejected", message: expect.any(String) });
  });

  it("are not sent from an address that is not registered", async () => {
    street.broker.switches.isIpAllowed = false;
    expect(await street.connector.placeOrder(access, orderIn(street))).toMatchObject({ cause: "ip-not-allowed" });
    expect(await street.connector.getOrders(access)).toEqual([]);
  });

  it.each(["drop-after", "html-502-after", "truncated"] as const)(
    "are unknown when the answer is lost (%s), sent once, and found by tag",
    async (kind) => {
      street.server.inject("zerodha", { kind, match: /^POST \/orders/, times: 1 });
      expect((await street.connector.placeOrder(access, orderIn(street))).kind).toBe("unknown");
      expect(street.server.calls("zerodha").filter((call) => call.startsWith("POST /orders"))).toHaveLength(1);
      expect(await street.connector.findOrdersByTag(access, orderTag("tb7f3a91"))).toHaveLength(1);
    },
  );

  it("are unknown when Kite is too busy, without a second request", async () => {
    street.server.inject("zerodha", { kind: "too-many", match: /^POST \/orders/ });
    expect((await street.connector.placeOrder(access, orderIn(street))).kind).toBe("unknown");
    expect(street.server.calls("zerodha").filter((call) => call.startsWith("POST /orders"))).toHaveLength(1);
  });

  it("cost what the exchange says", async () => {
    const cost = await street.connector.getOrderCost?.(access, restingIn(street));
    const { tag, key, side, productType, validity, qty, isAmo, terms } = restingIn(street);
    const own = street.exchange.account(ACCOUNT).cost({ tag, key, side, productType, validity, qty, isAmo, terms });
    expect(cost).toEqual(own);
  });
});
