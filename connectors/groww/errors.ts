import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { retryAfterMs, type HttpReply } from "../../src/lib/http.ts";
import { cleanMessage, replyErrors } from "../replies.ts";
import { refusalSchema } from "./schemas.ts";
import { GROWW } from "./facts.ts";

export const { badField, badResponse, requireSame, mapReply, noReply } = replyErrors(GROWW, "Groww");

/** What a call does: read, place an order, or modify or cancel one. */
export type Purpose = "read" | "place" | "change";

/**
 * Groww has seven codes for everything. A code that is not listed proves nothing, so an order's outcome stays unknown.
 * So it does after GA006 ("cannot process") when placing. GA007 means that an order with our reference exists: since
 * references are random and sent once, it is our own order, duplicated on the way, and the book has it.
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

const BAD_REQUEST = "GA001";
const NOT_FOUND = "GA004";
const NOT_AUTHORISED = "GA005";

export const isNotFound = (error: unknown): boolean => hasCode(error, [NOT_FOUND]);
/** Which of the two codes an unknown instrument gets is not documented. */
export const isUnknownName = (error: unknown): boolean => hasCode(error, [BAD_REQUEST, NOT_FOUND]);
/** The session has ended, the plan lacks the service, or the IP is not registered: all have the same code. */
export const isNotAuthorised = (error: unknown): error is BrokerError =>
  hasCode(error, [NOT_AUTHORISED]) ||
  (error instanceof BrokerError && error.kind === "auth-expired" && error.status === 401);

const hasCode = (error: unknown, codes: readonly string[]): error is BrokerError =>
  error instanceof BrokerError && error.brokerCode !== undefined && codes.includes(error.brokerCode);

export function kindOf(status: number, code: string | undefined, purpose: Purpose): BrokerErrorKind {
  if (status === 429) return "rate-limited";
  if (status >= 500) return "unavailable";
  const known = code === undefined ? undefined : KINDS[code]?.[purpose];
  // A refused session was seen in another shape than the documented one, so a third is possible.
  return known ?? (status === 401 && purpose === "read" ? "auth-expired" : "bad-response");
}

/** The error that a reply other than a success stands for. */
export function refusal(reply: HttpReply, json: unknown, asked: { endpoint: string; purpose: Purpose }): BrokerError {
  const failure = refusalSchema.safeParse(json).data;
  const message = cleanMessage(failure?.message ?? "") || `Groww answered HTTP ${reply.status} without a reason`;
  return new BrokerError(kindOf(reply.status, failure?.code, asked.purpose), message, {
    broker: GROWW,
    endpoint: asked.endpoint,
    status: reply.status,
    brokerCode: failure?.code,
    retryAfterMs: retryAfterMs(reply.headers) ?? undefined,
  });
}

/** The same refusal with another kind. */
export const asKind = (kind: BrokerErrorKind, { message, endpoint, status, brokerCode }: BrokerError): BrokerError =>
  new BrokerError(kind, message, { broker: GROWW, endpoint, status, brokerCode });

/** Unverified: how an unregistered IP is refused. A GA005 on an order counts as that if its text mentions the IP. */
export const mentionsIp = ({ message }: BrokerError): boolean => /\bIP\b/i.test(message);
