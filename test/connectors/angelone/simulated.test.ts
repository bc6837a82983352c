import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createConnector } from "../../../connectors/angelone/connector.ts";
import type { Access, BrokerConnector, InstrumentTable, VenueInstrument } from "../../../connectors/base.ts";
import { createExchange } from "../../../connectors/paper/exchange/exchange.ts";
import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import { simulatedAngelone } from "../../../playground/brokers/angelone.ts";
import { startBrokersServer } from "../../../playground/brokers/server.ts";
import type { BrokersServer, SimulatedBroker } from "../../../playground/brokers/types.ts";
import { linkId, orderTag } from "../../../src/domain/ids.ts";
import { instrumentKey, type Instrument } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, price, priceFromRupees, roundToTick, type Price } from "../../../src/domain/money.ts";
import type { Order, OrderRequest } from "../../../src/domain/order.ts";
import { createHttpClient, type HttpClient } from "../../../src/lib/http.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { noLimits, tableOf } from "../harness.ts";

const SBIN = instrumentKey("NSE", 3045);
const ACCOUNT = "angel-demo";
const REDIRECT = "http://127.0.0.1:9/oauth/angelone/callback";

let now = 0;
let exchange: Exchange;
let broker: SimulatedBroker;
let server: BrokersServer;
let http: HttpClient;
let connector: BrokerConnector;
let table: InstrumentTable;
let master: VenueInstrument[];
const skipped: string[] = [];

beforeEach(async () => {
  now = istInstant("2026-11-20", "10:30");
  exchange = createExchange({ seed: 7, now: () => now, isAlwaysOpen: false });
  exchange.account(ACCOUNT, {
    cash: paiseFromRupees(500_000),
    holdings: [{ key: SBIN, qty: 25, avgPrice: priceFromRupees("842.15") }],
  });
  broker = simulatedAngelone({ exchange, accountId: ACCOUNT, random: () => 0.5 });
  server = await startBrokersServer({ port: 0, brokers: [broker] });
  http = createHttpClient({ now: () => now, sleep: () => Promise.resolve() });
  connector = createConnector({
    // One attempt for each read, so that what reaches the broker can be counted.
    http: { ...http, read: (request) => http.send(request) },
    limiter: noLimits,
    instruments: () => Promise.resolve(table),
    now: () => now,
    roots: broker.roots(server.base("angelone")),
    warn: () => undefined,
  });
  skipped.length = 0;
  master = [];
  const rows = connector.getInstruments?.({ onSkipped: (reason) => skipped.push(reason) });
  for await (const row of rows ?? ([] as never)) master.push(row);
  table = tableOf(master);
});

afterEach(async () => {
  await http.close();
  await server.close();
});

/** Logs in as a browser would: opens the page, submits its form, and reads the redirect instead of following it. */
async function logIn(): Promise<Access> {
  const credentials = Object.fromEntries(
    Object.entries(broker.credentials).map(([field, value]) => [field, new Secret(value)]),
  );
  const link = linkId("link-1");
  const login = await connector.getLoginUrl?.({ credentials, redirectUrl: REDIRECT, state: "st4te" });
  const html = await (await fetch(login?.url ?? "")).text();
  const action = /action="([^"]+)"/.exec(html)?.[1] ?? "";
  const fields = new URLSearchParams();
  for (const [, name = "", value = ""] of html.matchAll(/name="([^"]+)" value="([^"]*)"/g)) fields.set(name, value);
  const sent = await fetch(new URL(action, login?.url), {
    method: "POST",
    body: fields,
    redirect: "manual",
  });
  const landing = new URL(sent.headers.get("location") ?? "");
  const params = Object.fromEntries(landing.searchParams);
  expect(`${landing.origin}${landing.pathname}`).toBe(REDIRECT);
  expect(params.state).toBe("st4te");
  const session = await connector.generateSession({
    kind: "callback",
    link,
    credentials,
    redirectUrl: REDIRECT,
    params,
  });
  return { link, credentials, session };
}

const instrument = (key: string): Instrument => {
  const found = master.find((row) => row.instrument.key === key)?.instrument;
  if (!found) throw new Error(`not listed: ${key}`);
  return found;
};

function ltpTimes(factor: number): Price {
  const { ltp } = exchange.quote(SBIN);
  return roundToTick(price(Math.round(ltp * factor)), instrument(SBIN).tickSize, "nearest");
}

const order = (change: Partial<OrderRequest>): OrderRequest => ({
  tag: orderTag("t1"),
  key: SBIN,
  symbol: instrument(SBIN).symbol,
  side: "BUY",
  productType: "CNC",
  validity: "DAY",
  qty: 5,
  isAmo: false,
  terms: { type: "MARKET", protection: { basisPoints: 100, limit: ltpTimes(1.01) } },
  ...change,
});

/** Reads the order until it is no longer pending or open, moving the clock one second each time. */
async function settled(access: Access, tag: string): Promise<Order | undefined> {
  for (let tries = 0; tries < 10; tries += 1) {
    const [found] = await connector.findOrdersByTag(access, orderTag(tag));
    if (found && found.status !== "pending" && found.status !== "open") return found;
    now += 1_000;
  }
  return undefined;
}

describe("against the simulated broker", () => {
  it("reads the same instruments as the exchange lists, and reports the rows it skips", () => {
    const trimmed = ({ key, symbol, lotSize, tickSize }: Instrument) => ({ key, symbol, lotSize, tickSize });
    const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1);
    expect(master.map((row) => trimmed(row.instrument)).sort(byKey)).toEqual(
      exchange.instruments
        .map((listed) => ({ ...trimmed(listed), ...(listed.kind === "index" ? { tickSize: 0 } : {}) }))
        .sort(byKey),
    );
    expect(skipped.sort()).toEqual(["test symbol", "unknown segment", "unreadable row"]);
  });

  it("logs in, buys, and shows trade, position, holding and funds as the exchange has them", async () => {
    const access = await logIn();
    expect(access.session).toMatchObject({ accountId: "R58213", expiresAt: istInstant("2026-11-21") });
    expect(await connector.getOrders(access)).toEqual([]);
    expect(await connector.getPositions(access)).toEqual([]);

    const outcome = await connector.placeOrder(access, order({ tag: orderTag("buy1") }));
    expect(outcome).toMatchObject({ kind: "accepted" });
    const filled = await settled(access, "buy1");
    expect(filled).toMatchObject({ status: "filled", type: "LIMIT", filledQty: 5, tag: "buy1", symbol: "NSE:SBIN-EQ" });

    const [trade] = await connector.getTrades(access);
    expect(trade).toMatchObject({ orderId: filled?.orderId, key: SBIN, side: "BUY", productType: "CNC" });
    const [position] = await connector.getPositions(access);
    const [expected] = exchange.account(ACCOUNT).positions();
    expect(position).toMatchObject({
      key: SBIN,
      qty: 5,
      side: "BUY",
      pnl: expected?.pnl,
      buyValue: expected?.buyValue,
      dayPnl: expected?.dayPnl,
    });
    const [holding] = await connector.getHoldings(access);
    expect(holding).toMatchObject({ key: SBIN, qty: 25, sellableQty: 25, isin: "INE062A01020" });
    expect(await connector.getFunds(access)).toMatchObject({ available: exchange.account(ACCOUNT).funds().available });
  });

  it("subtracts today's sales from the held and the sellable quantity", async () => {
    const access = await logIn();
    const limit = ltpTimes(0.99);
    await connector.placeOrder(
      access,
      order({
        tag: orderTag("sell1"),
        side: "SELL",
        qty: 10,
        terms: { type: "MARKET", protection: { basisPoints: 100, limit } },
      }),
    );
    expect(await settled(access, "sell1")).toMatchObject({ status: "filled" });
    const [holding] = await connector.getHoldings(access);
    expect(holding).toMatchObject({ qty: 15, sellableQty: 15 });
  });

  it("modifies and cancels a resting order, and finds it by tag and by id", async () => {
    const access = await logIn();
    const placed = await connector.placeOrder(
      access,
      order({ tag: orderTag("rest1"), terms: { type: "LIMIT", price: ltpTimes(0.95) } }),
    );
    const [resting] = await connector.findOrdersByTag(access, orderTag("rest1"));
    if (placed.kind !== "accepted" || !resting) throw new Error("the order is not in the book");
    expect(resting).toMatchObject({ orderId: placed.orderId, status: "open", handle: placed.handle });

    expect(await connector.modifyOrder(access, resting, { qty: 3 })).toMatchObject({ kind: "accepted" });
    const changed = await connector.getOrder(access, resting.orderId, resting.handle);
    expect(changed).toMatchObject({ qty: 3, price: resting.price, status: "open" });
    expect(await connector.cancelOrder(access, resting)).toMatchObject({ kind: "accepted" });
    expect(await connector.getOrder(access, resting.orderId, resting.handle)).toMatchObject({ status: "cancelled" });
    expect(await connector.cancelOrder(access, resting)).toMatchObject({ kind: "rejected" });
  });

  it("shows an after-market order as waiting, also when it is changed, and as cancelled", async () => {
    now = istInstant("2026-11-20", "20:30");
    const access = await logIn();
    const statusNow = async () => {
      const { accessToken } = access.session;
      const answer = await fetch(`${server.base("angelone")}/rest/secure/angelbroking/order/v1/getOrderBook`, {
        headers: {
          "X-UserType": "USER",
          "X-SourceID": "WEB",
          "X-ClientLocalIP": "127.0.0.1",
          "X-ClientPublicIP": "127.0.0.1",
          "X-MACAddress": "02:00:00:00:00:00",
          "X-PrivateKey": broker.credentials["apiKey"] ?? "",
          Authorization: `Bearer ${accessToken.reveal()}`,
        },
      });
      const { data } = (await answer.json()) as { data: { status: string }[] };
      const [order] = await connector.getOrders(access);
      return [data[0]?.status, order?.status, order?.isAmo];
    };
    const terms = { type: "LIMIT", price: ltpTimes(0.95) } as const;
    await connector.placeOrder(access, order({ tag: orderTag("amo1"), isAmo: true, terms }));
    expect(await statusNow()).toEqual(["after market order req received", "pending", true]);
    const [waiting] = await connector.findOrdersByTag(access, orderTag("amo1"));
    if (!waiting) throw new Error("the order is not in the book");
    await connector.modifyOrder(access, waiting, { qty: 3 });
    expect(await statusNow()).toEqual(["modify after market order req received", "pending", true]);
    await connector.cancelOrder(access, waiting);
    expect(await statusNow()).toEqual(["cancelled after market order", "cancelled", true]);
  });

  it("shows a stop order as waiting for its trigger", async () => {
    const access = await logIn();
    const terms = {
      type: "SL-M",
      triggerPrice: ltpTimes(1.03),
      protection: { basisPoints: 100, limit: ltpTimes(1.04) },
    } as const;
    await connector.placeOrder(access, order({ tag: orderTag("stop1"), terms }));
    const [stop] = await connector.findOrdersByTag(access, orderTag("stop1"));
    expect(stop).toMatchObject({
      type: "SL",
      status: "trigger-pending",
      triggerPrice: terms.triggerPrice,
      price: terms.protection.limit,
    });
  });

  it("finds an order that the exchange rejected in the order book, with the reason", async () => {
    const access = await logIn();
    const outcome = await connector.placeOrder(
      access,
      order({ tag: orderTag("far1"), terms: { type: "LIMIT", price: ltpTimes(3) } }),
    );
    expect(outcome).toMatchObject({ kind: "accepted" });
    const [rejected] = await connector.findOrdersByTag(access, orderTag("far1"));
    expect(rejected).toMatchObject({ status: "rejected", message: expect.stringContaining("circuit") });
  });

  it("prices and trades a weekly and a monthly option under their canonical names", async () => {
    const access = await logIn();
    const options = master.map((row) => row.instrument).filter((each) => each.kind === "option");
    const weekly = options.find(({ symbol }) => /NIFTY26[0-9OND]\d\d/.test(symbol));
    const monthly = options.find(({ symbol }) => /NIFTY26[A-Z]{3}\d/.test(symbol));
    if (!weekly || !monthly) throw new Error("no options listed");
    const quotes = await connector.getQuotes(access, [weekly, monthly, instrument("INDEX:NIFTY50")]);
    expect(quotes.size).toBe(3);
    expect(quotes.get(weekly.key)?.ltp).toBe(exchange.quote(weekly.key).ltp);
    const { key, symbol, lotSize } = weekly;
    await connector.placeOrder(
      access,
      order({
        tag: orderTag("opt1"),
        key,
        symbol,
        productType: "MARGIN",
        qty: lotSize,
        terms: { type: "LIMIT", price: instrument(key).tickSize },
      }),
    );
    const [placed] = await connector.findOrdersByTag(access, orderTag("opt1"));
    expect(placed).toMatchObject({ key, symbol, productType: "MARGIN", qty: lotSize });
  });

  it.each(["drop-after", "html-502-after", "truncated"] as const)(
    "sends an order only once when its reply is lost (%s), and finds it by its tag",
    async (kind) => {
      const access = await logIn();
      server.inject("angelone", { kind, match: /placeOrder/, times: 1 });
      const terms = { type: "LIMIT", price: ltpTimes(0.95) } as const;
      const outcome = await connector.placeOrder(access, order({ tag: orderTag("lost1"), terms }));
      expect(outcome.kind).toBe("unknown");
      expect(server.calls("angelone").filter((call) => call.endsWith("placeOrder"))).toHaveLength(1);
      expect(await connector.findOrdersByTag(access, orderTag("lost1"))).toHaveLength(1);
    },
  );

  it("returns the exchange's depth and candles, and the cost of an order", async () => {
    const access = await logIn();
    const sbin = instrument(SBIN);
    const depth = await connector.getOrderbook(access, sbin);
    expect(depth).toMatchObject({ bids: exchange.depth(SBIN).bids, asks: exchange.depth(SBIN).asks });
    const from = istInstant("2026-08-01");
    const to = istInstant("2026-11-20", "23:59");
    const candles = await connector.getHistoricalData(access, { instrument: sbin, interval: "1d", from, to });
    expect(candles).toEqual(exchange.candles(SBIN, "1d", from, now));
    expect(candles.length).toBeGreaterThan(40);
    const request = order({ terms: { type: "LIMIT", price: ltpTimes(1) } });
    const { tag, key, side, productType, validity, qty, isAmo, terms } = request;
    expect(await connector.getOrderCost?.(access, request)).toEqual(
      exchange.account(ACCOUNT).cost({ tag, key, side, productType, validity, qty, isAmo, terms }),
    );
  });

  it("distinguishes refusals for the IP address, the data plan, the rate limit and the session", async () => {
    const access = await logIn();
    broker.switches.isIpAllowed = false;
    expect(await connector.placeOrder(access, order({}))).toMatchObject({ kind: "not-sent", cause: "ip-not-allowed" });
    expect(exchange.account(ACCOUNT).orders()).toEqual([]);

    broker.switches.hasMarketData = false;
    await expect(connector.getQuote(access, instrument(SBIN))).rejects.toMatchObject({ kind: "no-permission" });

    broker.switches.enforcesRateLimits = true;
    await connector.getTrades(access);
    await expect(connector.getTrades(access)).rejects.toMatchObject({ kind: "rate-limited" });
    broker.switches.enforcesRateLimits = false;

    expect(await connector.isTokenValid(access)).toBe(true);
    broker.switches.expireSessions();
    expect(await connector.isTokenValid(access)).toBe(false);
    await expect(connector.getFunds(access)).rejects.toMatchObject({ kind: "auth-expired" });
  });

  it("ends sessions at midnight IST and on logout", async () => {
    const access = await logIn();
    const withoutExpiry: Access = { ...access, session: { ...access.session, expiresAt: Infinity } };
    now = istInstant("2026-11-21", "00:00:01");
    await expect(connector.getFunds(access)).rejects.toMatchObject({ kind: "auth-expired" });
    expect(await connector.isTokenValid(withoutExpiry)).toBe(false);
    const again = await logIn();
    await connector.logout?.(again);
    expect(await connector.isTokenValid(again)).toBe(false);
  });

  it("refuses to show the login page for an API key that is not the Publisher app's", async () => {
    const login = await connector.getLoginUrl?.({
      credentials: { apiKey: new Secret("wrongKey") },
      redirectUrl: REDIRECT,
      state: "s",
    });
    expect((await fetch(login?.url ?? "")).status).toBe(403);
  });
});
