import type { z } from "zod";
import { BrokerError } from "../../src/errors.ts";
import { parseJson } from "../../src/lib/json.ts";
import type { HttpReply, HttpRequest } from "../../src/lib/http.ts";
import { ORDER_TIMEOUT_MS, READ_TIMEOUT_MS, type Access, type ConnectorDeps } from "../base.ts";
import { type Limit, sendMetered } from "../metered.ts";
import { badField, badResponse, noReply, readRefusal, replyError } from "./errors.ts";
import { orderAckSchema } from "./schemas.ts";
import { DHAN, RATE_LIMITS, ROOTS } from "./facts.ts";

/** The master is tens of megabytes. */
const MASTER_TIMEOUT_MS = 120_000;

type RateClass = keyof typeof RATE_LIMITS;
export type Body = Readonly<Record<string, unknown>>;

interface Call<S extends z.ZodType> {
  /** Documented method and path, without ids and query: names the endpoint in errors. */
  readonly endpoint: `${HttpRequest["method"]} ${string}`;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly schema: S;
  readonly rate: RateClass;
  /** Whose rate limit: the account's, which is known during login too. */
  readonly meter: string;
  /** The HTTP layer may retry reads. */
  readonly isRead: boolean;
  readonly egress?: Access["egress"];
  readonly signal: AbortSignal | undefined;
}

export interface Ask<S extends z.ZodType> {
  readonly endpoint: Call<S>["endpoint"];
  readonly path?: string;
  readonly body?: Body;
  readonly schema: S;
  readonly rate?: RateClass;
}

export interface AppKeys {
  readonly clientId: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** Sends a call under its rate limit and deadline and validates the reply. Throws BrokerError. */
export function createTransport(deps: ConnectorDeps) {
  const roots = { ...ROOTS, ...deps.roots };
  const api = `${roots.DHAN_API_ROOT}/v2`;
  const auth = roots.DHAN_AUTH_ROOT;

  async function exchange<S extends z.ZodType>(call: Call<S>): Promise<HttpReply> {
    const limit: Limit = (run, until) =>
      deps.limiter.run(`${DHAN}:${call.meter}:${call.rate}`, RATE_LIMITS[call.rate], run, until);
    const [method] = call.endpoint.split(" ") as [HttpRequest["method"]];
    const request: HttpRequest = {
      scope: DHAN,
      method,
      url: call.url,
      headers: { accept: "application/json", ...call.headers },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      timeoutMs: call.rate === "order" ? ORDER_TIMEOUT_MS : READ_TIMEOUT_MS,
      egress: call.egress,
      signal: call.signal,
    };
    const consent = call.rate === "consent" ? AbortSignal.timeout(READ_TIMEOUT_MS) : undefined;
    const wait = consent && call.signal ? AbortSignal.any([consent, call.signal]) : (consent ?? call.signal);
    return sendMetered(deps.http, limit, { request, isRead: call.isRead, wait }, (error, wasSent) =>
      consent && !wasSent && !call.signal?.aborted
        ? noConsentLeft(call.endpoint)
        : noReply(error, call.endpoint, wasSent),
    );
  }

  async function run<S extends z.ZodType>(call: Call<S>): Promise<z.output<S>> {
    const reply = await exchange(call);
    const json = parseJson(reply.body);
    const refusal = readRefusal(json);
    if (reply.status < 200 || reply.status > 299 || refusal !== null)
      throw replyError({ endpoint: call.endpoint, isOrder: call.rate === "order" }, reply, refusal);
    if (json === undefined) throw badResponse(call.endpoint, "reply: not JSON");
    const parsed = call.schema.safeParse(json);
    if (!parsed.success) throw badField(call.endpoint, parsed.error);
    return parsed.data;
  }

  const sessionHeaders = (access: Access): Record<string, string> => ({
    "access-token": access.session.accessToken.reveal(),
    "client-id": access.session.accountId,
    "content-type": "application/json",
  });

  /** `path` defaults to the endpoint's, `rate` to the general class. */
  async function read<S extends z.ZodType>(access: Access, ask: Ask<S>, signal?: AbortSignal): Promise<z.output<S>> {
    requireUnexpired(access, deps.now(), ask.endpoint);
    return run({
      endpoint: ask.endpoint,
      url: api + (ask.path ?? pathOf(ask.endpoint)),
      headers: sessionHeaders(access),
      ...(ask.body === undefined ? {} : { body: ask.body }),
      schema: ask.schema,
      rate: ask.rate ?? "other",
      meter: access.session.accountId,
      isRead: true,
      signal,
    });
  }

  /** Place, modify, cancel: sent once, from the link's registered IP address. */
  const write = (access: Access, ask: Omit<Ask<typeof orderAckSchema>, "schema">, signal?: AbortSignal) =>
    run({
      endpoint: ask.endpoint,
      url: api + (ask.path ?? pathOf(ask.endpoint)),
      headers: sessionHeaders(access),
      ...(ask.body === undefined ? {} : { body: { dhanClientId: access.session.accountId, ...ask.body } }),
      schema: orderAckSchema,
      rate: "order",
      meter: access.session.accountId,
      isRead: false,
      egress: access.egress,
      signal,
    });

  const login = <S extends z.ZodType>(keys: AppKeys, ask: Ask<S> & { query: string }, signal?: AbortSignal) =>
    run({
      endpoint: ask.endpoint,
      url: `${auth}${pathOf(ask.endpoint)}?${ask.query}`,
      headers: { app_id: keys.apiKey, app_secret: keys.apiSecret },
      schema: ask.schema,
      rate: ask.rate ?? "other",
      meter: keys.clientId,
      isRead: false,
      signal,
    });

  /** Sent once, because it ends the current token. The header is `dhanClientId` here, not `client-id`. */
  const renew = <S extends z.ZodType>(access: Access, ask: Ask<S>, signal?: AbortSignal) =>
    run({
      endpoint: ask.endpoint,
      url: api + pathOf(ask.endpoint),
      headers: { "access-token": access.session.accessToken.reveal(), dhanClientId: access.session.accountId },
      schema: ask.schema,
      rate: "other",
      meter: access.session.accountId,
      isRead: false,
      signal,
    });

  /** The master file's bytes. Public: needs no session. */
  async function* master(signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const url = roots.DHAN_INSTRUMENTS_URL;
    try {
      yield* await deps.http.stream({ scope: DHAN, method: "GET", url, timeoutMs: MASTER_TIMEOUT_MS, signal });
    } catch (error) {
      throw noReply(error, "GET api-scrip-master.csv", true);
    }
  }

  return { read, write, login, renew, master, authUrl: (path: string): string => auth + path };
}

/** The rate limit may stay full for hours, and the user who is logging in will not wait that long. */
const noConsentLeft = (endpoint: string): BrokerError =>
  new BrokerError("rate-limited", "Dhan opens no more than 25 logins a day, and this client has had them", {
    broker: DHAN,
    endpoint,
  });

function requireUnexpired({ session }: Access, now: number, endpoint: string): void {
  if (now >= session.expiresAt)
    throw new BrokerError("auth-expired", "The Dhan session has ended; log in again", { broker: DHAN, endpoint });
}

const pathOf = (endpoint: string): string => endpoint.slice(endpoint.indexOf(" ") + 1);
