import type { z } from "zod";
import { BrokerError, type BrokerErrorKind, KIND_OF_HTTP_FAILURE } from "../../src/errors.ts";
import { HttpFailure, retryAfterMs, type HttpReply } from "../../src/lib/http.ts";
import { refusalSchema } from "./schemas.ts";
import { GROWW } from "./facts.ts";

/** Of whom a call is: nothing that exists, a placement, or a change of an order that exists. */
export type Purpose = "read" | "place" | "change";

/**
 * Groww has seven codes for everything. One that is not here proves nothing, which leaves an order unknown; so does GA006
 * ("cannot process") of a placement. GA007 says that Groww has an order with our reference: each is random and sent once,
 * so it is ours, which came in twice on the way, and the book has it.
 */
const KINDS: Readonly<Record<string, Readonly<Record<Purpose, BrokerErrorKind>>>> = {
  GA000: { read: "unavailable", place: "unavailable", change: "unavailable" },
  GA001: { read: "invalid-request", place: "rejected", change: "rejected" },
  GA003: { read: "unavailable", place: "unavailable", change: "unavailable" },
  GA004: { read: "rejected", place: "rejected", change: "rejected" },
  GA005: { read: "auth-expired", place: "auth-expired", change: "auth-expired" },
  GA006: { read: "rejected", place: "bad-response", change: "rejected" },
  GA007: { read: "bad-response", place: "bad-response", change: "bad-response" },
};
const MAX_WORDS = 300;

const BAD_REQUEST = "GA001";
const NOT_FOUND = "GA004";
const NOT_AUTHORISED = "GA005";

export const isNotFound = (error: unknown): boolean => isSaid(error, [NOT_FOUND]);
/** Which of the two an instrument gets that Groww does not know is not documented. */
export const isUnknownName = (error: unknown): boolean => isSaid(error, [BAD_REQUEST, NOT_FOUND]);
/** The session is over, or the plan lacks it, or the address is not registered: the code is the same. */
export const isNotAuthorised = (error: unknown): error is BrokerError => isSaid(error, [NOT_AUTHORISED]);

const isSaid = (error: unknown, codes: readonly string[]): error is BrokerError =>
  error instanceof BrokerError && error.brokerCode !== undefined && codes.includes(error.brokerCode);

export function kindOf(status: number, code: string | undefined, purpose: Purpose): BrokerErrorKind {
  if (status === 429) return "rate-limited";
  if (status >= 500) return "unavailable";
  return (code === undefined ? undefined : KINDS[code]?.[purpose]) ?? "bad-response";
}

/** Groww answered, and not with a plain yes. */
export function refusal(reply: HttpReply, json: unknown, asked: { endpoint: string; purpose: Purpose }): BrokerError {
  const said = refusalSchema.safeParse(json).data;
  const words = clean(said?.message ?? "") || `Groww answered HTTP ${reply.status} without a reason`;
  return new BrokerError(kindOf(reply.status, said?.code, asked.purpose), words, {
    broker: GROWW,
    endpoint: asked.endpoint,
    status: reply.status,
    brokerCode: said?.code,
    retryAfterMs: retryAfterMs(reply.headers) ?? undefined,
  });
}

/** The same refusal under another kind. */
export const asKind = (kind: BrokerErrorKind, { message, endpoint, status, brokerCode }: BrokerError): BrokerError =>
  new BrokerError(kind, message, { broker: GROWW, endpoint, status, brokerCode });

/** Unverified: how an address is refused that is not registered. An order's GA005 that speaks of the IP is taken for it. */
export const speaksOfAddress = ({ message }: BrokerError): boolean => /\bIP\b/i.test(message);

/** No reply came. What ended before `wasSent`, in the queue for its turn, proves that nothing went. */
export function noReply(error: unknown, endpoint: string, wasSent: boolean): BrokerError {
  const kind = !wasSent ? "unreachable" : error instanceof HttpFailure ? KIND_OF_HTTP_FAILURE[error.kind] : "timeout";
  const why = error instanceof HttpFailure ? error.message : "the call was given up";
  return new BrokerError(kind, `Groww ${endpoint}: ${why}`, { broker: GROWW, endpoint, cause: error });
}

/** `Groww GET /v1/order/list: 0.order_status: …` */
export function badField(endpoint: string, error: z.ZodError): BrokerError {
  const [issue] = error.issues;
  return badResponse(endpoint, `${issue?.path.join(".") || "payload"}: ${issue?.message ?? "not as documented"}`);
}

export const badResponse = (endpoint: string, problem: string): BrokerError =>
  new BrokerError("bad-response", `Groww ${endpoint}: ${problem}`, { broker: GROWW, endpoint });

/** Runs a mapping; a value that it cannot take is a reply that is not as documented. */
export function mapped<T>(endpoint: string, map: () => T): T {
  try {
    return map();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw badResponse(endpoint, error.message);
  }
}

/** On one line, without anything that looks like a token. */
const clean = (text: string): string =>
  text
    .replaceAll(/eyJ[\w.-]+/g, "***")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, MAX_WORDS);
