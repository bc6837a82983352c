import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { retryAfterMs, type HttpReply } from "../../src/lib/http.ts";
import { cleanWords, replyErrors } from "../replies.ts";
import { refusalSchema } from "./schemas.ts";
import { GROWW } from "./facts.ts";

export const { badField, badResponse, requireSame, mapReply, noReply } = replyErrors(GROWW, "Groww");

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

/** The error that a reply other than a success stands for. */
export function refusal(reply: HttpReply, json: unknown, asked: { endpoint: string; purpose: Purpose }): BrokerError {
  const said = refusalSchema.safeParse(json).data;
  const words = cleanWords(said?.message ?? "") || `Groww answered HTTP ${reply.status} without a reason`;
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
