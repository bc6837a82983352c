import { istTime } from "../../src/domain/market.ts";
import { soldToday } from "../../src/domain/portfolio.ts";
import { listedRows } from "./listed-rows.ts";
import { createRateLimit } from "./rate-limit.ts";
import type { BrokerSwitches, CallContext, SimulatedBroker, SimulatedBrokerDeps } from "./types.ts";
import { candles, quotes } from "./upstox/market.ts";
import { masterFile } from "./upstox/master.ts";
import { createDirectory } from "./upstox/names.ts";
import { createOrderDesk } from "./upstox/orders.ts";
import { fundsRow, holdingRow, positionRow } from "./upstox/portfolio.ts";
import { fieldsOf, refusal, success, UpstoxRefusal } from "./upstox/replies.ts";
import { createSessions, profileOf, type UpstoxApp } from "./upstox/sessions.ts";

const APP: UpstoxApp = {
  apiKey: "8f1c2d3e-4b5a-6978-8796-a5b4c3d2e1f0",
  apiSecret: "demosecret",
  userId: "4KX9Q2",
  userName: "ASHA RAO",
};
const HOSTED = /^\/(api|hft)(\/.*)$/;
const MASTER = "/assets/market-quote/instruments/exchange/complete.json.gz";
const ORDER_CALLS: ReadonlySet<string> = new Set([
  "POST /v3/order/place",
  "PUT /v3/order/modify",
  "DELETE /v3/order/cancel",
]);

/** Per API, which is the path's first three parts. */
const CALLS_PER_SECOND = { order: 10, other: 50 } as const;

interface Call {
  readonly query: URLSearchParams;
  readonly body: string;
  readonly token: string | null;
}

/** Upstox API v2 and v3: `/api` is api.upstox.com with the login page, `/hft` the order host, `/assets` has the master file. */
export function simulatedUpstox({ exchange, accountId, random }: SimulatedBrokerDeps): SimulatedBroker {
  const sessions = createSessions(APP, exchange.now, random);
  const directory = createDirectory(exchange);
  const desk = createOrderDesk({ exchange, directory, accountId, userId: APP.userId });
  const isAllowed = createRateLimit(CALLS_PER_SECOND);
  const account = () => exchange.account(accountId);
  const switches: BrokerSwitches = {
    expireSessions: () => sessions.expireAll(),
    isIpAllowed: true,
    enforcesRateLimits: false,
  };

  function holdings(): Response {
    const [held, positions] = [account().holdings(), account().positions()];
    return success(
      listedRows(held, directory.of, (holding, of) => holdingRow(holding, soldToday(holding, held, positions), of)),
    );
  }

  function positions(): Response {
    const trades = account().trades();
    // Upstox lists margin-funded (MTF) positions elsewhere.
    const own = account()
      .positions()
      .filter(({ productType }) => productType !== "MTF");
    return success(listedRows(own, directory.of, (position, of) => positionRow(position, trades, of)));
  }

  const open: Readonly<Record<string, (call: Call) => Response>> = {
    "GET /v2/login/authorization/dialog": ({ query }) => sessions.loginPage(query),
    "POST /v2/login/authorization/dialog": ({ query }) => sessions.approve(query),
    "POST /v2/login/authorization/token": ({ body }) => sessions.exchange(new URLSearchParams(body)),
  };

  const calls: Readonly<Record<string, (call: Call) => Response>> = {
    "DELETE /v2/logout": ({ token }) => sessions.end(token),
    "GET /v2/user/profile": () => success(profileOf(APP)),
    "GET /v3/user/get-funds-and-margin": () => success(fundsRow(account().funds())),
    "GET /v2/portfolio/long-term-holdings": holdings,
    "GET /v2/portfolio/short-term-positions": positions,
    "GET /v2/order/retrieve-all": () => desk.book(),
    "GET /v2/order/trades/get-trades-for-day": () => desk.trades(),
    "GET /v2/market-quote/quotes": ({ query }) => success(quotes(exchange, directory, query.get("instrument_key"))),
    "POST /v2/charges/margin": ({ body }) => desk.margin(fieldsOf(body)),
    "GET /v2/charges/brokerage": ({ query }) => desk.charges(query),
    "POST /v3/order/place": ({ body }) => desk.place(fieldsOf(body)),
    "PUT /v3/order/modify": ({ body }) => desk.modify(fieldsOf(body)),
    "DELETE /v3/order/cancel": ({ query }) => desk.cancel(query.get("order_id")),
  };

  function answer(name: string, call: Call, remoteAddress: string): Response {
    const page = open[name];
    if (page) return page(call);
    sessions.require(call.token);
    const isOrder = ORDER_CALLS.has(name);
    if (switches.enforcesRateLimits && !isAllowed(isOrder ? "order" : "other", name.split("/", 4).join("/")))
      throw new UpstoxRefusal(429, 10005, "Too Many Request Sent");
    if (isOrder && !switches.isIpAllowed) throw addressRefusal(remoteAddress);
    requireOpen(name, exchange.now());
    const bars = candlePath(name);
    if (bars) return success(candles(exchange, directory, bars));
    const handler = calls[name];
    if (!handler) throw new UpstoxRefusal(404, 100060, "Resource not Found.");
    return handler(call);
  }

  async function handle(request: Request, { path, remoteAddress }: CallContext): Promise<Response> {
    exchange.advance();
    if (path === MASTER) return masterFile(directory);
    const [, host, rest = ""] = HOSTED.exec(path) ?? [];
    const name = `${request.method} ${rest}`;
    const call = {
      query: new URL(request.url).searchParams,
      body: await request.text(),
      token: request.headers.get("authorization"),
    };
    try {
      if (host !== (ORDER_CALLS.has(name) ? "hft" : "api")) throw new UpstoxRefusal(404, 100060, "Resource not Found.");
      return answer(name, call, remoteAddress);
    } catch (error) {
      if (error instanceof UpstoxRefusal) return refusal(error);
      throw error;
    }
  }

  return {
    name: "upstox",
    handle,
    roots: (base) => ({
      UPSTOX_API_ROOT: `${base}/api`,
      UPSTOX_ORDER_ROOT: `${base}/hft`,
      UPSTOX_INSTRUMENTS_URL: `${base}${MASTER}`,
    }),
    credentials: { apiKey: APP.apiKey, apiSecret: APP.apiSecret },
    hint: `Upstox: press the button to log in as ${APP.userId}; there is no password.`,
    switches,
  };
}

/** Funds and orders are unavailable from midnight to 05:30 IST. */
function requireOpen(name: string, now: number): void {
  if (istTime(now) >= "05:30") return;
  const words = "is accessible from 5:30 AM to 12:00 AM IST daily";
  if (name.endsWith("/get-funds-and-margin")) throw new UpstoxRefusal(423, 100072, `The Funds service ${words}`);
  // Unverified: the HTTP status for orders.
  if (name.includes("/order/")) throw new UpstoxRefusal(423, 100074, `The Order API ${words}`);
}

function candlePath(name: string) {
  const match = /^GET \/v3\/historical-candle\/(intraday\/)?([^/]+)\/(\w+\/\d+)(?:\/(.+))?$/.exec(name);
  const [, today, key = "", bar = "", range] = match ?? [];
  return match && { key: decodeURIComponent(key), bar, range: today === undefined ? (range ?? "") : null };
}

const addressRefusal = (address: string): UpstoxRefusal =>
  new UpstoxRefusal(
    403,
    1154,
    "Access to this API is blocked due to static IP restrictions. Reason: The configured static IP " +
      `(203.0.113.24, 203.0.113.25) does not match origin IP (${address})`,
  );
