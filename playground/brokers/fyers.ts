import type { InstrumentKey } from "../../src/domain/ids.ts";
import { soldToday } from "../../src/domain/portfolio.ts";
import type { BrokerSwitches, CallContext, SimulatedBroker, SimulatedBrokerDeps } from "./types.ts";
import { createLogin } from "./fyers/login.ts";
import type { FyersApp } from "./fyers/login.ts";
import { createMarketData } from "./fyers/market-data.ts";
import { masterFile } from "./fyers/master.ts";
import { createRateLimit } from "./fyers/rate-limit.ts";
import { createOrderDesk } from "./fyers/orders.ts";
import type { FyersQuirks } from "./fyers/orders.ts";
import { invalid, json, ok, refuse } from "./fyers/reply.ts";
import { fundRows, holdingRow, holdingsTotal, orderRow, positionRow, positionsTotal, tradeRow } from "./fyers/rows.ts";
import { tickerOf } from "./fyers/venue.ts";
import { createInstrumentIndex } from "./instrument-index.ts";
import { listedRows } from "./listed-rows.ts";

const APP: FyersApp = { appId: "DEMOAPP123-100", secret: "DEMOSECRET1", fyId: "FA20411" };

export interface SimulatedFyers extends SimulatedBroker {
  readonly quirks: FyersQuirks;
}

/** Fyers API v3: `/api/v3` for trading, `/data` for prices, `/sym_details` for the masters. */
export function simulatedFyers({ exchange, accountId, random }: SimulatedBrokerDeps): SimulatedFyers {
  const login = createLogin(APP, exchange.now, random);
  const waitBeforeCall = createRateLimit(exchange.now);
  const quirks: FyersQuirks = { leavesUnacknowledged: false };
  const byTicker = createInstrumentIndex(
    exchange,
    (instruments) => new Map(instruments.map((instrument) => [tickerOf(instrument), instrument])),
  );
  const find = (ticker: string) => byTicker().get(ticker);
  const account = () => exchange.account(accountId);
  const marketData = createMarketData(exchange, find);
  const desk = createOrderDesk({ exchange, account, find, clientId: APP.fyId, quirks });
  const switches: BrokerSwitches = {
    expireSessions: () => login.expireAll(),
    isIpAllowed: true,
    hasMarketData: true,
    enforcesRateLimits: false,
  };

  const listingOf = (key: InstrumentKey) => exchange.find(key);

  function orders(query: URLSearchParams): Response {
    const rows = listedRows(account().orders(), listingOf, (order, of, at) =>
      orderRow(order, of, exchange.quote(of.key), { fyId: APP.fyId, slNo: at + 1 }),
    );
    const [id, tag] = [query.get("id"), query.get("order_tag")];
    const found = rows.filter((row) => (id === null || row.id === id) && (tag === null || row.orderTag === tag));
    return id !== null && found.length === 0 ? refuse(400, -51, "Invalid order id") : ok({ orderBook: found });
  }

  function holdings(): Response {
    const [held, positions] = [account().holdings(), account().positions()];
    const rows = listedRows(held, listingOf, (holding, instrument, at) =>
      holdingRow(holding, soldToday(holding, held, positions), { instrument, id: at + 1 }),
    );
    return ok({ holdings: rows, overall: holdingsTotal(rows) });
  }

  function positions(): Response {
    const all = account().positions();
    const trades = account().trades();
    const netPositions = listedRows(all, listingOf, (position, of, at) => positionRow(position, of, trades, at + 1));
    return ok({ netPositions, overall: positionsTotal(all) });
  }

  const trades = (): Response =>
    ok({
      tradeBook: listedRows(account().trades(), listingOf, (trade, of) =>
        tradeRow(trade, of, account().order(trade.orderId), APP.fyId),
      ),
    });

  function profile(): Response {
    const person = { name: "ASHA RAO", image: null, display_name: "Asha", email_id: "axxxxx@example.in" };
    const masked = { PAN: "ABxxxxxx9K", mobile_number: "98xxxxxx10" };
    const flags = { totp: true, pwd_to_expire: 61, ddpi_enabled: true, mtf_enabled: false };
    return ok({ data: { ...person, ...masked, fy_id: APP.fyId, ...flags } });
  }

  const reads: Readonly<Record<string, (query: URLSearchParams) => Response>> = {
    "GET /api/v3/profile": profile,
    "GET /api/v3/funds": () => ok({ fund_limit: fundRows(account().funds()) }),
    "GET /api/v3/holdings": holdings,
    "GET /api/v3/positions": positions,
    "GET /api/v3/orders": orders,
    "GET /api/v3/tradebook": trades,
    "GET /data/quotes": (query) => marketData.quotes(query),
    "GET /data/depth": (query) => marketData.depth(query),
    "GET /data/history": (query) => marketData.history(query),
  };

  async function order(request: Request, path: string): Promise<Response> {
    if (!switches.isIpAllowed)
      return refuse(400, -50, "Order request refused: this IP is not the static IP registered for the app");
    const inPath = /^\/api\/v3\/orders\/([^/]+)\/sync$/.exec(path)?.[1];
    if (request.method === "DELETE" && inPath !== undefined) return desk.cancel(decodeURIComponent(inPath));
    const body = await bodyOf(request);
    if (body === undefined) return invalid("Invalid JSON body");
    if (request.method === "POST") return desk.place(body);
    return request.method === "PATCH" ? desk.modify(body) : desk.cancel(body["id"]);
  }

  async function answerAuthorised(request: Request, path: string): Promise<Response> {
    const url = new URL(request.url);
    const call = `${request.method} ${path}`;
    if (path.startsWith("/data/") && !switches.hasMarketData)
      return refuse(403, -373, "You do not have permission to access this resource");
    if (isOrderCall(call)) return order(request, path);
    if (call === "POST /api/v3/multiorder/margin") return desk.margin(await bodyOf(request));
    if (call === "POST /api/v3/logout") {
      login.logout(request.headers.get("authorization") ?? "");
      return ok({}, "you are successfully logged out");
    }
    return reads[call]?.(url.searchParams) ?? notFound();
  }

  /** Answers what needs no token: login page, code exchange and master files. Null for everything else. */
  async function answerOpen(request: Request, path: string): Promise<Response | null> {
    const query = new URL(request.url).searchParams;
    const master = /^\/sym_details\/(\w+)\.csv$/.exec(path)?.[1];
    if (master !== undefined) return masterFile(master, exchange.instruments, exchange.now()) ?? notFound();
    switch (`${request.method} ${path}`) {
      case "GET /api/v3/generate-authcode":
        return login.showPage(query);
      case "POST /api/v3/generate-authcode":
        return login.approve(query);
      case "POST /api/v3/validate-authcode":
        return login.exchange((await bodyOf(request)) ?? {});
      case "POST /api/v3/validate-refresh-token":
        return login.refresh();
      default:
        return null;
    }
  }

  async function handle(request: Request, { path }: CallContext): Promise<Response> {
    exchange.advance();
    const open = await answerOpen(request, path);
    if (open) return open;
    const waitMs = switches.enforcesRateLimits ? waitBeforeCall() : null;
    if (waitMs !== null) return tooMany(waitMs, isOrderCall(`${request.method} ${path}`));
    const session = login.check(request.headers.get("authorization"));
    if (session !== "alive") return deadSession(session, path);
    return answerAuthorised(request, path);
  }

  return {
    name: "fyers",
    handle,
    roots: (base) => ({ FYERS_API_ROOT: base, FYERS_INSTRUMENTS_ROOT: base }),
    credentials: { client_id: APP.appId, secret_id: APP.secret, pin: "1234" },
    hint: `Fyers: press the button to log in as ${APP.fyId}; there is no password.`,
    switches,
    quirks,
  };
}

const isOrderCall = (call: string): boolean =>
  /^(POST|PATCH|DELETE) \/api\/v3\/orders\/sync$/.test(call) || /^DELETE \/api\/v3\/orders\/[^/]+\/sync$/.test(call);

/** The trading and the data servers answer the same dead token differently. */
function deadSession(session: "expired" | "unknown", path: string): Response {
  if (path.startsWith("/data/")) return refuse(401, -16, "Could not authenticate the user");
  return session === "expired"
    ? refuse(401, -8, "Your token has expired. Please generate a token")
    : refuse(401, -15, "Could not authenticate the user");
}

function tooMany(waitMs: number, isOrder: boolean): Response {
  const headers = { "retry-after": String(Math.ceil(waitMs / 1_000)), "x-retry-after-ms": String(waitMs) };
  return json(429, { s: "error", code: 429, message: "request limit reached" }, isOrder ? headers : {});
}

const notFound = (): Response =>
  new Response("<html><body>404 page not found</body></html>", {
    status: 404,
    headers: { "content-type": "text/html" },
  });

async function bodyOf(request: Request): Promise<Record<string, unknown> | undefined> {
  try {
    const body: unknown = JSON.parse(await request.text());
    return typeof body === "object" && body !== null ? { ...body } : undefined;
  } catch {
    return undefined;
  }
}
