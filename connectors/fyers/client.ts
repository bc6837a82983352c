import type { z } from "zod";
import type { LinkId } from "../../src/domain/ids.ts";
import { BrokerError } from "../../src/errors.ts";
import type { HttpReply, HttpRequest } from "../../src/lib/http.ts";
import { parseJson } from "../../src/lib/json.ts";
import { retryAfterMs } from "../../src/lib/http.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Access, ConnectorDeps, Credentials } from "../base.ts";
import { ORDER_TIMEOUT_MS, READ_TIMEOUT_MS } from "../base.ts";
import { type Limit, sendMetered } from "../metered.ts";
import { badField, maskedMessage, errorKind, noReply } from "./errors.ts";
import * as schemas from "./schemas.ts";
import { FYERS, RATE_LIMITS, ROOTS } from "./facts.ts";

export type Reader = Pick<Access, "link" | "credentials"> & {
  /** While a login is being proved, only the token is known. */
  readonly session: Pick<Access["session"], "accessToken"> &
    Partial<Pick<Access["session"], "accountId" | "expiresAt">>;
};
export type Client = ReturnType<typeof createClient>;
type RateClass = keyof typeof RATE_LIMITS;
/** The class that a class counts against as well. */
const WITHIN: Readonly<Record<RateClass, RateClass | null>> = { candle: "read", read: "rest", rest: null };
type Query = Readonly<Record<string, string>>;
interface Call {
  readonly method: HttpRequest["method"];
  /** Below the API root. */
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
}
/** An order call's reply, whatever it says. */
export interface OrderReply {
  readonly endpoint: string;
  readonly reply: HttpReply;
}

/** The raw client: one method per endpoint, with Fyers' own types. Reads throw BrokerError. */
export function createClient(deps: ConnectorDeps) {
  const { FYERS_API_ROOT: root } = { ...ROOTS, ...deps.roots };

  function limitOf(meter: string, rate: RateClass): Limit {
    const outer = WITHIN[rate];
    return (run, until) => {
      const call = outer === null ? run : () => limitOf(meter, outer)(run, until);
      return deps.limiter.run(`fyers:${meter}:${rate}`, RATE_LIMITS[rate], call, until);
    };
  }

  const toRequest = (call: Call, reader: Reader | null, signal?: AbortSignal): HttpRequest => ({
    scope: "fyers",
    method: call.method,
    url: `${root}${call.path}${call.query ? `?${new URLSearchParams(call.query).toString()}` : ""}`,
    headers: {
      accept: "application/json",
      ...(call.body === undefined ? {} : { "content-type": "application/json" }),
      ...(reader ? { authorization: `${appId(reader.credentials)}:${reader.session.accessToken.reveal()}` } : {}),
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    timeoutMs: READ_TIMEOUT_MS,
    signal,
  });

  async function ask<S extends z.ZodType>(
    call: Call,
    schema: S,
    reader: Reader,
    signal?: AbortSignal,
    rate: "read" | "candle" = "read",
  ): Promise<z.infer<S>> {
    const endpoint = endpointOf(call);
    requireUnexpired(reader, deps.now(), endpoint);
    const request = toRequest(call, reader, signal);
    const limit = limitOf(meterOf(reader), rate);
    const reply = await sendMetered(deps.http, limit, { request, isRead: true }, (error, wasSent) =>
      noReply(error, endpoint, wasSent),
    );
    return checked(schema, succeeded(endpoint, reply, [reader.session.accessToken]), endpoint);
  }

  async function login<S extends z.ZodType>(
    call: Call,
    schema: S,
    caller: { meter: string; reader?: Reader; secrets: readonly Secret[] },
    signal?: AbortSignal,
  ): Promise<z.infer<S>> {
    const endpoint = endpointOf(call);
    const request = toRequest(call, caller.reader ?? null, signal);
    const reply = await sendMetered(
      deps.http,
      limitOf(caller.meter, "rest"),
      { request, isRead: false },
      (error, wasSent) => noReply(error, endpoint, wasSent),
    );
    return checked(schema, succeeded(endpoint, reply, caller.secrets), endpoint);
  }

  /** Sent once, from the link's registered IP address. */
  async function order(call: Call, access: Access, signal?: AbortSignal): Promise<OrderReply> {
    const endpoint = endpointOf(call);
    requireUnexpired(access, deps.now(), endpoint);
    const request = { ...toRequest(call, access, signal), timeoutMs: ORDER_TIMEOUT_MS, egress: access.egress };
    const limit = limitOf(meterOf(access), "rest");
    return {
      endpoint,
      reply: await sendMetered(deps.http, limit, { request, isRead: false }, (error, wasSent) =>
        noReply(error, endpoint, wasSent),
      ),
    };
  }

  const get = <S extends z.ZodType>(path: string, schema: S, reader: Reader, signal?: AbortSignal, query?: Query) =>
    ask({ method: "GET", path, ...(query ? { query } : {}) }, schema, reader, signal);

  return {
    root,
    postValidateAuthcode: (
      link: LinkId,
      body: { grant_type: "authorization_code"; appIdHash: string; code: string },
      signal?: AbortSignal,
    ) => {
      const secrets = [new Secret(body.code)];
      return login(post("validate-authcode", body), schemas.tokenSchema, { meter: link, secrets }, signal);
    },
    postValidateRefreshToken: (
      meter: string,
      body: { grant_type: "refresh_token"; appIdHash: string; refresh_token: string },
      pin: Secret,
      signal?: AbortSignal,
    ) => {
      const call = post("validate-refresh-token", { ...body, pin: pin.reveal() });
      return login(call, schemas.tokenSchema, { meter, secrets: [new Secret(body.refresh_token), pin] }, signal);
    },
    postLogout: (reader: Reader, signal?: AbortSignal) =>
      login(
        post("logout", {}),
        schemas.envelopeSchema,
        { meter: meterOf(reader), reader, secrets: [reader.session.accessToken] },
        signal,
      ),

    getProfile: (reader: Reader, signal?: AbortSignal) => get("/api/v3/profile", schemas.profileSchema, reader, signal),
    getFunds: (reader: Reader, signal?: AbortSignal) => get("/api/v3/funds", schemas.fundsSchema, reader, signal),
    getHoldings: (reader: Reader, signal?: AbortSignal) =>
      get("/api/v3/holdings", schemas.holdingsSchema, reader, signal),
    getPositions: (reader: Reader, signal?: AbortSignal) =>
      get("/api/v3/positions", schemas.positionsSchema, reader, signal),
    /** With `query`, one order only. */
    getOrders: (reader: Reader, signal?: AbortSignal, query?: { id: string }) =>
      get("/api/v3/orders", schemas.orderBookSchema, reader, signal, query),
    getTradebook: (reader: Reader, signal?: AbortSignal) =>
      get("/api/v3/tradebook", schemas.tradeBookSchema, reader, signal),
    postMargin: (reader: Reader, data: readonly unknown[], signal?: AbortSignal) =>
      ask(post("multiorder/margin", { data }), schemas.marginSchema, reader, signal),

    getQuotes: (reader: Reader, symbols: readonly string[], signal?: AbortSignal) =>
      get("/data/quotes", schemas.quotesSchema, reader, signal, { symbols: symbols.join(",") }),
    getDepth: (reader: Reader, symbol: string, signal?: AbortSignal) =>
      get("/data/depth", schemas.depthSchema, reader, signal, { symbol, ohlcv_flag: "1" }),
    getHistory: (reader: Reader, query: Query, signal?: AbortSignal) =>
      ask({ method: "GET", path: "/data/history", query }, schemas.historySchema, reader, signal, "candle"),

    postOrder: (access: Access, body: unknown, signal?: AbortSignal) =>
      order(post("orders/sync", body), access, signal),
    patchOrder: (access: Access, body: unknown, signal?: AbortSignal) =>
      order({ method: "PATCH", path: "/api/v3/orders/sync", body }, access, signal),
    /** The id goes into the path, because some proxies drop the body of a DELETE. */
    deleteOrder: (access: Access, id: string, signal?: AbortSignal) =>
      order({ method: "DELETE", path: `/api/v3/orders/${encodeURIComponent(id)}/sync` }, access, signal),
  };
}

/** Whose rate limit: the account's, or the link's during login. */
const meterOf = ({ session, link }: Reader): string => session.accountId ?? link;

function requireUnexpired({ session }: Reader, now: number, endpoint: string): void {
  if (session.expiresAt !== undefined && now >= session.expiresAt)
    throw new BrokerError("auth-expired", "Fyers: the session has ended", { broker: FYERS, endpoint });
}

export function appId(credentials: Credentials): string {
  return required(credentials, "client_id").reveal();
}

export function required(credentials: Credentials, field: string): Secret {
  const value = credentials[field];
  if (value === undefined) throw new RangeError(`fyers: credential ${field} is missing`);
  return value;
}

const post = (path: string, body: unknown): Call => ({ method: "POST", path: `/api/v3/${path}`, body });

/** The endpoint's name in errors, without ids. */
const endpointOf = (call: Call): string =>
  `${call.method} ${call.path.replace(/^\/api\/v3/, "").replace(/\/orders\/[^/]+\/sync$/, "/orders/{id}/sync")}`;

/** A fyToken may be a JSON number beyond 2^53, so it is quoted before parsing. Undefined when the text is not JSON. */
export const parseReply = (text: string): unknown =>
  parseJson(text.replaceAll(/"fyToken"\s*:\s*(\d+)/g, '"fyToken":"$1"'));

/** The body of a success. `s` decides, not the HTTP status alone: refusals also come with 200. */
function succeeded(endpoint: string, reply: HttpReply, secrets: readonly Secret[]): unknown {
  const body = parseReply(reply.body);
  const envelope = schemas.envelopeSchema.safeParse(body).data;
  if (envelope?.s === "ok" && reply.status < 300) return body;
  // Undocumented, but seen for a range without trading days.
  if (envelope?.s === "no_data" && reply.status < 300) return { candles: [] };
  throw refusal(endpoint, reply, { isOrder: false, secrets });
}

/** The error that a reply other than a success stands for. */
export function refusal(
  endpoint: string,
  reply: HttpReply,
  { isOrder, secrets }: { isOrder: boolean; secrets: readonly Secret[] },
): BrokerError {
  const envelope = schemas.envelopeSchema.safeParse(parseReply(reply.body)).data;
  const reason = maskedMessage(
    envelope?.message ?? "",
    secrets.map((secret) => secret.reveal()),
  );
  const kind =
    envelope === undefined
      ? unreadableKind(reply.status, isOrder)
      : errorKind({ status: reply.status, code: envelope.code, message: reason, isOrder });
  const message = reason || `Fyers answered HTTP ${reply.status} without a reason`;
  return new BrokerError(kind, message, {
    broker: FYERS,
    endpoint,
    status: reply.status,
    brokerCode: envelope?.code === undefined ? undefined : String(envelope.code),
    retryAfterMs: retryAfter(reply.headers),
  });
}

/** Order calls also have a header in milliseconds, which is more precise. */
function retryAfter(headers: HttpReply["headers"]): number | undefined {
  const ms = Number(headers["x-retry-after-ms"]);
  return Number.isFinite(ms) && ms > 0 ? ms : (retryAfterMs(headers) ?? undefined);
}

/** For Cloudflare's HTML pages, where only the status counts. It does not prove that an order was refused. */
function unreadableKind(status: number, isOrder: boolean): BrokerError["kind"] {
  if (status >= 500) return "unavailable";
  if (status === 429) return "rate-limited";
  return status === 401 && !isOrder ? "auth-expired" : "bad-response";
}

function checked<S extends z.ZodType>(schema: S, body: unknown, endpoint: string): z.infer<S> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw badField(endpoint, result.error);
}
