import { soldToday } from "../../src/domain/portfolio.ts";
import { candles, lastPrices, quote } from "./groww/market.ts";
import { masterFile } from "./groww/master.ts";
import { createDirectory } from "./groww/names.ts";
import { createOrderDesk } from "./groww/orders.ts";
import { fundsRow, holdingRow, positionRow } from "./groww/portfolio.ts";
import {
  badRequest,
  fieldsOf,
  GrowwRefusal,
  lacking,
  listOf,
  notFound,
  refusal,
  success,
  tooMany,
  wrongAddress,
} from "./groww/replies.ts";
import { createSessions, userOf, type GrowwAccount } from "./groww/sessions.ts";
import { listedRows } from "./listed-rows.ts";
import { createRateLimit } from "./rate-limit.ts";
import type { BrokerSwitches, CallContext, SimulatedBroker, SimulatedBrokerDeps } from "./types.ts";

const ACCOUNT: GrowwAccount = {
  ucc: "7731904",
  totpToken: "eyJraWQiOiJkZW1vIn0.eyJ0eXAiOiJ0b3RwIn0.ZGVtby10b3RwLXRva2Vu",
  totpSecret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
};
const API = /^\/api(\/.*)$/;
const MASTER = "/instruments/instrument.csv";
const ORDER_CALLS: ReadonlySet<string> = new Set([
  "POST /v1/order/create",
  "POST /v1/order/modify",
  "POST /v1/order/cancel",
]);

const CALLS_PER_SECOND = { order: 10, live: 10, other: 20 } as const;
type CallKind = keyof typeof CALLS_PER_SECOND;

interface Call {
  readonly query: URLSearchParams;
  readonly body: string;
}

/** Groww's Trade API: `/api` is api.groww.in, `/web` the page that issues tokens; the master file is public. */
export function simulatedGroww({ exchange, accountId, random }: SimulatedBrokerDeps): SimulatedBroker {
  const sessions = createSessions(ACCOUNT, exchange.now, random);
  const directory = createDirectory(exchange);
  const desk = createOrderDesk({ exchange, directory, accountId });
  const isAllowed = createRateLimit(CALLS_PER_SECOND);
  const account = () => exchange.account(accountId);
  const switches = {
    expireSessions: () => sessions.expireAll(),
    isIpAllowed: true,
    hasMarketData: true,
    enforcesRateLimits: false,
  } satisfies BrokerSwitches;

  /** Groww's documentation knows no margin-funded (MTF) records. */
  const withoutMtf = <T extends { productType: string }>(records: readonly T[]): T[] =>
    records.filter(({ productType }) => productType !== "MTF");

  function holdings(): Response {
    const [held, positions] = [account().holdings(), account().positions()];
    return success({
      holdings: listedRows(withoutMtf(held), directory.of, (holding, of) =>
        holdingRow(holding, soldToday(holding, held, positions), of),
      ),
    });
  }

  function positions(): Response {
    const trades = account().trades();
    return success({
      positions: listedRows(withoutMtf(account().positions()), directory.of, (position, of) =>
        positionRow(position, trades, of),
      ),
    });
  }

  const calls: Readonly<Record<string, (call: Call) => Response>> = {
    "GET /v1/user/detail": () => success(userOf(ACCOUNT)),
    "GET /v1/margins/detail/user": () => success(fundsRow(account().funds())),
    "GET /v1/holdings/user": holdings,
    "GET /v1/positions/user": positions,
    "GET /v1/order/list": ({ query }) => desk.list(query),
    "GET /v1/live-data/quote": ({ query }) => success(quote(exchange, directory, query)),
    "GET /v1/live-data/ltp": ({ query }) => success(lastPrices(exchange, directory, query)),
    "GET /v1/historical/candles": ({ query }) => success(candles(exchange, directory, query)),
    "POST /v1/margins/detail/orders": ({ body }) => desk.margin(listOf(body)),
    "POST /v1/order/create": ({ body }) => desk.place(fieldsOf(body)),
    "POST /v1/order/modify": ({ body }) => desk.modify(fieldsOf(body)),
    "POST /v1/order/cancel": ({ body }) => desk.cancel(fieldsOf(body)),
  };

  function answer(name: string, call: Call, token: string | null, remoteAddress: string): Response {
    if (name === "POST /v1/token/api/access") return sessions.exchange(token, fieldsOf(call.body));
    sessions.require(token);
    const kind = kindOf(name);
    if (switches.enforcesRateLimits && !isAllowed(kind)) throw tooMany();
    if (kind === "order" && !switches.isIpAllowed) throw wrongAddress(remoteAddress);
    if (kind === "live" && !switches.hasMarketData) throw lacking("market data");
    const handler = calls[name] ?? oneOrder(name);
    if (!handler) throw notFound("No such page.");
    return handler(call);
  }

  function oneOrder(name: string): ((call: Call) => Response) | undefined {
    const reference = /^GET \/v1\/order\/status\/reference\/([^/]+)$/.exec(name)?.[1];
    if (reference !== undefined) return ({ query }) => desk.byReference(reference, query.get("segment"));
    const traded = /^GET \/v1\/order\/trades\/([^/]+)$/.exec(name)?.[1];
    return traded === undefined ? undefined : ({ query }) => desk.trades(traded, query);
  }

  async function handle(request: Request, { path, remoteAddress }: CallContext): Promise<Response> {
    exchange.advance();
    if (path === MASTER) return masterFile(directory);
    if (path === "/web/api-keys") return sessions.page();
    if (path === "/web/access-token") return sessions.accessTokenPage();
    const [, rest = ""] = API.exec(path) ?? [];
    const call = { query: new URL(request.url).searchParams, body: await request.text() };
    try {
      // Unverified: the code.
      if (request.headers.get("x-api-version") !== "1.0") throw badRequest("Invalid X-API-VERSION.");
      return answer(`${request.method} ${rest}`, call, request.headers.get("authorization"), remoteAddress);
    } catch (error) {
      if (error instanceof GrowwRefusal) return refusal(error);
      throw error;
    }
  }

  return {
    name: "groww",
    handle,
    roots: (base) => ({ GROWW_API_ROOT: `${base}/api`, GROWW_INSTRUMENTS_URL: `${base}${MASTER}` }),
    credentials: { totpSecret: ACCOUNT.totpSecret },
    paste: ACCOUNT.totpToken,
    hint: `Groww client ${ACCOUNT.ucc}: there is no login page, the chat asks for the TOTP token`,
    switches,
  };
}

function kindOf(name: string): CallKind {
  if (ORDER_CALLS.has(name)) return "order";
  return name.includes("/live-data/") || name.includes("/historical/") ? "live" : "other";
}
