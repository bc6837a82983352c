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
import { ACME, RATE_LIMITS, ROOTS } from "./facts.ts";

const MASTER_TIMEOUT_MS = 60_000;

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
  readonly rate?: keyof typeof RATE_LIMITS;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export type Client = ReturnType<typeof createClient>;

/** The raw client: one method per endpoint, every reply validated. Throws BrokerError. */
export function createClient(deps: ConnectorDeps) {
  const { ACME_API_ROOT: root } = { ...ROOTS, ...deps.roots };

  async function replyTo<S extends z.ZodType>(call: Call<S>, caller: Caller, signal?: AbortSignal): Promise<HttpReply> {
    const { endpoint, rate = "read" } = call;
    if (caller.expiresAt !== undefined && deps.now() >= caller.expiresAt)
      throw new BrokerError("auth-expired", "the Acme session has ended", { broker: ACME, endpoint });
    const [method = "", documented = ""] = endpoint.split(" ");
    const query = call.query ? `?${new URLSearchParams(call.query).toString()}` : "";
    const isOrder = rate === "order";
    const limit: Limit = (run, until) =>
      deps.limiter.run(`${ACME}:${caller.meter}:${rate}`, RATE_LIMITS[rate], run, until);
    const request: HttpRequest = {
      scope: ACME,
      method: method as HttpRequest["method"],
      url: `${root}/v1${call.path ?? documented}${query}`,
      headers: {
        accept: "application/json",
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
        ...(caller.token ? { authorization: `Bearer ${caller.token.reveal()}` } : {}),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      timeoutMs: isOrder ? ORDER_TIMEOUT_MS : READ_TIMEOUT_MS,
      // The static IP rule covers order calls only.
      egress: isOrder ? caller.egress : undefined,
      signal,
    };
    return sendMetered(deps.http, limit, { request, isRead: rate === "read" }, (error, wasSent) =>
      noReply(error, endpoint, wasSent),
    );
  }

  async function ask<S extends z.ZodType>(call: Call<S>, caller: Caller, signal?: AbortSignal): Promise<z.output<S>> {
    const reply = await replyTo(call, caller, signal);
    const json = parseJson(reply.body);
    const envelope = schemas.envelopeSchema.safeParse(json);
    if (reply.status !== 200 || !envelope.success || envelope.data.data === undefined)
      throw refusal(reply, json, call.endpoint);
    const result = call.schema.safeParse(envelope.data.data);
    if (!result.success) throw badField(call.endpoint, result.error);
    return result.data;
  }

  const get =
    <S extends z.ZodType>(endpoint: `GET /${string}`, schema: S) =>
    (access: Access, query?: Readonly<Record<string, string>>, signal?: AbortSignal) =>
      ask({ endpoint, schema, ...(query ? { query } : {}) }, callerOf(access), signal);

  const order = (
    endpoint: Call<z.ZodType>["endpoint"],
    access: Access,
    more: Pick<Call<z.ZodType>, "path" | "body">,
    signal?: AbortSignal,
  ) => ask({ endpoint, schema: schemas.orderIdSchema, rate: "order", ...more }, callerOf(access), signal);

  const pathOf = (id: string): string => `/orders/${encodeURIComponent(id)}`;

  return {
    root,
    postToken: (caller: Caller, body: { key: string; secret: string; code: string }, signal?: AbortSignal) =>
      ask({ endpoint: "POST /token", schema: schemas.tokenSchema, rate: "login", body }, caller, signal),
    getProfile: (caller: Caller, signal?: AbortSignal) =>
      ask({ endpoint: "GET /profile", schema: schemas.profileSchema }, caller, signal),

    getFunds: get("GET /funds", schemas.fundsSchema),
    getHoldings: get("GET /holdings", eachRow(schemas.holdingSchema)),
    getPositions: get("GET /positions", eachRow(schemas.positionSchema)),
    getOrders: get("GET /orders", eachRow(schemas.orderSchema)),
    getTrades: get("GET /trades", eachRow(schemas.tradeSchema)),
    getQuotes: get("GET /quotes", z.record(z.string(), schemas.quoteSchema)),
    getDepth: get("GET /depth", schemas.depthSchema),
    getCandles: get("GET /candles", z.array(schemas.candleSchema)),
    postCost: (access: Access, body: unknown, signal?: AbortSignal) =>
      ask({ endpoint: "POST /cost", schema: schemas.costSchema, body }, callerOf(access), signal),

    postOrder: (access: Access, body: unknown, signal?: AbortSignal) => order("POST /orders", access, { body }, signal),
    putOrder: (access: Access, id: string, body: unknown, signal?: AbortSignal) =>
      order("PUT /orders/{id}", access, { path: pathOf(id), body }, signal),
    deleteOrder: (access: Access, id: string, signal?: AbortSignal) =>
      order("DELETE /orders/{id}", access, { path: pathOf(id) }, signal),

    /** The master file's bytes. Public: needs no session. */
    async *streamInstruments(signal?: AbortSignal): AsyncIterable<Uint8Array> {
      const endpoint = "GET /instruments.csv";
      const url = `${root}/v1/instruments.csv`;
      try {
        yield* await deps.http.stream({ scope: ACME, method: "GET", url, timeoutMs: MASTER_TIMEOUT_MS, signal });
      } catch (error) {
        throw noReply(error, endpoint, true);
      }
    },
  };
}
