import { z } from "zod";
import { ORDER_TIMEOUT_MS, READ_TIMEOUT_MS, type Access, type ConnectorDeps } from "../base.ts";
import { parseJson } from "../../src/lib/json.ts";
import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import type { HttpReply, HttpRequest } from "../../src/lib/http.ts";
import type { ReadRow } from "../../src/lib/rows.ts";
import type { Secret } from "../../src/lib/secret.ts";
import { type Limit, sendMetered } from "../metered.ts";
import { badField, EMPTY_CODES, isBusy, noReply, refusal, unreadable } from "./errors.ts";
import * as schemas from "./schemas.ts";
import { ANGELONE, RATE_LIMITS } from "./facts.ts";

/** Who is calling. */
export interface Caller {
  /** Whose rate limit: the account's, or the link's during login. */
  readonly meter: string;
  readonly apiKey: Secret;
  readonly accessToken: Secret;
  /** Used by order calls only: the static IP rule does not cover reads. */
  readonly egress?: Secret | undefined;
}

/** Throws `auth-expired` after the session's end, so that no call is sent with it. */
export type CallerOf = (access: Access) => Caller;

export interface Endpoint {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Class of rate limit. */
  readonly limit: keyof typeof RATE_LIMITS;
  /** `order` and `write` are sent once; the HTTP layer may retry `read`. */
  readonly kind: "read" | "write" | "order";
  /** Error codes that mean something else at this endpoint. */
  readonly kinds?: ReadonlyMap<string, BrokerErrorKind>;
}

/** Unverified: the key has opened the session, so "invalid key" here must mean that the app has no market data. */
const MARKET_DATA_KINDS: ReadonlyMap<string, BrokerErrorKind> = new Map([["AG8004", "no-permission"]]);

/** Paths below /rest/secure/angelbroking/ (https://smartapi.angelone.in/docs). */
export const ENDPOINTS = {
  getProfile: { method: "GET", path: "user/v1/getProfile", limit: "profile", kind: "read" },
  logout: { method: "POST", path: "user/v1/logout", limit: "login", kind: "write" },
  getRms: { method: "GET", path: "user/v1/getRMS", limit: "funds", kind: "read" },
  getHoldings: { method: "GET", path: "portfolio/v1/getAllHolding", limit: "holdings", kind: "read" },
  getPositions: { method: "GET", path: "order/v1/getPosition", limit: "positions", kind: "read" },
  getOrders: { method: "GET", path: "order/v1/getOrderBook", limit: "orderBook", kind: "read" },
  getTrades: { method: "GET", path: "order/v1/getTradeBook", limit: "tradeBook", kind: "read" },
  getOrder: { method: "GET", path: "order/v1/details/{id}", limit: "orderDetails", kind: "read" },
  placeOrder: { method: "POST", path: "order/v1/placeOrder", limit: "orders", kind: "order" },
  modifyOrder: { method: "POST", path: "order/v1/modifyOrder", limit: "orders", kind: "order" },
  cancelOrder: { method: "POST", path: "order/v1/cancelOrder", limit: "orders", kind: "order" },
  getQuotes: { method: "POST", path: "market/v1/quote/", limit: "quotes", kind: "read", kinds: MARKET_DATA_KINDS },
  getCandles: {
    method: "POST",
    path: "historical/v1/getCandleData",
    limit: "candles",
    kind: "read",
    kinds: MARKET_DATA_KINDS,
  },
  getMargin: { method: "POST", path: "margin/v1/batch", limit: "margin", kind: "read" },
  getCharges: { method: "POST", path: "brokerage/v1/estimateCharges", limit: "charges", kind: "read" },
} as const satisfies Record<string, Endpoint>;

export const endpointName = (endpoint: Endpoint): string => `${endpoint.method} ${endpoint.path}`;

/** All seven are mandatory. The values of the address headers were seen not to be checked. */
const FIXED_HEADERS = {
  "Content-Type": "application/json",
  Accept: "application/json",
  "X-UserType": "USER",
  "X-SourceID": "WEB",
  "X-ClientLocalIP": "127.0.0.1",
  "X-ClientPublicIP": "127.0.0.1",
  "X-MACAddress": "02:00:00:00:00:00",
};

interface CallOptions {
  readonly body?: unknown;
  /** Replaces `{id}` in the path. */
  readonly id?: string;
  readonly signal?: AbortSignal | undefined;
}

export type AngelClient = ReturnType<typeof createClient>;

/** The raw client: one method per endpoint, every reply validated. Throws BrokerError. */
export function createClient(deps: Pick<ConnectorDeps, "http" | "limiter">, root: string) {
  function requestTo(endpoint: Endpoint, caller: Caller, options: CallOptions): HttpRequest {
    const path = endpoint.path.replace("{id}", encodeURIComponent(options.id ?? ""));
    return {
      scope: ANGELONE,
      method: endpoint.method,
      url: `${root}/rest/secure/angelbroking/${path}`,
      headers: {
        ...FIXED_HEADERS,
        "X-PrivateKey": caller.apiKey.reveal(),
        Authorization: `Bearer ${caller.accessToken.reveal()}`,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      timeoutMs: endpoint.kind === "order" ? ORDER_TIMEOUT_MS : READ_TIMEOUT_MS,
      egress: endpoint.kind === "order" ? caller.egress : undefined,
      signal: options.signal,
    };
  }

  async function replyTo(endpoint: Endpoint, caller: Caller, options: CallOptions): Promise<HttpReply> {
    const limit: Limit = (run, until) =>
      deps.limiter.run(`${ANGELONE}:${caller.meter}:${endpoint.limit}`, RATE_LIMITS[endpoint.limit], run, until);
    const isRead = endpoint.kind === "read";
    const request = { ...requestTo(endpoint, caller, options), ...(isRead ? { isBusy } : {}) };
    return sendMetered(deps.http, limit, { request, isRead }, (error, wasSent) =>
      noReply(error, endpointName(endpoint), wasSent),
    );
  }

  async function call<S extends z.ZodType>(
    endpoint: Endpoint,
    schema: S,
    caller: Caller,
    options: CallOptions,
  ): Promise<z.output<S>> {
    const data = openEnvelope(await replyTo(endpoint, caller, options), endpoint);
    const result = schema.safeParse(data);
    if (!result.success) throw badField(endpointName(endpoint), result.error);
    return result.data;
  }

  /** An empty list is `data: null`, `[]`, or a "not found" code. */
  async function list<T>(
    endpoint: Endpoint,
    schema: z.ZodType<T[]>,
    caller: Caller,
    options: CallOptions,
  ): Promise<T[]> {
    return await call(endpoint, schema, caller, options).catch(emptyWhenNotFound);
  }

  const read =
    <S extends z.ZodType>(endpoint: Endpoint, schema: S) =>
    (caller: Caller, signal?: AbortSignal): Promise<z.output<S>> =>
      call(endpoint, schema, caller, { signal });
  const readList =
    <T>(endpoint: Endpoint, schema: z.ZodType<T[]>) =>
    (caller: Caller, signal?: AbortSignal): Promise<T[]> =>
      list(endpoint, schema, caller, { signal });
  const post =
    <S extends z.ZodType>(endpoint: Endpoint, schema: S) =>
    (caller: Caller, body: unknown, signal?: AbortSignal): Promise<z.output<S>> =>
      call(endpoint, schema, caller, { body, signal });

  return {
    getProfile: read(ENDPOINTS.getProfile, schemas.profileSchema),
    getRms: read(ENDPOINTS.getRms, schemas.fundsSchema),
    getPositions: readList(ENDPOINTS.getPositions, schemas.positionsSchema),
    getOrders: readList(ENDPOINTS.getOrders, schemas.orderBookSchema),
    getTrades: readList(ENDPOINTS.getTrades, schemas.tradesSchema),
    async getHoldings(caller: Caller, signal?: AbortSignal): Promise<ReadRow<schemas.HoldingRaw>[]> {
      const page = await call(ENDPOINTS.getHoldings, schemas.holdingsSchema, caller, { signal }).catch(
        emptyWhenNotFound,
      );
      return Array.isArray(page) ? [] : (page?.holdings ?? []);
    },
    getOrder: (caller: Caller, uniqueOrderId: string, signal?: AbortSignal): Promise<schemas.OrderRaw | null> =>
      call(ENDPOINTS.getOrder, schemas.orderSchema.nullable(), caller, { id: uniqueOrderId, signal }),
    placeOrder: post(ENDPOINTS.placeOrder, schemas.orderAckSchema),
    modifyOrder: post(ENDPOINTS.modifyOrder, schemas.orderAckSchema),
    cancelOrder: post(ENDPOINTS.cancelOrder, schemas.orderAckSchema),
    getQuotes: post(ENDPOINTS.getQuotes, schemas.quotesSchema),
    getCandles: (caller: Caller, body: unknown, signal?: AbortSignal): Promise<schemas.CandleRaw[]> =>
      list(ENDPOINTS.getCandles, schemas.candlesSchema, caller, { body, signal }),
    getMargin: post(ENDPOINTS.getMargin, schemas.marginSchema),
    getCharges: post(ENDPOINTS.getCharges, schemas.chargesSchema),
    async logout(caller: Caller, clientcode: string, signal?: AbortSignal): Promise<void> {
      openEnvelope(await replyTo(ENDPOINTS.logout, caller, { body: { clientcode }, signal }), ENDPOINTS.logout);
    },
  };
}

function emptyWhenNotFound(error: unknown): never[] {
  if (error instanceof BrokerError && EMPTY_CODES.has(error.brokerCode)) return [];
  throw error;
}

/** The `data` of a success, which must also have a 2xx status; throws on any other reply. */
function openEnvelope(reply: HttpReply, endpoint: Endpoint): unknown {
  const name = endpointName(endpoint);
  const json = parseJson(reply.body);
  if (json === undefined) throw unreadable(reply, name, "not JSON");
  const body = schemas.envelopeSchema.safeParse(json);
  if (!body.success) throw unreadable(reply, name, "not the documented envelope");
  const isOk = body.data.status === true || body.data.success === true;
  if (!isOk) throw refusal(reply, body.data, name, endpoint.kinds);
  if (reply.status < 200 || reply.status > 299) throw unreadable(reply, name, "a yes with an error status");
  return body.data.data;
}
