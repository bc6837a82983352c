import { PAISE_PER_RUPEE, type Paise } from "../../src/domain/money.ts";
import { parseJson } from "../../src/lib/json.ts";
import { soldToday } from "../../src/domain/portfolio.ts";
import { authorize, createSessions, loginPage } from "./angelone/login.ts";
import { createMarketDesk } from "./angelone/market-desk.ts";
import { masterFile } from "./angelone/master.ts";
import { createListings } from "./angelone/names.ts";
import { createOrderDesk } from "./angelone/order-desk.ts";
import { malformed, page, refuse, refuseAtGateway, succeed, succeedWithRows, throttled } from "./angelone/replies.ts";
import { holdingRow, positionRow, tradeRow } from "./angelone/rows.ts";
import { listedRows } from "./listed-rows.ts";
import { createRateLimit } from "./rate-limit.ts";
import type { BrokerSwitches, SimulatedBroker, SimulatedBrokerDeps } from "./types.ts";

const SECURE = "/rest/secure/angelbroking/";
const MASTER = "/OpenAPI_File/files/OpenAPIScripMaster.json";
const DETAILS = "order/v1/details/";
const API_KEY = "demoAngel1";
const CLIENT_CODE = "R58213";
const HINT = `Client ${CLIENT_CODE}: one button, no PIN.`;
const DUE_HEADERS = [
  "x-usertype",
  "x-sourceid",
  "x-clientlocalip",
  "x-clientpublicip",
  "x-macaddress",
  "x-privatekey",
] as const;

/** From Angel One's rate table. Its longer windows are not simulated. */
const CALLS_PER_SECOND = {
  orders: 9,
  orderBook: 1,
  tradeBook: 1,
  positions: 1,
  holdings: 1,
  profile: 3,
  funds: 2,
  login: 1,
  quotes: 10,
  candles: 3,
  other: 10,
} as const;

interface Route {
  readonly rate: keyof typeof CALLS_PER_SECOND;
  readonly rule?: "registered-address" | "market-data";
  readonly answer: (body: unknown) => Response;
}

/** Angel One's servers: login page, master file and API. */
export function simulatedAngelone({ exchange, accountId, random }: SimulatedBrokerDeps): SimulatedBroker {
  const listings = createListings(exchange);
  const account = () => exchange.account(accountId);
  const sessions = createSessions(CLIENT_CODE, exchange.now, random);
  const orders = createOrderDesk(exchange, account, listings);
  const market = createMarketDesk(exchange, account, listings);
  const isAllowed = createRateLimit(CALLS_PER_SECOND, { windowMs: 1_000 });
  const switches: BrokerSwitches = {
    expireSessions: sessions.closeAll,
    isIpAllowed: true,
    hasMarketData: true,
    enforcesRateLimits: false,
  };

  const routes: Readonly<Record<string, Route>> = {
    "GET user/v1/getProfile": { rate: "profile", answer: () => succeed(profile) },
    "POST user/v1/logout": { rate: "login", answer: () => succeed("") },
    "GET user/v1/getRMS": { rate: "funds", answer: funds },
    "GET portfolio/v1/getAllHolding": { rate: "holdings", answer: holdings },
    "GET order/v1/getPosition": { rate: "positions", answer: positions },
    "GET order/v1/getOrderBook": { rate: "orderBook", answer: orders.book },
    "GET order/v1/getTradeBook": { rate: "tradeBook", answer: trades },
    "POST order/v1/placeOrder": { rate: "orders", rule: "registered-address", answer: orders.place },
    "POST order/v1/modifyOrder": { rate: "orders", rule: "registered-address", answer: orders.modify },
    "POST order/v1/cancelOrder": { rate: "orders", rule: "registered-address", answer: orders.cancel },
    "POST market/v1/quote/": { rate: "quotes", rule: "market-data", answer: market.quotes },
    "POST historical/v1/getCandleData": { rate: "candles", rule: "market-data", answer: market.candles },
    "POST margin/v1/batch": { rate: "other", answer: market.margin },
    "POST brokerage/v1/estimateCharges": { rate: "other", answer: market.charges },
  };

  function routeOf(method: string, path: string): Route | undefined {
    if (method === "GET" && path.startsWith(DETAILS))
      return { rate: "other", answer: () => orders.details(decodeURIComponent(path.slice(DETAILS.length))) };
    return routes[`${method} ${path}`];
  }

  function funds(): Response {
    const { available, used, collateral } = account().funds();
    const text = (amount: Paise): string => (amount / PAISE_PER_RUPEE).toFixed(4);
    return succeed({
      net: text(available),
      availablecash: text(available),
      availableintradaypayin: "0.0000",
      availablelimitmargin: "0.0000",
      collateral: text(collateral),
      m2munrealized: "0.0000",
      m2mrealized: "0.0000",
      utiliseddebits: text(used),
      utilisedspan: null,
      utilisedoptionpremium: null,
      utilisedholdingsales: null,
      utilisedexposure: null,
      utilisedturnover: null,
      utilisedpayout: text(available),
    });
  }

  function holdings(): Response {
    const held = account().holdings();
    if (held.length === 0) return refuse("AB1015", "Holding Not Found");
    const sold = account().positions();
    const rows = listedRows(held, listings.byKey, (holding, listing) =>
      holdingRow(holding, listing, soldToday(holding, held, sold)),
    );
    return succeed({ holdings: rows, totalholding: null });
  }

  function positions(): Response {
    const done = account().trades();
    const rows = listedRows(account().positions(), listings.byKey, (position, listing) => {
      const own = done.filter((trade) => trade.key === position.key && trade.productType === position.productType);
      return positionRow(position, own, listing, exchange.quote(listing.instrument.key));
    });
    return succeedWithRows(rows);
  }

  function trades(): Response {
    return succeedWithRows(listedRows(account().trades(), listings.byKey, tradeRow));
  }

  /** The checks before every API call; null lets it through. */
  function guard(request: Request, route: Route): Response | null {
    if (DUE_HEADERS.some((name) => !request.headers.get(name))) return malformed();
    if (switches.enforcesRateLimits && !isAllowed(route.rate)) return throttled();
    const authorization = request.headers.get("authorization");
    if (request.headers.get("x-privatekey") !== API_KEY) return refuseAtGateway("AG8004", "Invalid API Key", 200);
    if (!authorization) return refuseAtGateway("AG8003", "Token missing", 200);
    if (!sessions.isAlive(bearer(authorization))) return refuseAtGateway("AG8001", "Invalid Token", 401);
    if (route.rule === "registered-address" && !switches.isIpAllowed)
      return refuseAtGateway(
        "AG7002",
        "Access denied: Unregistered IP address. Register your IP before retrying.",
        403,
      );
    if (route.rule === "market-data" && !switches.hasMarketData)
      return refuseAtGateway("AG8004", "Invalid API Key", 200);
    return null;
  }

  async function api(request: Request, path: string): Promise<Response> {
    const route = routeOf(request.method, path);
    if (!route) return page("<h1>Not Found</h1>", 404);
    const stopped = guard(request, route);
    if (stopped) return stopped;
    const body = request.method === "POST" ? parseJson(await request.text()) : null;
    if (body === undefined) return malformed();
    const answer = orMalformed(() => route.answer(body));
    if (path === "user/v1/logout") sessions.close(bearer(request.headers.get("authorization") ?? ""));
    return answer;
  }

  return {
    name: "angelone",
    switches,
    hint: HINT,
    credentials: { apiKey: API_KEY, clientCode: CLIENT_CODE },
    roots: (base) => ({
      ANGELONE_API_ROOT: base,
      ANGELONE_LOGIN_ROOT: base,
      ANGELONE_INSTRUMENTS_URL: `${base}${MASTER}`,
    }),
    async handle(request, { path }) {
      const call = `${request.method} ${path}`;
      if (call === "GET /publisher-login") return loginPage(new URL(request.url).searchParams, API_KEY, HINT);
      if (call === "POST /publisher-login/authorize")
        return authorize(new URLSearchParams(await request.text()), API_KEY, sessions);
      if (call === `GET ${MASTER}`) return masterFile(listings.all());
      if (path.startsWith(SECURE)) return await api(request, path.slice(SECURE.length));
      return page("<h1>Not Found</h1>", 404);
    },
  };
}

const profile = {
  clientcode: CLIENT_CODE,
  name: "ASHA RAO",
  email: "",
  mobileno: "",
  exchanges: ["nse_cm", "bse_cm", "nse_fo", "bse_fo"],
  products: ["DELIVERY", "INTRADAY", "CNC", "MARGIN"],
  lastlogintime: "",
  broker: "",
  brokerid: "B2C",
};

const bearer = (header: string): string => header.replace(/^Bearer /, "");

/** The money functions throw a RangeError for a malformed number anywhere in a body. */
function orMalformed(answer: () => Response): Response {
  try {
    return answer();
  } catch (error) {
    if (error instanceof RangeError) return malformed();
    throw error;
  }
}
