import { describe, expect, it } from "vitest";
import type { Access, BrokerConnector, ConnectorDeps, VenueInstrument } from "../../../connectors/base.ts";
import { createPaper } from "../../../connectors/paper/index.ts";
import { linkId, orderTag, tradingSymbol } from "../../../src/domain/ids.ts";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { price } from "../../../src/domain/money.ts";
import type { OrderRequest } from "../../../src/domain/order.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { DAY, MINUTE, limit, listed, market, openFloor, plusPercent } from "./floor.ts";
import type { Floor } from "./floor.ts";

/** The paper broker uses no HTTP, limiter or master file: any call to these fails the test. */
function depsFor(floor: Floor): ConnectorDeps {
  const unused = (what: string) => (): never => {
    throw new Error(`the paper broker used ${what}`);
  };
  return {
    http: {
      read: unused("http"),
      send: unused("http"),
      stream: unused("http"),
    } as unknown as ConnectorDeps["http"],
    limiter: { run: unused("the limiter") },
    instruments: unused("the master file"),
    now: () => floor.now,
    roots: {},
    warn: unused("warn"),
  };
}

interface Setup {
  readonly floor: Floor;
  readonly broker: BrokerConnector;
  readonly access: Access;
  readonly sbin: Instrument;
}

async function setUp(link = "link-1", floor = openFloor("2026-11-20T11:00:00")): Promise<Setup> {
  const broker = await createPaper({ exchange: () => floor.exchange }).create(depsFor(floor));
  const grant = { kind: "token" as const, link: linkId(link), credentials: {}, token: new Secret("") };
  const session = await broker.generateSession(grant);
  const access = { link: linkId(link), credentials: {}, session };
  return { floor, broker, access, sbin: listed(floor.exchange, "NSE:SBIN-EQ") };
}

function request({ floor, sbin }: Setup, change: Partial<OrderRequest> = {}): OrderRequest {
  return {
    tag: orderTag("T1"),
    key: sbin.key,
    symbol: sbin.symbol,
    side: "BUY",
    productType: "CNC",
    validity: "DAY",
    qty: 10,
    isAmo: false,
    terms: market(floor.exchange, sbin, "BUY"),
    ...change,
  };
}

describe("the paper broker", () => {
  it("opens an account with ten lakh rupees and a session that lasts ten years", async () => {
    const setup = await setUp();
    const { broker, access, floor } = setup;
    expect(access.session.accountId).toMatch(/^PAPER-[0-9A-F]{4}$/);
    expect(await broker.getFunds(access)).toEqual({
      cash: 100_000_000,
      available: 100_000_000,
      used: 0,
      collateral: 0,
    });
    expect(await broker.getProfile(access)).toMatchObject({ accountId: access.session.accountId });
    floor.now += 9 * 365 * DAY;
    expect(await broker.isTokenValid(access)).toBe(true);
    floor.now += 2 * 365 * DAY;
    expect(await broker.isTokenValid(access)).toBe(false);
  });

  it("places an order, finds it by its tag and shows its trade, position and holding", async () => {
    const setup = await setUp();
    const { broker, access, sbin } = setup;
    const outcome = await broker.placeOrder(access, request(setup));
    if (outcome.kind !== "accepted") throw new Error(outcome.kind);
    const [found] = await broker.findOrdersByTag(access, orderTag("T1"));
    expect(found).toMatchObject({ orderId: outcome.orderId, status: "filled", filledQty: 10, tag: "T1" });
    expect(await broker.getOrder(access, outcome.orderId, {})).toEqual(found);
    expect(await broker.findOrdersByTag(access, orderTag("T2"))).toEqual([]);
    expect(await broker.getTrades(access)).toMatchObject([{ orderId: outcome.orderId, qty: 10 }]);
    expect(await broker.getPositions(access)).toMatchObject([{ symbol: sbin.symbol, qty: 10, productType: "CNC" }]);
    setup.floor.now += DAY;
    expect(await broker.getHoldings(access)).toMatchObject([{ symbol: sbin.symbol, qty: 10, t1Qty: 10 }]);
  });

  it("reports a refused order as rejected, with the reason and the code", async () => {
    const setup = await setUp();
    const terms = limit(price(1));
    const outcome = await setup.broker.placeOrder(setup.access, request(setup, { terms }));
    expect(outcome).toEqual({
      kind: "rejected",
      reason: "Price is not a multiple of the tick size 0.05",
      raw: "bad-tick: Price is not a multiple of the tick size 0.05",
    });
    expect(await setup.broker.getOrders(setup.access)).toEqual([]);
  });

  it("modifies and cancels a resting order, and rejects both once it is final", async () => {
    const setup = await setUp();
    const { broker, access, floor, sbin } = setup;
    const { ltp } = floor.exchange.quote(sbin.key);
    await broker.placeOrder(access, request(setup, { terms: limit(plusPercent(sbin, ltp, -4)) }));
    const [open] = await broker.getOrders(access);
    if (!open) throw new Error("no order");
    expect(await broker.modifyOrder(access, open, { qty: 7 })).toMatchObject({
      kind: "accepted",
      orderId: open.orderId,
    });
    expect(await broker.cancelOrder(access, open)).toMatchObject({ kind: "accepted", orderId: open.orderId });
    expect(await broker.getOrder(access, open.orderId, {})).toMatchObject({ status: "cancelled", qty: 7 });
    await broker.placeOrder(access, request(setup));
    const filled = (await broker.getOrders(access)).at(-1);
    if (!filled) throw new Error("no order");
    expect(await broker.cancelOrder(access, filled)).toMatchObject({ kind: "rejected" });
    expect(await broker.modifyOrder(access, filled, { qty: 7 })).toMatchObject({ kind: "rejected" });
    expect(await broker.getOrder(access, filled.orderId, {})).toMatchObject({ status: "filled" });
  });

  it("gives an order's margin and charges in advance", async () => {
    const setup = await setUp();
    const cost = await setup.broker.getOrderCost?.(setup.access, request(setup));
    await setup.broker.placeOrder(setup.access, request(setup));
    const { cash } = await setup.broker.getFunds(setup.access);
    expect(100_000_000 - cash).toBeLessThanOrEqual((cost?.margin ?? 0) + (cost?.charges ?? 0));
    expect(cost?.charges).toBeGreaterThan(0);
  });

  it("quotes listed instruments, omits others, and gives depth and candles", async () => {
    const { broker, access, sbin, floor } = await setUp();
    const unlisted = { ...sbin, key: instrumentKey("NSE", 999_999), symbol: tradingSymbol("NSE:NOBODY-EQ") };
    const quotes = await broker.getQuotes(access, [sbin, unlisted]);
    expect([...quotes.keys()]).toEqual([sbin.key]);
    expect(await broker.getQuote(access, sbin)).toEqual(quotes.get(sbin.key));
    await expect(broker.getQuote(access, unlisted)).rejects.toMatchObject({ name: "BrokerError", kind: "rejected" });
    expect((await broker.getOrderbook(access, sbin)).bids).toHaveLength(5);
    const query = { instrument: sbin, interval: "5m" as const, from: floor.now - 60 * MINUTE, to: floor.now };
    expect(await broker.getHistoricalData(access, query)).toHaveLength(13);
  });

  it("streams the exchange's instruments with their venue symbols and tokens", async () => {
    const { broker, floor } = await setUp();
    const rows: VenueInstrument[] = [];
    for await (const row of broker.getInstruments?.({ onSkipped: () => {} }) ?? []) rows.push(row);
    expect(rows).toHaveLength(floor.exchange.instruments.length);
    expect(rows).toContainEqual({
      instrument: listed(floor.exchange, "NSE:M&M-EQ"),
      venueSymbol: "M&M-EQ",
      venueToken: "2031",
    });
  });

  it("gives each link of a user an account of its own", async () => {
    const one = await setUp("link-1");
    const two = await setUp("link-2", one.floor);
    expect(two.access.session.accountId).not.toBe(one.access.session.accountId);
    await one.broker.placeOrder(one.access, request(one));
    expect(await two.broker.getOrders(two.access)).toEqual([]);
    expect((await two.broker.getFunds(two.access)).cash).toBe(100_000_000);
  });

  it("claims the capabilities that it implements", async () => {
    const { broker, floor } = await setUp();
    const definition = createPaper({ exchange: () => floor.exchange });
    expect(definition).toMatchObject({ name: "paper", isPaper: true, credentials: [], roots: {} });
    expect(definition.capabilities).toMatchObject({ login: ["none"], refresh: false, amo: false });
    for (const absent of ["refreshToken", "getLoginUrl", "logout"]) expect(broker).not.toHaveProperty(absent);
    expect(definition).not.toHaveProperty("readPostback");
  });
});
