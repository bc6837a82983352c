import { z } from "zod";
import { BrokerError } from "../../src/errors.ts";
import { parseJson } from "../../src/lib/json.ts";
import type { HttpReply, HttpRequest } from "../../src/lib/http.ts";
import { eachRow } from "../../src/lib/rows.ts";
import type { Secret } from "../../src/lib/secret.ts";
import { ORDER_TIMEOUT_MS, READ_TIMEOUT_MS, type Access, type ConnectorDeps } from "../base.ts";
import { type Limit, sendMetered } from "../metered.ts";
import { badField, noReply, refusal } from "./errors.ts";
import * as schemas from "./schemas.ts";
import { RATE_LIMITS, ROOTS, UPSTOX } from "./facts.ts";

/** Who is calling. During login the account and the session's expiry are not known yet. */
export interface Caller extends Pick<Access, "egress"> {
  /** Whose rate limit: the account's, or the link's during login. */
  readonly meter: string;
  readonly token?: Secret;
  readonly expiresAt?: number;
}
export const callerOf = ({ session, egress }: Access): Caller => ({
  meter: session.accountId,
  token: session.accessToken,
  expiresAt: session.expiresAt,
  ...(egress ? { egress } : {}),
});

interface Call<S extends z.ZodType> {
  /** Documented method and path, without ids and query: names the endpoint in errors. */
  readonly endpoint: `${HttpRequest["method"]} /${string}`;
  readonly schema: S;
  readonly rate: keyof typeof RATE_LIMITS;
  readonly path?: string;
  /** Already encoded. */
  readonly query?: string;
  readonly body?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly isWrite?: boolean;
}

export type Client = ReturnType<typeof createClient>;
type OrderBody = Readonly<Record<string, unknown>>;

/** The raw client: one method per endpoint, every reply validated. Throws BrokerError. */
export function createClient(deps: ConnectorDeps) {
  const roots = { ...ROOTS, ...deps.roots };

  function requestOf<S extends z.ZodType>(call: Call<S>, caller: Caller, signal?: AbortSignal): HttpRequest {
    const [method = "", documented = ""] = call.endpoint.split(" ");
    const isOrder = call.rate === "order";
    const json = call.body === undefined ? undefined : JSON.stringify(call.body);
    const body = call.form ? new URLSearchParams(call.form).toString() : json;
    const type = call.form ? "application/x-www-form-urlencoded" : "application/json";
    return {
      scope: UPSTOX,
      method: method as HttpRequest["method"],
      url: `${isOrder ? roots.UPSTOX_ORDER_ROOT : roots.UPSTOX_API_ROOT}${call.path ?? documented}${call.query ? `?${call.query}` : ""}`,
      headers: {
        accept: "application/json",
        ...(body ? { "content-type": type } : {}),
        ...(caller.token ? { authorization: `Bearer ${caller.token.reveal()}` } : {}),
      },
      ...(body ? { body } : {}),
      timeoutMs: isOrder ? ORDER_TIMEOUT_MS : READ_TIMEOUT_MS,
      // The static IP rule covers order calls only.
      egress: isOrder ? caller.egress : undefined,
      signal,
    };
  }

  async function replyTo<S extends z.ZodType>(call: Call<S>, caller: Caller, signal?: AbortSignal): Promise<HttpReply> {
    const { endpoint, rate } = call;
    if (caller.expiresAt !== undefined && deps.now() >= caller.expiresAt)
      throw new BrokerError("auth-expired", "the Upstox session has ended", { broker: UPSTOX, endpoint });
    const limit: Limit = (run, until) =>
      deps.limiter.run(`${UPSTOX}:${caller.meter}:${rate}`, RATE_LIMITS[rate], run, until);
    const request = requestOf(call, caller, signal);
    return sendMetered(deps.http, limit, { request, isRead: call.isWrite !== true }, (error, wasSent) =>
      noReply(error, endpoint, wasSent),
    );
  }

  async function ask<S extends z.ZodType>(call: Call<S>, caller: Caller, signal?: AbortSignal): Promise<z.output<S>> {
    const reply = await replyTo(call, caller, signal);
    const json = parseJson(reply.body);
    const envelope = schemas.envelopeSchema.safeParse(json);
    // The reply to a login has no envelope.
    const isBare = call.rate === "login";
    const isSuccess = reply.status === 200 && (isBare || envelope.success);
    if (!isSuccess) throw refusal(reply, json, { endpoint: call.endpoint, isOrder: call.rate === "order" });
    const result = call.schema.safeParse(isBare ? json : envelope.data?.data);
    if (!result.success) throw badField(call.endpoint, result.error);
    return result.data;
  }

  type Read<S extends z.ZodType> = Pick<Call<S>, "endpoint" | "schema" | "rate">;
  const get =
    <S extends z.ZodType>(read: Read<S>) =>
    (access: Access, signal?: AbortSignal) =>
      ask(read, callerOf(access), signal);
  const order = <S extends z.ZodType>(call: Omit<Call<S>, "rate">, access: Access, signal?: AbortSignal) =>
    ask({ ...call, rate: "order", isWrite: true }, callerOf(access), signal);

  return {
    apiRoot: roots.UPSTOX_API_ROOT,
    instrumentsUrl: roots.UPSTOX_INSTRUMENTS_URL,

    postToken: (caller: Caller, form: Readonly<Record<string, string>>, signal?: AbortSignal) =>
      ask(
        {
          endpoint: "POST /v2/login/authorization/token",
          schema: schemas.tokenSchema,
          rate: "login",
          form,
          isWrite: true,
        },
        caller,
        signal,
      ),
    deleteLogout: (access: Access, signal?: AbortSignal) =>
      ask(
        { endpoint: "DELETE /v2/logout", schema: z.unknown(), rate: "account", isWrite: true },
        callerOf(access),
        signal,
      ),
    getProfile: (caller: Caller, signal?: AbortSignal) =>
      ask({ endpoint: "GET /v2/user/profile", schema: schemas.profileSchema, rate: "account" }, caller, signal),

    getFunds: get({ endpoint: "GET /v3/user/get-funds-and-margin", schema: schemas.fundsSchema, rate: "account" }),
    getHoldings: get({
      endpoint: "GET /v2/portfolio/long-term-holdings",
      schema: eachRow(schemas.holdingSchema),
      rate: "account",
    }),
    getPositions: get({
      endpoint: "GET /v2/portfolio/short-term-positions",
      schema: eachRow(schemas.positionSchema),
      rate: "account",
    }),
    getOrders: get({ endpoint: "GET /v2/order/retrieve-all", schema: eachRow(schemas.orderSchema), rate: "book" }),
    getTrades: get({
      endpoint: "GET /v2/order/trades/get-trades-for-day",
      schema: eachRow(schemas.tradeSchema),
      rate: "book",
    }),

    /** The commas between the keys must not be escaped; the bars in them must be. */
    getQuotes: (access: Access, keys: readonly string[], signal?: AbortSignal) => {
      const query = `instrument_key=${keys.map(encodeURIComponent).join(",")}`;
      const call = { endpoint: "GET /v2/market-quote/quotes", schema: schemas.quotesSchema, rate: "quote" } as const;
      return ask({ ...call, query }, callerOf(access), signal);
    },
    /** `range` is `TO/FROM`, or null for today. */
    getCandles: (access: Access, { key, bar, range }: CandlePath, signal?: AbortSignal) => {
      const endpoint = range === null ? "GET /v3/historical-candle/intraday" : "GET /v3/historical-candle";
      const path = `${endpoint.slice("GET ".length)}/${encodeURIComponent(key)}/${bar}${range === null ? "" : `/${range}`}`;
      return ask({ endpoint, path, schema: schemas.candlesSchema, rate: "candle" }, callerOf(access), signal);
    },

    postMargin: (access: Access, body: OrderBody, signal?: AbortSignal) =>
      ask(
        { endpoint: "POST /v2/charges/margin", schema: schemas.marginSchema, rate: "account", body },
        callerOf(access),
        signal,
      ),
    getCharges: (access: Access, query: Readonly<Record<string, string>>, signal?: AbortSignal) => {
      const call = { endpoint: "GET /v2/charges/brokerage", schema: schemas.chargesSchema, rate: "account" } as const;
      return ask({ ...call, query: new URLSearchParams(query).toString() }, callerOf(access), signal);
    },

    postOrder: (access: Access, body: OrderBody, signal?: AbortSignal) =>
      order({ endpoint: "POST /v3/order/place", schema: schemas.placedSchema, body }, access, signal),
    putOrder: (access: Access, body: OrderBody, signal?: AbortSignal) =>
      order({ endpoint: "PUT /v3/order/modify", schema: schemas.changedSchema, body }, access, signal),
    deleteOrder: (access: Access, orderId: string, signal?: AbortSignal) => {
      const query = `order_id=${encodeURIComponent(orderId)}`;
      return order({ endpoint: "DELETE /v3/order/cancel", schema: schemas.changedSchema, query }, access, signal);
    },
  };
}

export interface CandlePath {
  readonly key: string;
  /** `minutes/5` */
  readonly bar: string;
  readonly range: string | null;
}
