import { z } from "zod";
import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import { isDeliverySale } from "../../../src/domain/portfolio.ts";
import { listedRows } from "../listed-rows.ts";
import { historical, quotes } from "./market-data.ts";
import { type KiteDirectory, type KiteListing, masterCsv } from "./names.ts";
import { createOrders } from "./orders.ts";
import { holdingRow, marginsRow, positionRow } from "./portfolio.ts";
import { inputError, success } from "./replies.ts";
import { type KiteApp, profileOf, type Sessions } from "./sessions.ts";

export const CALLS_PER_SECOND = { quote: 1, historical: 3, order: 10, other: 10 } as const;
type RateClass = keyof typeof CALLS_PER_SECOND;

export interface Call {
  readonly query: URLSearchParams;
  readonly body: string;
  readonly pathParams: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly rate: RateClass;
  /** Answers without a session: the pages, the token exchange and the master. */
  readonly isOpen: boolean;
  readonly answer: (call: Call) => Response;
}

export interface KiteParts {
  readonly app: KiteApp;
  readonly sessions: Sessions;
  readonly exchange: Exchange;
  readonly directory: KiteDirectory;
  readonly accountId: string;
}

const route = (
  target: string,
  answer: Route["answer"],
  { rate = "other", isOpen = false }: { rate?: RateClass; isOpen?: boolean } = {},
): Route => {
  const [method = "", path = ""] = target.split(" ");
  return { method, path: new RegExp(`^${path.replaceAll(/:(\w+)/g, "(?<$1>[^/]+)")}$`), rate, isOpen, answer };
};

const formOf = ({ body }: Call): Record<string, string> => Object.fromEntries(new URLSearchParams(body));
const part = (call: Call, name: string): string => call.pathParams[name] ?? "";

/** Kite Connect 3, endpoint by endpoint. */
export function routesOf({ app, sessions, exchange, directory, accountId }: KiteParts): readonly Route[] {
  const orders = createOrders(exchange, directory, accountId, app.userId);
  const account = () => exchange.account(accountId);
  const order = { rate: "order" } as const;
  const open = { isOpen: true } as const;
  const quote = (form: string): Route =>
    route(`GET ${form}`, ({ query }) => success(quotes(exchange, directory, form, query.getAll("i"))), {
      rate: "quote",
    });

  return [
    route("GET /connect/login", ({ query }) => sessions.loginPage(query), open),
    route("POST /connect/finish", ({ body }) => sessions.finishLogin(new URLSearchParams(body)), open),
    route("POST /session/token", ({ body }) => sessions.exchange(new URLSearchParams(body)), open),
    route("DELETE /session/token", ({ query }) => sessions.end(query)),

    route("GET /user/profile", () => success(profileOf(app))),
    route("GET /user/margins", () => success(marginsRow(account().funds()))),
    route("GET /user/margins/equity", () => success(marginsRow(account().funds()).equity)),
    route("GET /portfolio/holdings", () => {
      const byShare = Map.groupBy(account().holdings(), ({ key }) => key);
      const held = [...byShare].map(([key, rows]) => ({ key, rows }));
      const sold = account().positions().filter(isDeliverySale);
      return success(
        listedRows(held, directory.of, ({ key, rows }, listing) =>
          holdingRow(
            rows,
            sold.filter((position) => position.key === key),
            listing,
            exchange.now(),
          ),
        ),
      );
    }),
    route("GET /portfolio/positions", () => {
      const net = listedRows(account().positions(), directory.of, positionRow);
      return success({ net, day: net });
    }),

    route("GET /orders", () => success(orders.book())),
    route("GET /orders/:id", (call) => success(orders.history(part(call, "id")))),
    route("GET /orders/:id/trades", (call) => success(orders.trades(part(call, "id")))),
    route("GET /trades", () => success(orders.trades())),
    route("POST /orders/:variety", (call) => success(orders.place(part(call, "variety"), formOf(call))), order),
    route(
      "PUT /orders/:variety/:id",
      (call) => success(orders.modify(part(call, "variety"), part(call, "id"), formOf(call))),
      order,
    ),
    route(
      "DELETE /orders/:variety/:id",
      (call) => success(orders.cancel(part(call, "variety"), part(call, "id"))),
      order,
    ),
    route("POST /margins/orders", ({ body, query }) => success(orders.margins(jsonRows(body), query.get("mode")))),

    quote("/quote"),
    quote("/quote/ohlc"),
    quote("/quote/ltp"),
    route(
      "GET /instruments/historical/:token/:interval",
      (call) =>
        success(
          historical(exchange, directory, { token: part(call, "token"), interval: part(call, "interval") }, call.query),
        ),
      { rate: "historical" },
    ),
    route("GET /instruments", () => csv(directory.all()), open),
    route(
      "GET /instruments/:exchange",
      (call) => csv(directory.all().filter(({ exchange }) => exchange === part(call, "exchange"))),
      open,
    ),
  ];
}

const csv = (listings: readonly KiteListing[]): Response =>
  new Response(masterCsv(listings), { headers: { "content-type": "text/csv" } });

const jsonRowsSchema = z.array(z.record(z.string(), z.union([z.string(), z.number()]).transform(String)));

function jsonRows(body: string): Record<string, string>[] {
  try {
    return jsonRowsSchema.parse(JSON.parse(body));
  } catch {
    throw inputError("Invalid JSON.");
  }
}
