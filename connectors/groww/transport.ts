import type { z } from "zod";
import { BrokerError } from "../../src/errors.ts";
import { parseJson } from "../../src/lib/json.ts";
import type { HttpReply, HttpRequest } from "../../src/lib/http.ts";
import type { Secret } from "../../src/lib/secret.ts";
import { ORDER_TIMEOUT_MS, READ_TIMEOUT_MS, type Access, type ConnectorDeps } from "../base.ts";
import { type Limit, sendMetered } from "../metered.ts";
import { asKind, badField, isNotAuthorised, noReply, refusal, mentionsIp, type Purpose } from "./errors.ts";
import { envelopeSchema, userSchema } from "./schemas.ts";
import { GROWW, RATE_LIMITS, ROOTS } from "./facts.ts";

/** Short, because the user is waiting for an order's outcome. */
const PROBE_TIMEOUT_MS = 3_000;

/** Who is calling. During login the account and the session's expiry are not known yet. */
export interface Caller extends Pick<Access, "egress"> {
  /** Whose rate limit: the account's, or the link's during login. */
  readonly meter: string;
  readonly token: Secret;
  readonly expiresAt?: number;
}
export const callerOf = ({ session, egress }: Access): Caller => ({
  meter: session.accountId,
  token: session.accessToken,
  expiresAt: session.expiresAt,
  ...(egress ? { egress } : {}),
});

export interface Call<S extends z.ZodType> {
  /** Documented method and path, without ids and query: names the endpoint in errors. */
  readonly endpoint: `${HttpRequest["method"]} /${string}`;
  readonly schema: S;
  readonly rate: keyof typeof RATE_LIMITS;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** `read` where absent. */
  readonly purpose?: Purpose;
  readonly timeoutMs?: number;
}
/** Whose account it is. Also used to check whether a session is valid. */
export const USER_CALL = { endpoint: "GET /v1/user/detail", schema: userSchema, rate: "account" } as const;

export type Transport = ReturnType<typeof createTransport>;

/** Sends a call under its rate limit and deadline and validates the reply. Throws BrokerError. */
export function createTransport(deps: ConnectorDeps) {
  const roots = { ...ROOTS, ...deps.roots };

  function requestOf<S extends z.ZodType>(call: Call<S>, caller: Caller, signal?: AbortSignal): HttpRequest {
    const [method = "", documented = ""] = call.endpoint.split(" ");
    const isOrder = call.rate === "order";
    const query = call.query ? `?${new URLSearchParams(call.query).toString()}` : "";
    return {
      scope: GROWW,
      method: method as HttpRequest["method"],
      url: `${roots.GROWW_API_ROOT}${call.path ?? documented}${query}`,
      headers: {
        accept: "application/json",
        "x-api-version": "1.0",
        authorization: `Bearer ${caller.token.reveal()}`,
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      timeoutMs: call.timeoutMs ?? (isOrder ? ORDER_TIMEOUT_MS : READ_TIMEOUT_MS),
      // The static IP rule covers order calls only.
      egress: isOrder ? caller.egress : undefined,
      signal,
    };
  }

  async function replyTo<S extends z.ZodType>(call: Call<S>, caller: Caller, signal?: AbortSignal): Promise<HttpReply> {
    const { endpoint, rate } = call;
    if (caller.expiresAt !== undefined && deps.now() >= caller.expiresAt)
      throw new BrokerError("auth-expired", "the Groww session has ended", { broker: GROWW, endpoint });
    const limit: Limit = (run, until) =>
      deps.limiter.run(`${GROWW}:${caller.meter}:${rate}`, RATE_LIMITS[rate], run, until);
    const request = requestOf(call, caller, signal);
    return sendMetered(deps.http, limit, { request, isRead: rate !== "order" && rate !== "login" }, (error, wasSent) =>
      noReply(error, endpoint, wasSent),
    );
  }

  async function answerTo<S extends z.ZodType>(
    call: Call<S>,
    caller: Caller,
    signal?: AbortSignal,
  ): Promise<z.output<S>> {
    const reply = await replyTo(call, caller, signal);
    const json = parseJson(reply.body);
    const envelope = envelopeSchema.safeParse(json);
    // The reply to a login has no envelope.
    const isBare = call.rate === "login";
    if (!isOk(reply) || !(isBare || envelope.success))
      throw refusal(reply, json, { endpoint: call.endpoint, purpose: call.purpose ?? "read" });
    const result = call.schema.safeParse(isBare ? json : envelope.data?.payload);
    if (!result.success) throw badField(call.endpoint, result.error);
    return result.data;
  }

  /**
   * The same code means that the session has ended, that the plan lacks the service, and perhaps that the IP is not
   * registered. If the profile can still be read, the session has not ended. If that call fails, nothing is proved, but
   * an order has been refused either way.
   */
  async function withKind(error: BrokerError, caller: Caller, isOrder: boolean, signal?: AbortSignal) {
    if (isOrder && mentionsIp(error)) return asKind("ip-not-allowed", error);
    try {
      await answerTo({ ...USER_CALL, timeoutMs: PROBE_TIMEOUT_MS }, caller, signal);
    } catch (probed) {
      if (isNotAuthorised(probed)) return error;
      if (!isOrder) return asKind("unavailable", error);
    }
    return asKind("no-permission", error);
  }

  async function ask<S extends z.ZodType>(call: Call<S>, caller: Caller, signal?: AbortSignal): Promise<z.output<S>> {
    try {
      return await answerTo(call, caller, signal);
    } catch (error) {
      if (!isNotAuthorised(error)) throw error;
      throw await withKind(error, caller, call.rate === "order", signal);
    }
  }

  return { roots, answerTo, ask };
}

const isOk = ({ status }: HttpReply): boolean => status === 200 || status === 201;
