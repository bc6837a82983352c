import { serve } from "@hono/node-server";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Access, BrokerConnector, InstrumentTable, Session } from "../../../connectors/base.ts";
import { createConnector } from "../../../connectors/dhan/connector.ts";
import { createExchange } from "../../../connectors/paper/exchange/exchange.ts";
import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import { simulatedDhan } from "../../../playground/brokers/dhan.ts";
import type { SimulatedBroker } from "../../../playground/brokers/types.ts";
import { linkId, orderTag } from "../../../src/domain/ids.ts";
import { indexKey, instrumentKey, type Instrument } from "../../../src/domain/instrument.ts";
import { istDate, istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, price, priceFromRupees, roundToTick, type Price } from "../../../src/domain/money.ts";
import type { Order, OrderRequest } from "../../../src/domain/order.ts";
import { createHttpClient, type HttpClient } from "../../../src/lib/http.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { noLimits, tableOf } from "../harness.ts";
import { collect } from "./harness.ts";

const SBIN = instrumentKey("NSE", 3045);
const REDIRECT = "https://bot.example/oauth/dhan/callback";
const opening = {
  cash: paiseFromRupees(2_000_000),
  holdings: [{ key: SBIN, qty: 40, avgPrice: priceFromRupees(842.6), t1Qty: 10 }],
};

let now = 0;
let broker: SimulatedBroker;
let exchange: Exchange;
let server: ReturnType<typeof serve>;
let base = "";
let http: HttpClient;

beforeAll(async () => {
  server = serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) =>
      broker.handle(request, { path: new URL(request.url).pathname.slice("/dhan".length), remoteAddress: "127.0.0.1" }),
  });
  await new Promise<void>((resolve) => {
    server.once("listening", resolve);
  });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dhan`;
  http = createHttpClient({ now: () => now, sleep: async () => {} });
});

afterAll(async () => {
  await http.close();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

let connector: BrokerConnector;
let table: InstrumentTable;
const credentials = () =>
  Object.fromEntries(Object.entries(broker.credentials).map(([field, value]) => [field, new Secret(value)]));

beforeEach(async () => {
  now = istInstant("2026-11-20", "10:30");
  exchange = createExchange({ seed: 7, now: () => now, isAlwaysOpen: false });
  exchange.account("demo-dhan", opening);
  broker = simulatedDhan({ exchange, accountId: "demo-dhan", random: () => 0.5, redirectUrl: REDIRECT });
  connector = createConnector({
    http,
    limiter: noLimits,
    instruments: async () => table,
    now: () => now,
    roots: broker.roots(base),
    warn: () => {},
  });
  table = tableOf(await collect(connector.getInstruments!({ onSkipped: () => {} })));
});

const link = linkId("link-1");
const accessWith = (session: Session): Access => ({ link, credentials: credentials(), session });

/** Logs in as a person would: opens the page, presses the button, and comes back with a tokenId. */
async function logIn(): Promise<Session> {
  const made = await connector.getLoginUrl!({ credentials: credentials(), redirectUrl: REDIRECT, state: "c3RhdGU" });
  const page = await (await fetch(made.url)).text();
  const field = (name: string): string =>
    new RegExp(`${name}="([^"]*)"`).exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "";
  expect(made.url).toContain(made.binding!);
  const back = await fetch(new URL(field("action"), made.url), {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams({ redirect_url: field("value") }),
  });
  const target = new URL(back.headers.get("location") ?? "");
  expect(`${target.origin}${target.pathname}`).toBe(`${REDIRECT}/`);
  expect([...target.searchParams.keys()]).toEqual(["tokenId"]);
  return connector.generateSession({
    kind: "callback",
    link,
    credentials: credentials(),
    redirectUrl: REDIRECT,
    params: Object.fromEntries(target.searchParams),
  });
}

async function pasteToken(): Promise<Session> {
  const page = await (await fetch(`${base}/web/access-token`, { method: "POST" })).text();
  const token = new Secret(/readonly>([^<]+)</.exec(page)?.[1] ?? "");
  return connector.generateSession({ kind: "token", link, credentials: credentials(), token });
}

const instrument = (key: Instrument["key"] = SBIN): Instrument => table.byKey(key)!.instrument;
const ltpTimes = (factor: number): Price =>
  roundToTick(price(Math.round(exchange.quote(SBIN).ltp * factor)), instrument().tickSize, "nearest");
const ticket = (over: Partial<OrderRequest> = {}): OrderRequest => ({
  tag: orderTag("intent0001"),
  key: SBIN,
  symbol: instrument().symbol,
  side: "BUY",
  productType: "CNC",
  validity: "DAY",
  qty: 5,
  isAmo: false,
  terms: { type: "LIMIT", price: ltpTimes(0.97) },
  ...over,
});

describe("sessions", () => {
  test("a login by consent gives a session of 24 hours that cannot be renewed", async () => {
    const session = await logIn();
    expect(session).toMatchObject({
      accountId: "1104482917",
      expiresAt: now + 86_400_000,
      extra: { tokenConsumerType: "APP", name: "ASHA RAO" },
    });
    expect(await connector.isTokenValid(accessWith(session))).toBe(true);
    await expect(connector.refreshToken!(accessWith(session))).rejects.toMatchObject({ kind: "no-permission" });
    expect(await connector.getProfile(accessWith(session))).toEqual({
      accountId: "1104482917",
      name: "ASHA RAO",
      canSellWithoutAuthorisation: true,
      hasMarketData: true,
    });
  });

  test("a wrong API secret gets no login page", async () => {
    const wrong = { ...credentials(), apiSecret: new Secret("wrong-secret") };
    await expect(
      connector.getLoginUrl!({ credentials: wrong, redirectUrl: REDIRECT, state: "c3RhdGU" }),
    ).rejects.toMatchObject({ kind: "auth-invalid" });
  });

  test("a pasted token can be renewed, which invalidates the old one", async () => {
    const session = await pasteToken();
    now += 3_600_000;
    const renewed = await connector.refreshToken!(accessWith(session));
    expect(renewed.expiresAt).toBe(now + 86_400_000);
    expect(await connector.isTokenValid(accessWith(session))).toBe(false);
    expect(await connector.isTokenValid(accessWith(renewed))).toBe(true);
  });

  test("a session ends when the broker expires it and after 24 hours", async () => {
    const access = accessWith(await pasteToken());
    broker.switches.expireSessions();
    expect(await connector.isTokenValid(access)).toBe(false);
    await expect(connector.getFunds(access)).rejects.toMatchObject({ kind: "auth-expired" });
    await expect(connector.getQuote(access, instrument())).rejects.toMatchObject({ kind: "auth-expired" });
    expect(await connector.placeOrder(access, ticket())).toMatchObject({ kind: "not-sent", cause: "session-expired" });
    const next = accessWith(await pasteToken());
    now += 86_400_000;
    const withLaterExpiry = { ...next, session: { ...next.session, expiresAt: now + 1 } };
    expect(await connector.isTokenValid(withLaterExpiry)).toBe(false);
  });
});

describe("the instrument master", () => {
  test("lists every instrument of the exchange under its key and symbol", () => {
    for (const listed of exchange.instruments) {
      const row = table.byKey(listed.key);
      expect(row?.instrument).toMatchObject({ symbol: listed.symbol, kind: listed.kind, lotSize: listed.lotSize });
      if (listed.kind !== "index") expect(row?.instrument.tickSize).toBe(listed.tickSize);
    }
  });

  test("leaves out what is not an instrument and reports the rows it skips", async () => {
    const skipped: string[] = [];
    const rows = await collect(connector.getInstruments!({ onSkipped: (reason) => skipped.push(reason) }));
    expect(rows).toHaveLength(exchange.instruments.length);
    expect(skipped).toEqual(["unknown segment", "too few columns"]);
  });
});

describe("orders", () => {
  test("a limit order rests, is found by its tag, modified and cancelled", async () => {
    const access = accessWith(await pasteToken());
    const placed = await connector.placeOrder(access, ticket());
    expect(placed.kind).toBe("accepted");
    const found = await connector.findOrdersByTag(access, orderTag("intent0001"));
    expect(found).toHaveLength(1);
    const [order] = found as [Order];
    expect(order).toMatchObject({
      key: SBIN,
      symbol: "NSE:SBIN-EQ",
      qty: 5,
      filledQty: 0,
      status: "open",
      tag: "intent0001",
    });
    expect(await connector.modifyOrder(access, order, { qty: 8 })).toMatchObject({ kind: "accepted" });
    expect(await connector.getOrder(access, order.orderId, order.handle)).toMatchObject({ qty: 8, price: order.price });
    expect(await connector.cancelOrder(access, order)).toMatchObject({ kind: "accepted" });
    expect(await connector.getOrder(access, order.orderId, order.handle)).toMatchObject({ status: "cancelled" });
    expect(await connector.cancelOrder(access, order)).toMatchObject({ kind: "rejected" });
  });

  test("an order in transit is pending, and cancelling it is rejected with the broker's message", async () => {
    const access = accessWith(await pasteToken());
    await connector.placeOrder(access, ticket());
    const [seen] = await connector.getOrders(access);
    expect(seen).toMatchObject({ status: "pending", filledQty: 0 });
    await connector.placeOrder(access, ticket({ tag: orderTag("intent0002") }));
    const second = exchange.account("demo-dhan").orders().at(-1)!;
    expect(await connector.cancelOrder(access, second)).toMatchObject({
      kind: "rejected",
      reason: expect.stringContaining("Transit"),
    });
    expect(await connector.cancelOrder(access, second)).toMatchObject({ kind: "accepted" });
  });

  test("an after-market order waits for the session and can be changed and cancelled", async () => {
    now = istInstant("2026-11-20", "20:30");
    const access = accessWith(await pasteToken());
    const stop = { type: "SL", price: ltpTimes(1.04), triggerPrice: ltpTimes(1.03) } as const;
    await connector.placeOrder(access, ticket({ isAmo: true }));
    await connector.placeOrder(access, ticket({ tag: orderTag("intent0002"), isAmo: true, terms: stop }));
    now += 60_000;
    const waiting = await connector.getOrders(access);
    const held = { status: "pending", isAmo: true, exchangeOrderId: null };
    expect(waiting).toMatchObject([held, held]);
    const answer = await fetch(`${broker.roots(base)["DHAN_API_ROOT"]}/v2/orders`, {
      headers: { "access-token": access.session.accessToken.reveal() },
    });
    expect(await answer.json()).toMatchObject([{ orderStatus: "PENDING" }, { orderStatus: "PENDING" }]);
    const [limit, other] = waiting as [Order, Order];
    expect(await connector.modifyOrder(access, limit, { qty: 8 })).toMatchObject({ kind: "accepted" });
    expect(await connector.getOrder(access, limit.orderId, limit.handle)).toMatchObject({ status: "pending", qty: 8 });
    expect(await connector.cancelOrder(access, other)).toMatchObject({ kind: "accepted" });
    expect(await connector.getOrder(access, other.orderId, other.handle)).toMatchObject({ status: "cancelled" });
  });

  test("a market order becomes a limit order, fills, and appears in trades, positions and funds to the paisa", async () => {
    const access = accessWith(await pasteToken());
    const protection = { basisPoints: 100, limit: ltpTimes(1.01) };
    const placed = await connector.placeOrder(access, ticket({ terms: { type: "MARKET", protection } }));
    expect(placed.kind).toBe("accepted");
    await connector.getOrders(access);
    now += 60_000;
    const [order] = await connector.getOrders(access);
    expect(order).toMatchObject({ type: "LIMIT", status: "filled", filledQty: 5 });
    const account = exchange.account("demo-dhan");
    expect(await connector.getTrades(access)).toMatchObject(
      account.trades().map(({ tradeId, qty, price: at }) => ({ tradeId, qty, price: at })),
    );
    const positions = await connector.getPositions(access);
    const real = account.positions();
    expect(positions).toHaveLength(real.length);
    for (const [index, mine] of positions.entries()) {
      const { key, qty, side, avgPrice, ltp, pnl, realised, unrealised, buyValue, sellValue } = real[index]!;
      expect(mine).toMatchObject({ key, qty, side, avgPrice, pnl, realised, unrealised, buyValue, sellValue });
      expect(mine.ltp).toBe(ltp);
    }
    const { available, used } = account.funds();
    expect(await connector.getFunds(access)).toMatchObject({ available, used });
  });

  test("an option is ordered in lots and listed under its own symbol", async () => {
    const access = accessWith(await pasteToken());
    const option = exchange.instruments.find((each) => each.kind === "option" && each.underlying === "NIFTY")!;
    const at = roundToTick(price(Math.round(exchange.quote(option.key).ltp * 0.9)), option.tickSize, "up");
    const optionOrder = ticket({
      key: option.key,
      symbol: option.symbol,
      productType: "MARGIN",
      qty: option.lotSize,
      terms: { type: "LIMIT", price: at },
    });
    expect(await connector.placeOrder(access, optionOrder)).toMatchObject({ kind: "accepted" });
    const [order] = await connector.findOrdersByTag(access, optionOrder.tag);
    expect(order).toMatchObject({ key: option.key, symbol: option.symbol, productType: "MARGIN" });
    expect(await connector.placeOrder(access, { ...optionOrder, qty: 1 })).toMatchObject({ kind: "rejected" });
    expect(await connector.placeOrder(access, { ...optionOrder, productType: "CNC" })).toMatchObject({
      kind: "not-sent",
      cause: "invalid-request",
    });
  });

  test("an unregistered IP address can read but places nothing", async () => {
    const access = accessWith(await pasteToken());
    broker.switches.isIpAllowed = false;
    expect(await connector.placeOrder(access, ticket())).toMatchObject({ kind: "not-sent", cause: "ip-not-allowed" });
    expect(await connector.getOrders(access)).toEqual([]);
  });

  test("an order over the broker's rate limit has an unknown outcome", async () => {
    const access = accessWith(await pasteToken());
    broker.switches.enforcesRateLimits = true;
    const outcomes: string[] = [];
    for (let index = 0; index < 11; index += 1)
      outcomes.push((await connector.placeOrder(access, ticket({ tag: orderTag(`burst${index}`) }))).kind);
    expect(outcomes).toEqual([...Array<string>(10).fill("accepted"), "unknown"]);
  });

  test("the cost of an order has its margin but no charges", async () => {
    const access = accessWith(await pasteToken());
    const cost = await connector.getOrderCost!(access, ticket());
    expect(cost.margin).toBeGreaterThan(0);
    expect(cost.charges).toBeNull();
  });
});

describe("portfolio and market data", () => {
  test("holdings have the exchange's numbers, and an empty account gives empty lists", async () => {
    const access = accessWith(await pasteToken());
    const [held] = exchange.account("demo-dhan").holdings();
    expect(await connector.getHoldings(access)).toMatchObject([
      {
        key: SBIN,
        symbol: "NSE:SBIN-EQ",
        qty: 40,
        t1Qty: 10,
        avgPrice: held!.avgPrice,
        ltp: held!.ltp,
        pnl: held!.pnl,
      },
    ]);
    broker = simulatedDhan({ exchange, accountId: "empty", random: () => 0.5 });
    const empty = accessWith(await pasteToken());
    expect(await connector.getHoldings(empty)).toEqual([]);
    expect(await connector.getPositions(empty)).toEqual([]);
  });

  test("quotes, depth and candles are those of the exchange", async () => {
    const access = accessWith(await pasteToken());
    const nifty = indexKey("NIFTY50");
    const quotes = await connector.getQuotes(access, [instrument(), instrument(nifty)]);
    for (const key of [SBIN, nifty]) {
      const { ltp, open, high, low, prevClose } = exchange.quote(key);
      expect(quotes.get(key)).toMatchObject({ ltp, open, high, low, prevClose });
    }
    const depth = await connector.getOrderbook(access, instrument());
    expect(depth.bids).toEqual(exchange.depth(SBIN).bids);
    const from = istInstant("2026-11-02");
    const daily = await connector.getHistoricalData(access, {
      instrument: instrument(),
      interval: "1d",
      from,
      to: now,
    });
    const real = exchange.candles(SBIN, "1d", from, now).filter(({ at }) => istDate(at) < istDate(now));
    expect(daily).toEqual(real);
    const minutes = {
      instrument: instrument(),
      interval: "5m",
      from: istInstant("2026-11-20", "09:15"),
      to: now,
    } as const;
    expect(await connector.getHistoricalData(access, minutes)).toEqual(exchange.candles(SBIN, "5m", minutes.from, now));
  });

  test("the previous close is still the previous day's in the evening", async () => {
    now = istInstant("2026-11-20", "18:00");
    const access = accessWith(await pasteToken());
    const quote = await connector.getQuote(access, instrument());
    expect(quote.prevClose).toBe(exchange.quote(SBIN).prevClose);
  });

  test("without a data plan there are no quotes, and the profile says so", async () => {
    const access = accessWith(await pasteToken());
    broker.switches.hasMarketData = false;
    await expect(connector.getQuote(access, instrument())).rejects.toMatchObject({ kind: "no-permission" });
    expect((await connector.getProfile(access)).hasMarketData).toBe(false);
  });
});
