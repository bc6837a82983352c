import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Access, BrokerConnector, Session, VenueInstrument } from "../../../connectors/base.ts";
import { createConnector } from "../../../connectors/fyers/connector.ts";
import { createExchange } from "../../../connectors/paper/exchange/exchange.ts";
import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import { simulatedFyers } from "../../../playground/brokers/fyers.ts";
import type { SimulatedFyers } from "../../../playground/brokers/fyers.ts";
import { startBrokersServer } from "../../../playground/brokers/server.ts";
import type { BrokersServer } from "../../../playground/brokers/types.ts";
import { linkId, orderTag } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, price, priceFromRupees, roundToTick } from "../../../src/domain/money.ts";
import type { OrderRequest, OrderTerms } from "../../../src/domain/order.ts";
import { createHttpClient } from "../../../src/lib/http.ts";
import type { HttpClient } from "../../../src/lib/http.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { failureOf, noLimits, tableOf } from "../harness.ts";

const REDIRECT = "http://localhost:8080/oauth/fyers/callback";
const ACCOUNT = "fyers-demo";

/** The connector and the simulated broker, with real HTTP between them. */
interface Simulation {
  readonly connector: BrokerConnector;
  readonly exchange: Exchange;
  readonly broker: SimulatedFyers;
  readonly rows: VenueInstrument[];
  readonly skipped: string[];
  readonly server: BrokersServer;
  now: number;
  close(): Promise<void>;
}

let sim: Simulation;
let access: Access;

const credentialsOf = (broker: SimulatedFyers) =>
  Object.fromEntries(Object.entries(broker.credentials).map(([field, value]) => [field, new Secret(value)]));

async function startSimulation(): Promise<Simulation> {
  const clock = { now: istInstant("2026-11-20", "11:00") };
  const exchange = createExchange({ seed: 11, now: () => clock.now });
  const [nse, bse] = [find(exchange, "NSE:SBIN-EQ"), find(exchange, "BSE:SBIN")];
  exchange.account(ACCOUNT, {
    cash: paiseFromRupees(500_000),
    holdings: [{ key: nse.key, qty: 40, avgPrice: priceFromRupees("812.35"), t1Qty: 5 }],
  });
  expect(bse.segment).toBe("BSE");
  const broker = simulatedFyers({ exchange, accountId: ACCOUNT, random: () => 0.5 });
  const server = await startBrokersServer({ port: 0, brokers: [broker] });
  const client = createHttpClient({ now: () => clock.now, sleep: () => Promise.resolve() });
  const http: HttpClient = { ...client, read: (request) => client.send(request) };
  const rows: VenueInstrument[] = [];
  const connector = createConnector({
    http,
    limiter: noLimits,
    instruments: () => Promise.resolve(tableOf(rows)),
    now: () => clock.now,
    roots: broker.roots(server.base("fyers")),
    warn: () => {},
  });
  const skipped: string[] = [];
  for await (const row of connector.getInstruments?.({ onSkipped: (why) => skipped.push(why) }) ?? []) rows.push(row);
  const close = async (): Promise<void> => {
    await http.close();
    await server.close();
  };
  return Object.assign(clock, { connector, exchange, broker, server, rows, skipped, close });
}

function find(exchange: Exchange, symbol: string): Instrument {
  const found = exchange.instruments.find((instrument) => instrument.symbol === symbol);
  if (!found) throw new Error(`not listed: ${symbol}`);
  return found;
}

/** Logs in as a person would: opens the page, presses the button, and comes back with an auth_code. */
async function logIn({ connector, broker }: Simulation): Promise<Session> {
  const credentials = credentialsOf(broker);
  const login = await connector.getLoginUrl?.({ credentials, redirectUrl: REDIRECT, state: "state-1" });
  const url = login?.url ?? "";
  const page = await (await fetch(url)).text();
  expect(page).toContain('<form method="post">');
  const back = await fetch(url, { method: "POST", redirect: "manual" });
  const params = Object.fromEntries(new URL(back.headers.get("location") ?? "").searchParams);
  expect(params).toMatchObject({ s: "ok", code: "200", state: "state-1" });
  return connector.generateSession({
    kind: "callback",
    link: linkId("l1"),
    credentials,
    redirectUrl: REDIRECT,
    params,
  });
}

beforeEach(async () => {
  sim = await startSimulation();
  access = { link: linkId("l1"), credentials: credentialsOf(sim.broker), session: await logIn(sim) };
});
afterEach(() => sim.close());

const sbin = (): Instrument => find(sim.exchange, "NSE:SBIN-EQ");
const ltpPlus = (instrument: Instrument, basisPoints: number) =>
  roundToTick(
    price(Math.round((sim.exchange.quote(instrument.key).ltp * (10_000 + basisPoints)) / 10_000)),
    instrument.tickSize,
    "down",
  );

const order = (instrument: Instrument, terms: OrderTerms, more: Partial<OrderRequest> = {}): OrderRequest => ({
  tag: orderTag("tb7f3a91"),
  key: instrument.key,
  symbol: instrument.symbol,
  side: "BUY",
  productType: "CNC",
  validity: "DAY",
  qty: instrument.lotSize,
  isAmo: false,
  terms,
  ...more,
});
const marketTerms = (instrument: Instrument): OrderTerms => ({
  type: "MARKET",
  protection: { basisPoints: 300, limit: ltpPlus(instrument, 300) },
});

const orderCalls = (): string[] => sim.server.calls("fyers").filter((call) => call === "POST /api/v3/orders/sync");

describe("a day at the simulated Fyers", () => {
  it("gives a session until 06:00 the next morning and the account's profile", async () => {
    expect(access.session).toMatchObject({ accountId: "FA20411", expiresAt: istInstant("2026-11-21", "06:00") });
    expect(await sim.connector.getProfile(access)).toMatchObject({
      name: "ASHA RAO",
      canSellWithoutAuthorisation: true,
    });
  });

  it("lists every instrument of the exchange under its key, and reports the rows that are skipped", () => {
    const listed = sim.exchange.instruments.filter(({ segment }) =>
      ["NSE", "BSE", "NFO", "BFO", "INDEX"].includes(segment),
    );
    const summary = (instrument: Instrument) => ({
      ...instrument,
      name: "",
      freezeQty: 0,
      tickSize: instrument.kind === "index" ? 0 : instrument.tickSize,
    });
    const byKey = (a: Instrument, b: Instrument): number => (a.key < b.key ? -1 : 1);
    expect(
      sim.rows
        .map(({ instrument }) => instrument)
        .sort(byKey)
        .map(summary),
    ).toEqual([...listed].sort(byKey).map(summary));
    expect(sim.skipped.sort()).toEqual([
      "bad row",
      "index that is not served",
      "segment not served",
      "test symbol",
      "wrong number of columns",
    ]);
  });

  it("buys at market, and orders, trades, positions and funds agree with the exchange to the paisa", async () => {
    const outcome = await sim.connector.placeOrder(access, order(sbin(), marketTerms(sbin()), { qty: 10 }));
    expect(outcome.kind).toBe("accepted");
    sim.now += 1_000;
    const [row] = await sim.connector.findOrdersByTag(access, orderTag("tb7f3a91"));
    const account = sim.exchange.account(ACCOUNT);
    expect(row).toMatchObject({ status: "filled", type: "LIMIT", filledQty: 10, tag: "tb7f3a91", key: sbin().key });
    expect(row?.avgPrice).toBe(account.orders()[0]?.avgPrice);
    expect(await sim.connector.getOrder(access, row?.orderId ?? ("" as never), {})).toEqual(row);
    const trades = await sim.connector.getTrades(access);
    expect(trades).toEqual(account.trades());
    const [position] = await sim.connector.getPositions(access);
    const { dayPnl, ...own } = account.positions()[0] ?? expect.fail("no position");
    expect(position).toMatchObject({ ...own, side: "BUY" });
    expect(dayPnl).toBe(position?.dayPnl);
    expect(await sim.connector.getFunds(access)).toEqual(account.funds());
  });

  it("shows the exchange's holdings", async () => {
    const [own] = sim.exchange.account(ACCOUNT).holdings();
    expect(await sim.connector.getHoldings(access)).toEqual([{ ...own, prevClose: null }]);
  });

  it("places, modifies and cancels a limit order in a BSE share", async () => {
    const bse = find(sim.exchange, "BSE:SBIN");
    const placed = await sim.connector.placeOrder(access, order(bse, { type: "LIMIT", price: ltpPlus(bse, -500) }));
    if (placed.kind !== "accepted") expect.fail(JSON.stringify(placed));
    const open = await sim.connector.getOrder(access, placed.orderId, placed.handle);
    expect(open).toMatchObject({ status: "open", symbol: "BSE:SBIN", key: bse.key, price: ltpPlus(bse, -500) });
    if (open === null) return;
    const lower = ltpPlus(bse, -700);
    expect(
      await sim.connector.modifyOrder(access, open, { qty: 3, terms: { type: "LIMIT", price: lower } }),
    ).toMatchObject({ kind: "accepted" });
    expect(await sim.connector.getOrder(access, open.orderId, {})).toMatchObject({
      qty: 3,
      price: lower,
      status: "open",
    });
    expect(await sim.connector.cancelOrder(access, open)).toMatchObject({ kind: "accepted" });
    expect(await sim.connector.getOrder(access, open.orderId, {})).toMatchObject({ status: "cancelled" });
    expect(await sim.connector.cancelOrder(access, open)).toMatchObject({ kind: "rejected" });
    expect(sim.server.calls("fyers")).toContain(`DELETE /api/v3/orders/${open.orderId}/sync`);
    expect(sim.server.calls("fyers").filter((call) => call === "DELETE /api/v3/positions")).toEqual([]);
  });

  it("shows a stop order as waiting for its trigger", async () => {
    const terms: OrderTerms = { type: "SL", price: ltpPlus(sbin(), 400), triggerPrice: ltpPlus(sbin(), 300) };
    const placed = await sim.connector.placeOrder(access, order(sbin(), terms));
    if (placed.kind !== "accepted") expect.fail(JSON.stringify(placed));
    expect(await sim.connector.getOrder(access, placed.orderId, {})).toMatchObject({
      status: "trigger-pending",
      type: "SL",
    });
  });

  it("reports an order that risk management rejects, with the id of the rejected order", async () => {
    const outcome = await sim.connector.placeOrder(access, order(sbin(), marketTerms(sbin()), { qty: 90_000 }));
    expect(outcome).toMatchObject({ kind: "rejected", orderId: expect.stringMatching(/^\d+$/) as string });
    const [row] = await sim.connector.getOrders(access);
    expect(row).toMatchObject({ status: "rejected" });
  });

  it.each(["drop-after", "html-502-after", "truncated"] as const)(
    "finds an order by its tag after its reply was lost: %s",
    async (kind) => {
      sim.server.inject("fyers", { kind, match: /^POST .*orders/, times: 1 });
      const terms: OrderTerms = { type: "LIMIT", price: ltpPlus(sbin(), -500) };
      expect(await sim.connector.placeOrder(access, order(sbin(), terms))).toMatchObject({ kind: "unknown" });
      expect(await sim.connector.findOrdersByTag(access, orderTag("tb7f3a91"))).toMatchObject([{ status: "open" }]);
      expect(orderCalls()).toHaveLength(1);
    },
  );

  it.each(["drop-before", "html-502", "too-many"] as const)(
    "reports an unknown outcome even when the order never reached the book: %s",
    async (kind) => {
      sim.server.inject("fyers", { kind, match: /^POST .*orders/, times: 1 });
      expect(await sim.connector.placeOrder(access, order(sbin(), marketTerms(sbin())))).toMatchObject({
        kind: "unknown",
      });
      expect(await sim.connector.findOrdersByTag(access, orderTag("tb7f3a91"))).toEqual([]);
      expect(orderCalls()).toHaveLength(1);
    },
  );

  it("reports an unknown outcome for an order that the exchange has not acknowledged", async () => {
    sim.broker.quirks.leavesUnacknowledged = true;
    expect(await sim.connector.placeOrder(access, order(sbin(), marketTerms(sbin())))).toMatchObject({
      kind: "unknown",
    });
    expect(await sim.connector.findOrdersByTag(access, orderTag("tb7f3a91"))).toHaveLength(1);
  });

  it("quotes a future and a weekly option and gives their margin", async () => {
    const contracts = sim.exchange.instruments.filter(({ kind }) => kind === "future" || kind === "option");
    const picked = [
      contracts.find(({ kind }) => kind === "future"),
      contracts.find(({ symbol }) => /NIFTY\d{2}[1-9OND]\d{2}\d+CE$/.test(symbol)),
    ];
    for (const contract of picked) {
      if (!contract) expect.fail("nothing of the kind is listed");
      const cost = await sim.connector.getOrderCost?.(
        access,
        order(contract, marketTerms(contract), { productType: "MARGIN" }),
      );
      expect(cost?.margin).toBeGreaterThan(0);
      const quote = await sim.connector.getQuote(access, contract);
      expect(quote).toMatchObject({
        key: contract.key,
        symbol: contract.symbol,
        ltp: sim.exchange.quote(contract.key).ltp,
      });
    }
  });

  it("returns quotes of shares and indices, and the market depth", async () => {
    const index = find(sim.exchange, "NSE:NIFTY50-INDEX");
    const quotes = await sim.connector.getQuotes(access, [sbin(), index]);
    for (const instrument of [sbin(), index]) {
      const own = sim.exchange.quote(instrument.key);
      expect(quotes.get(instrument.key)).toMatchObject({ ltp: own.ltp, prevClose: own.prevClose, high: own.high });
    }
    expect(await sim.connector.getQuote(access, index)).toEqual(quotes.get(index.key));
    const [depth, own] = [await sim.connector.getOrderbook(access, sbin()), sim.exchange.depth(sbin().key)];
    expect(depth.bids).toEqual(own.bids);
    expect(depth.asks).toEqual(own.asks);
  });

  it("returns the exchange's candles of minutes and of days", async () => {
    const to = sim.now;
    for (const [interval, from] of [
      ["5m", to - 3_600_000],
      ["1d", istInstant("2025-01-01")],
    ] as const) {
      const candles = await sim.connector.getHistoricalData(access, { instrument: sbin(), interval, from, to });
      expect(candles.length).toBeGreaterThan(5);
      expect(candles).toEqual(sim.exchange.candles(sbin().key, interval, from, to));
    }
  });
});

describe("refusals of the simulated Fyers", () => {
  it("include orders, but not reads, from an unregistered IP address", async () => {
    sim.broker.switches.isIpAllowed = false;
    expect(await sim.connector.placeOrder(access, order(sbin(), marketTerms(sbin())))).toMatchObject({
      kind: "not-sent",
      cause: "ip-not-allowed",
    });
    expect(await sim.connector.getOrders(access)).toEqual([]);
  });

  it("include every call once the sessions are expired", async () => {
    sim.broker.switches.expireSessions();
    expect(await sim.connector.isTokenValid(access)).toBe(false);
    expect(await failureOf(sim.connector.getQuote(access, sbin()))).toMatchObject({
      kind: "auth-expired",
      brokerCode: "-16",
    });
    expect(await sim.connector.placeOrder(access, order(sbin(), marketTerms(sbin())))).toMatchObject({
      kind: "not-sent",
      cause: "session-expired",
    });
  });

  it("include every call after 06:00 the next morning", async () => {
    sim.now = istInstant("2026-11-21", "06:00");
    // Otherwise the connector would refuse the session by the clock, without asking Fyers.
    const withoutExpiry = { ...access, session: { ...access.session, expiresAt: Infinity } };
    expect(await failureOf(sim.connector.getFunds(withoutExpiry))).toMatchObject({
      kind: "auth-expired",
      brokerCode: "-8",
    });
  });

  it("include every call after logout", async () => {
    await sim.connector.logout?.(access);
    expect(await sim.connector.isTokenValid(access)).toBe(false);
  });

  it("include a wrong secret, an invalid auth_code and a foreign token", async () => {
    const credentials = { ...access.credentials, secret_id: new Secret("WRONGSECRET") };
    const grant = { kind: "token", link: linkId("l1"), credentials, token: new Secret("eyJ.x.y") } as const;
    expect(await failureOf(sim.connector.generateSession(grant))).toMatchObject({
      kind: "auth-invalid",
      brokerCode: "-371",
    });
    const right = { ...grant, credentials: access.credentials };
    expect(await failureOf(sim.connector.generateSession(right))).toMatchObject({
      kind: "auth-invalid",
      brokerCode: "-374",
    });
    const foreign = { ...access, session: { ...access.session, accessToken: new Secret("eyJ.x.y") } };
    expect(await sim.connector.isTokenValid(foreign)).toBe(false);
  });

  it("include renewing a session", async () => {
    expect(await failureOf(sim.connector.refreshToken?.(access) ?? Promise.resolve())).toMatchObject({
      kind: "auth-expired",
    });
  });

  it("include quotes without a market data plan, but not holdings", async () => {
    sim.broker.switches.hasMarketData = false;
    expect(await failureOf(sim.connector.getQuotes(access, [sbin()]))).toMatchObject({ kind: "no-permission" });
    expect(await sim.connector.getHoldings(access)).toHaveLength(1);
  });

  it("include an order over the rate limit, whose outcome is unknown and which is not sent again", async () => {
    sim.broker.switches.enforcesRateLimits = true;
    const headers = {
      authorization: `${sim.broker.credentials["client_id"]}:${access.session.accessToken.reveal()}`,
    };
    const handle = (): Promise<Response> =>
      sim.broker.handle(new Request("http://sim/api/v3/profile", { headers }), {
        path: "/api/v3/profile",
        remoteAddress: "",
      });
    const statuses = [];
    for (let call = 0; call < 11; call += 1) statuses.push((await handle()).status);
    expect(statuses).toEqual([...Array<number>(10).fill(200), 429]);
    expect(await sim.connector.placeOrder(access, order(sbin(), marketTerms(sbin())))).toMatchObject({
      kind: "unknown",
    });
    expect(orderCalls()).toHaveLength(1);
    sim.now += 1_000;
    expect((await handle()).status).toBe(200);
  });

  it("include every call for the rest of the day once the minute's limit was exceeded four times", async () => {
    sim.broker.switches.enforcesRateLimits = true;
    const call = (): Promise<Response> =>
      sim.broker.handle(new Request("http://sim/api/v3/profile"), { path: "/api/v3/profile", remoteAddress: "" });
    for (let minute = 0; minute < 4; minute += 1) {
      for (let at = 0; at <= 200; at += 1, sim.now += 150) await call();
      sim.now += 60_000;
    }
    expect((await call()).status).toBe(429);
    sim.now = istInstant("2026-11-21", "09:00");
    expect((await call()).status).toBe(401);
  });

  it("include tags and bodies that Fyers itself would refuse", async () => {
    const token = access.session.accessToken.reveal();
    const send = async (method: string, body: string): Promise<unknown> => {
      const request = new Request("http://sim/api/v3/orders/sync", {
        method,
        body,
        headers: { authorization: `DEMOAPP123-100:${token}` },
      });
      return (await sim.broker.handle(request, { path: "/api/v3/orders/sync", remoteAddress: "" })).json();
    };
    const good = {
      symbol: "NSE:SBIN-EQ",
      qty: 1,
      type: 1,
      side: 1,
      productType: "CNC",
      limitPrice: ltpPlus(sbin(), -500) / 10_000,
      stopPrice: 0,
      disclosedQty: 0,
      validity: "DAY",
      offlineOrder: false,
    };
    for (const orderTag of ["a-b", "x".repeat(31), "Untagged", "FA20411"])
      expect(await send("POST", JSON.stringify({ ...good, orderTag }))).toMatchObject({ s: "error", code: -50 });
    expect(await send("POST", "{")).toMatchObject({ s: "error", code: -50 });
    expect(await send("POST", JSON.stringify({ ...good, symbol: "NSE:NOPE-EQ" }))).toMatchObject({ code: -300 });
    const placed = await send("POST", JSON.stringify(good));
    expect(placed).toMatchObject({ s: "ok", code: 1101 });
    expect(await send("DELETE", JSON.stringify({ id: (placed as { id: string }).id }))).toMatchObject({
      s: "ok",
      code: 1103,
    });
    expect(await send("DELETE", "{}")).toMatchObject({ s: "error", code: -51 });
  });
});
