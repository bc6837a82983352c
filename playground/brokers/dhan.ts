import type { CallContext, BrokerSwitches, SimulatedBroker, SimulatedBrokerDeps } from "./types.ts";
import { createLogin, type DhanAccount } from "./dhan/login.ts";
import { historical, intraday, marketfeed, type QuoteMode } from "./dhan/market.ts";
import { master } from "./dhan/master.ts";
import { createOrderDesk } from "./dhan/orders.ts";
import { funds, holdings, positions, profile } from "./dhan/portfolio.ts";
import { dataError, deadSession, gatewayError, inputError, json, readFields, refusal } from "./dhan/reply.ts";
import { createTokens } from "./dhan/tokens.ts";
import { createRateLimit } from "./rate-limit.ts";

const DEMO: DhanAccount = {
  clientId: "1104482917",
  name: "ASHA RAO",
  apiKey: "a1b2c3d4",
  apiSecret: "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
};
const DEFAULT_REDIRECT_URL = "http://localhost:8080/oauth/dhan/callback";
const CALLS_PER_SECOND = { order: 10, data: 5, quote: 1, other: 20 } as const;
type Family = keyof typeof CALLS_PER_SECOND;

/** Dhan's servers: `/api` is api.dhan.co, `/auth` auth.dhan.co, `/web` part of web.dhan.co, `/images` the master file. */
export function simulatedDhan(deps: SimulatedBrokerDeps & { readonly redirectUrl?: string }): SimulatedBroker {
  const { exchange } = deps;
  const now = (): number => exchange.now();
  const tokens = createTokens(DEMO.clientId, now);
  const account = () => exchange.account(deps.accountId);
  const login = createLogin({
    account: DEMO,
    tokens,
    now,
    random: deps.random,
    redirectUrl: deps.redirectUrl ?? DEFAULT_REDIRECT_URL,
  });
  const desk = createOrderDesk({ exchange, account, clientId: DEMO.clientId });
  const isAllowed = createRateLimit(CALLS_PER_SECOND);
  const switches: BrokerSwitches = {
    expireSessions: () => tokens.revokeAll(),
    isIpAllowed: true,
    hasMarketData: true,
    enforcesRateLimits: false,
  };

  async function api(request: Request, path: string): Promise<Response> {
    const family = familyOf(path, request.method);
    const isData = family === "data" || family === "quote";
    const token = request.headers.get("access-token");
    if (tokens.check(token) === null) return isData ? dataError("807", "Access token is expired", 401) : deadSession();
    if (switches.enforcesRateLimits && !isAllowed(family))
      return isData
        ? dataError("805", "Too many requests. Further requests may result in the user being blocked.", 429)
        : refusal(
            429,
            "Rate_Limit",
            "DH-904",
            "Too many requests on server from single user breaching rate limits. Try throttling API calls.",
          );
    if (isData && !switches.hasMarketData)
      return json({ errorCode: 806, errorMessage: "Data APIs not subscribed" }, 401);
    return isData ? data(request, path) : trading(request, path, family);
  }

  async function data(request: Request, path: string): Promise<Response> {
    const body = await readFields(request);
    if (request.method !== "POST" || body === null) return dataError("814", "Invalid Request");
    if (path === "/charts/historical") return historical(exchange, body);
    if (path === "/charts/intraday") return intraday(exchange, body);
    if (request.headers.get("client-id") !== DEMO.clientId) return dataError("810", "Client ID is invalid", 401);
    const mode = /^\/marketfeed\/(ltp|ohlc|quote)$/.exec(path)?.[1];
    return mode === undefined
      ? gatewayError(404, "Not Found", `/v2${path}`, now())
      : marketfeed(exchange, mode as QuoteMode, body);
  }

  async function trading(request: Request, path: string, family: Family): Promise<Response> {
    if (family === "order") return orderCall(request, path);
    if (path === "/margincalculator" && request.method === "POST")
      return desk.margin((await readFields(request)) ?? {});
    if (request.method !== "GET") return gatewayError(405, "Method Not Allowed", `/v2${path}`, now());
    switch (path) {
      case "/profile":
        return profile(DEMO.clientId, { expiresAt: expiryOf(request), hasMarketData: switches.hasMarketData === true });
      case "/fundlimit":
        return funds(account(), DEMO.clientId);
      case "/holdings":
        return holdings(account(), exchange);
      case "/positions":
        return positions(account(), exchange, DEMO.clientId);
      case "/orders":
        return desk.book();
      case "/trades":
        return desk.trades();
      default:
        return oneOrder(path);
    }
  }

  function oneOrder(path: string): Response {
    const [, family, first, second] = path.split("/").map(decodeURIComponent);
    if (family === "orders" && first === "external" && second !== undefined) return desk.byCorrelationId(second);
    if (family === "orders" && first !== undefined) return desk.byId(first);
    if (family === "trades" && first !== undefined) return desk.trades(first);
    return gatewayError(404, "Not Found", `/v2${path}`, now());
  }

  /** Order calls need the registered IP address, and every body must name the client. */
  async function orderCall(request: Request, path: string): Promise<Response> {
    if (!switches.isIpAllowed) return inputError("Invalid IP");
    const orderId = path.slice("/orders/".length);
    if (request.method === "DELETE" && orderId !== "") return desk.cancel(orderId);
    const body = await readFields(request);
    if (body === null || body["dhanClientId"] !== DEMO.clientId) return inputError("dhanClientId is required");
    if (request.method === "POST" && path === "/orders") return desk.place(body);
    if (request.method === "PUT" && body["orderId"] === orderId) return desk.modify(orderId, body);
    return inputError("Missing required fields, bad values for parameters etc.");
  }

  return {
    name: "dhan",
    async handle(request: Request, context: CallContext): Promise<Response> {
      const { path } = context;
      if (path.startsWith("/auth/")) return login.auth(request, context);
      if (path === "/web/access-token") return login.web(request);
      if (path === "/images/api-data/api-scrip-master.csv") return master(exchange);
      if (path === "/api/v2/RenewToken") return login.renew(request);
      if (path.startsWith("/api/v2/")) return api(request, path.slice("/api/v2".length));
      return gatewayError(404, "Not Found", path, now());
    },
    roots: (base) => ({
      DHAN_API_ROOT: `${base}/api`,
      DHAN_AUTH_ROOT: `${base}/auth`,
      DHAN_INSTRUMENTS_URL: `${base}/images/api-data/api-scrip-master.csv`,
    }),
    credentials: { clientId: DEMO.clientId, apiKey: DEMO.apiKey, apiSecret: DEMO.apiSecret },
    hint: `Asha Rao, client ${DEMO.clientId}. An access token to paste is made at /web/access-token.`,
    switches,
  };
}

function familyOf(path: string, method: string): Family {
  if (path.startsWith("/marketfeed/")) return "quote";
  if (path.startsWith("/charts/")) return "data";
  return path.startsWith("/orders") && method !== "GET" ? "order" : "other";
}

function expiryOf(request: Request): number {
  const [, payload = ""] = (request.headers.get("access-token") ?? "").split(".");
  return (JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as { exp: number }).exp * 1000;
}
