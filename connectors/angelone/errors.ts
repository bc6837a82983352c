import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { type HttpReply } from "../../src/lib/http.ts";
import { cleanMessage, replyErrors } from "../replies.ts";
import type { EnvelopeRaw } from "./schemas.ts";
import { ANGELONE } from "./facts.ts";

export const { badField, requireSame, mapReply, noReply } = replyErrors(ANGELONE, "Angel One");

/** Error code → kind. A code that is not listed proves nothing, so an order's outcome stays unknown. */
const KIND_BY_CODE: ReadonlyMap<string, BrokerErrorKind> = new Map(
  Object.entries({
    AG8001: "auth-expired", // invalid token
    AG8002: "auth-expired", // expired token
    AG8003: "auth-expired", // token missing
    AB1010: "auth-expired", // AMX session expired
    AB1011: "auth-expired", // client not logged in
    AB8050: "auth-expired", // refresh token invalid
    AB8051: "auth-expired", // refresh token expired
    AG8004: "auth-invalid", // API key
    AB1000: "auth-invalid",
    AB1001: "auth-invalid",
    AB1002: "auth-invalid",
    AB1003: "auth-invalid",
    AB1005: "auth-invalid",
    AB1031: "auth-invalid",
    AB1032: "auth-invalid",
    AB1050: "auth-invalid", // TOTP
    AG7002: "ip-not-allowed",
    AB1006: "no-permission", // client blocked for trading
    AB1008: "invalid-request", // variety
    AB1009: "invalid-request", // symbol
    AB1012: "invalid-request", // product
    AB1018: "invalid-request", // symbol details
    AB4008: "invalid-request", // order tag
    AB4018: "invalid-request", // empty token
    AB1013: "rejected", // order not found
    AB1014: "rejected", // trade not found
    AB1015: "rejected", // holding not found
    AB1016: "rejected", // position not found
    AB1017: "rejected", // conversion failed
    AB2002: "rejected", // ROBO blocked
    AB4036: "rejected", // cautionary listing
    AB1004: "unavailable", // "something went wrong, try later", also under throttling
    AB1021: "rate-limited", // undocumented: too many requests, seen for candles
    AB1007: "unavailable", // the order system's catch-all: the outcome is not known
    AB2000: "unavailable",
    AB2001: "unavailable",
  }),
);

/** Some calls answer "not found" for an empty list. */
export const EMPTY_CODES: ReadonlySet<string | undefined> = new Set(["AB1013", "AB1014", "AB1015", "AB1016"]);

const THROTTLED = /exceeding access rate/i;
const TRY_LATER = /"errorcode"\s*:\s*"AB10(04|21)"/i;
const RETRY_AFTER_MS = 1_000;
/** Chars. A refusal is short; long replies, such as an order book, are not searched for its texts. */
const MAX_REFUSAL = 1_000;

/** All mean "try again in a moment": the rate limit's text with HTTP 403, and AB1004 and AB1021 with any status. */
export const isBusy = ({ status, body }: HttpReply): boolean =>
  body.length <= MAX_REFUSAL && ((status === 403 && THROTTLED.test(body)) || TRY_LATER.test(body));

/** The error for a JSON reply that reports failure. The body decides, never the HTTP status alone. */
export function refusal(
  reply: HttpReply,
  body: EnvelopeRaw,
  endpoint: string,
  kinds: ReadonlyMap<string, BrokerErrorKind> = new Map(),
): BrokerError {
  const brokerCode = (body.errorcode || body.errorCode).trim();
  const kind = kinds.get(brokerCode) ?? KIND_BY_CODE.get(brokerCode) ?? kindByStatus(reply.status);
  const words = cleanMessage(body.message) || "no reason given";
  const message = kind === "bad-response" ? `Angel One answered ${brokerCode || "no code"}: ${words}` : words;
  return new BrokerError(kind, message, { broker: ANGELONE, endpoint, status: reply.status, brokerCode });
}

/** For a reply that is not Angel One's JSON: the rate limit's plain text, a gateway's page, or a truncated body. */
export function unreadable(reply: HttpReply, endpoint: string, problem: string): BrokerError {
  const details = { broker: ANGELONE, endpoint, status: reply.status };
  if (reply.status === 429 || THROTTLED.test(reply.body))
    return new BrokerError("rate-limited", "Angel One's rate limit was exceeded", {
      ...details,
      retryAfterMs: RETRY_AFTER_MS,
    });
  return new BrokerError(
    kindByStatus(reply.status),
    `Angel One's reply to ${endpoint} is unusable (HTTP ${reply.status}): ${problem}`,
    details,
  );
}

function kindByStatus(status: number): BrokerErrorKind {
  if (status === 429) return "rate-limited";
  return status >= 500 ? "unavailable" : "bad-response";
}
