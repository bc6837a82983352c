import type { Exchange, ExchangeOrder, ExchangeReply } from "../../connectors/paper/exchange/types.ts";
import type { BrokerSwitches, SimulatedBroker, SimulatedBrokerDeps } from "../../playground/brokers/types.ts";
import { brokerOrderId, type InstrumentKey } from "../../src/domain/ids.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { istDateTime, nextIst, parseIst } from "../../src/domain/market.ts";
import { price, priceFromRupees, roundToTick, type Price } from "../../src/domain/money.ts";
import type { Order, OrderTerms, Side } from "../../src/domain/order.ts";
import type { Interval } from "../../src/domain/portfolio.ts";
import * as rows from "./template-rows.ts";
import type { Fields } from "./template-rows.ts";

const APP = { key: "acmekey00001", secret: "acmesecret00001", account: "AC1001", name: "Asha Rao" };
const PER_SECOND = 10;
const MAX_RANGE_MS = 100 * 86_400_000;

/** Thrown anywhere; answered as Acme's error. */
class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

interface Call {
  readonly query: URLSearchParams;
  readonly body: Fields;
  readonly id: string;
}

/** The template's simulated broker: the smallest server with which the whole contract passes. */
export function simulatedAcme({ exchange, accountId, random }: SimulatedBrokerDeps): SimulatedBroker {
  const codes = new Set<string>();
  const tokens = new Map<string, number>();
  const recent = new Map<string, number[]>();
  const switches: BrokerSwitches = {
    expireSessions: () => {
      tokens.clear();
    },
    isIpAllowed: true,
    hasMarketData: true,
    enforcesRateLimits: false,
  };
  const letters = (): string => Array.from({ length: 32 }, () => Math.floor(random() * 36).toString(36)).join("");
  const account = () => exchange.account(accountId);

  function login(request: Request, query: URLSearchParams): Response {
    if (query.get("key") !== APP.key) return new Response("<p>Unknown app</p>", { status: 403 });
    if (request.method === "GET")
      return new Response('<form method="post"><button type="submit">Log in</button></form>');
    const code = letters();
    codes.add(code);
    const target = new URL(query.get("redirect") ?? "");
    target.searchParams.set("code", code);
    target.searchParams.set("state", query.get("state") ?? "");
    return new Response(null, { status: 302, headers: { location: target.href } });
  }

  function issueToken({ body }: Call): Fields {
    if (body["key"] !== APP.key || body["secret"] !== APP.secret)
      throw new Refusal(403, "credentials", "Key or secret is wrong");
    if (!codes.delete(String(body["code"]))) throw new Refusal(403, "credentials", "Code is unknown or used");
    const token = letters();
    const end = nextIst("06:00", exchange.now());
    tokens.set(token, end);
    return { token, account: APP.account, expires_at: istDateTime(end) };
  }

  function candles({ query }: Call): unknown {
    const [from, to] = [parseIst(query.get("from") ?? ""), parseIst(query.get("to") ?? "")];
    if (to - from > MAX_RANGE_MS) throw new Refusal(400, "request", "At most 100 days a call");
    const bars = exchange.candles(listed(query.get("id")).key, query.get("interval") as Interval, from, to);
    return bars.map((bar) => [
      istDateTime(bar.at),
      ...[bar.open, bar.high, bar.low, bar.close].map(rows.rupees),
      bar.volume,
    ]);
  }

  function listed(id: unknown): Instrument {
    const found = exchange.find(String(id) as InstrumentKey);
    if (!found) throw new Refusal(400, "refused", "No such instrument");
    return found;
  }

  const idOf = (reply: ExchangeReply): Fields => {
    if (reply.kind === "refused") throw new Refusal(400, "refused", reply.message);
    return { id: reply.orderId };
  };
  const asked = ({ body }: Call): ExchangeOrder => toExchangeOrder(exchange, listed(body["instrument"]), body);

  const routes: Readonly<Record<string, (call: Call) => unknown>> = {
    "POST /token": issueToken,
    "GET /profile": () => ({ account: APP.account, name: APP.name }),
    "GET /funds": () => rows.inRupees(account().funds(), 100),
    "GET /holdings": () => account().holdings().map(rows.holdingRow),
    "GET /positions": () => account().positions().map(rows.positionRow),
    "GET /orders": () => account().orders().map(rows.orderRow),
    "GET /trades": () => account().trades().map(rows.tradeRow),
    "GET /quotes": ({ query }) => rows.quoteRows(exchange, (query.get("ids") ?? "").split(",")),
    "GET /depth": ({ query }) => rows.depthRow(exchange, listed(query.get("id"))),
    "GET /candles": candles,
    "POST /cost": (call) => rows.inRupees(account().cost(asked(call)), 100),
    "POST /orders": (call) => idOf(account().place(asked(call))),
    "PUT /orders/": ({ id, body }) =>
      idOf(account().modify(brokerOrderId(id), changeOf(exchange, account().order(brokerOrderId(id)), body))),
    "DELETE /orders/": ({ id }) => idOf(account().cancel(brokerOrderId(id))),
  };

  function guard(request: Request, route: string): void {
    const isOrder = / \/orders/.test(route) && !route.startsWith("GET");
    if (switches.enforcesRateLimits && isTooMany(isOrder ? "order" : "read"))
      throw new Refusal(429, "limit", "Too many requests");
    if (route === "POST /token") return;
    const token = (request.headers.get("authorization") ?? "").replace("Bearer ", "");
    if (exchange.now() >= (tokens.get(token) ?? 0)) throw new Refusal(401, "session", "Session is over");
    if (isOrder && !switches.isIpAllowed) throw new Refusal(403, "address", "Address is not registered");
    if (/quotes|depth|candles/.test(route) && !switches.hasMarketData)
      throw new Refusal(403, "plan", "Not in your plan");
  }

  /** A little less than a second of real time, because calls may arrive closer together than they left. */
  function isTooMany(kind: string): boolean {
    const at = performance.now();
    const calls = (recent.get(kind) ?? []).filter((earlier) => at - earlier < 900);
    recent.set(kind, [...calls, at]);
    return calls.length >= PER_SECOND;
  }

  return {
    name: "acme",
    switches,
    hint: "Press the button",
    credentials: { apiKey: APP.key, apiSecret: APP.secret },
    roots: (base) => ({ ACME_API_ROOT: base }),
    async handle(request, { path }) {
      const query = new URL(request.url).searchParams;
      if (path === "/login") return login(request, query);
      if (path === "/v1/instruments.csv") return new Response(rows.master(exchange));
      const [, shown = "", id = ""] = /^\/v1(\/orders\/|\/\w+)(\w*)$/.exec(path) ?? [];
      const route = `${request.method} ${shown}`;
      try {
        guard(request, route);
        const answer = routes[route];
        if (!answer) throw new Refusal(404, "request", "No such endpoint");
        const text = await request.text();
        return Response.json({ data: answer({ query, id, body: text === "" ? {} : (JSON.parse(text) as Fields) }) });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return Response.json({ error: { code: error.code, message: error.message } }, { status: error.status });
      }
    },
  };
}

function toExchangeOrder(exchange: Exchange, instrument: Instrument, body: Fields): ExchangeOrder {
  const side = body["side"] as Side;
  return {
    tag: String(body["tag"]),
    key: instrument.key,
    side,
    productType: body["product"] as ExchangeOrder["productType"],
    validity: body["validity"] as ExchangeOrder["validity"],
    qty: Number(body["quantity"]),
    isAmo: body["after_market"] === true,
    terms: termsOf(exchange, instrument, side, body),
  };
}

function changeOf(exchange: Exchange, order: Order | undefined, body: Fields): { qty?: number; terms?: OrderTerms } {
  const instrument = order?.key ? exchange.find(order.key) : undefined;
  if (!order || !instrument) throw new Refusal(404, "refused", "No such order");
  return {
    ...(body["quantity"] === undefined ? {} : { qty: Number(body["quantity"]) }),
    ...(body["type"] === undefined ? {} : { terms: termsOf(exchange, instrument, order.side, body) }),
  };
}

function termsOf(exchange: Exchange, instrument: Instrument, side: Side, body: Fields): OrderTerms {
  const amount = (name: string): Price => priceFromRupees(Number(body[name]));
  const percent = Number(body["protection_percent"]) * (side === "BUY" ? 1 : -1);
  const protectedFrom = (from: Price) => ({
    basisPoints: Math.abs(percent) * 100,
    limit: roundToTick(price(Math.round((from * (100 + percent)) / 100)), instrument.tickSize, "nearest"),
  });
  switch (body["type"]) {
    case "LIMIT":
      return { type: "LIMIT", price: amount("price") };
    case "SL":
      return { type: "SL", price: amount("price"), triggerPrice: amount("trigger") };
    case "SL-M":
      return { type: "SL-M", triggerPrice: amount("trigger"), protection: protectedFrom(amount("trigger")) };
    case "MARKET":
      return { type: "MARKET", protection: protectedFrom(exchange.quote(instrument.key).ltp) };
    default:
      throw new Refusal(400, "request", "Unknown order type");
  }
}
