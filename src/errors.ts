import type { Book } from "./domain/book.ts";
import type { BrokerName } from "./domain/ids.ts";
import type { NotSentCause, OrderOutcome } from "./domain/order.ts";
import type { HttpFailureKind } from "./lib/http.ts";

/** Why a broker call failed. */
const BROKER_ERROR_KINDS = [
  "auth-expired", // the session is dead: log in again
  "auth-invalid", // wrong key, secret or PIN
  "login-unfinished", // back from the login page without a grant: cancelled there, or refused in the broker's words
  "ip-not-allowed", // orders only from the registered static address
  "no-permission", // the plan or the app lacks this (market data, a segment)
  "rejected", // the broker or the exchange said no, with a reason
  "invalid-request", // we asked wrongly: a defect of ours
  "rate-limited",
  "unavailable", // 5xx, maintenance, a connection that broke
  "unreachable", // no connection was made: nothing was sent
  "timeout",
  "bad-response", // the reply failed its schema
] as const;
export type BrokerErrorKind = (typeof BROKER_ERROR_KINDS)[number];

export interface BrokerErrorDetails {
  readonly broker: BrokerName;
  /** Method and path, without query: `GET /orders`. */
  readonly endpoint: string;
  readonly status?: number | undefined;
  readonly brokerCode?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A broker call that failed. Never holds a request body, a header or a query. */
export class BrokerError extends Error {
  override readonly name = "BrokerError";
  readonly kind: BrokerErrorKind;
  readonly broker: BrokerName;
  readonly endpoint: string;
  readonly status: number | undefined;
  readonly brokerCode: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(kind: BrokerErrorKind, message: string, details: BrokerErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.broker = details.broker;
    this.endpoint = details.endpoint;
    this.status = details.status;
    this.brokerCode = details.brokerCode;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/**
 * Some rows of a book are of a kind that nobody knows. The others are in it, for whoever can do with a part: to everybody
 * else the book is `bad-response`.
 */
export class UnreadRows<T> extends BrokerError {
  readonly book: Book<T>;

  constructor(message: string, details: BrokerErrorDetails, book: Book<T>) {
    super("bad-response", message, details);
    this.book = book;
  }
}

/** Of a call that brought no whole reply. */
export const KIND_OF_HTTP_FAILURE: Readonly<Record<HttpFailureKind, BrokerErrorKind>> = {
  unreachable: "unreachable",
  timeout: "timeout",
  aborted: "timeout",
  broken: "unavailable",
  "too-large": "bad-response",
};

/** What a failed call says of its order: refused, or not sent and why; everything else says nothing. */
const PROOFS: Readonly<Record<BrokerErrorKind, NotSentCause | "refused" | "nothing">> = {
  rejected: "refused",
  "no-permission": "refused",
  "auth-expired": "session-expired",
  "auth-invalid": "invalid-credentials",
  "ip-not-allowed": "ip-not-allowed",
  "invalid-request": "invalid-request",
  unreachable: "unreachable",
  "login-unfinished": "nothing",
  "rate-limited": "nothing",
  unavailable: "nothing",
  timeout: "nothing",
  "bad-response": "nothing",
};

/** What came of an order call that threw; what is no BrokerError is a defect of ours and is thrown on. */
export function failedOutcome(error: unknown): Exclude<OrderOutcome, { kind: "accepted" }> {
  if (!(error instanceof BrokerError)) throw error;
  const reason = error.message;
  const proof = PROOFS[error.kind];
  switch (proof) {
    case "nothing":
      return { kind: "unknown", reason };
    case "refused":
      return { kind: "rejected", reason, raw: withCode(error) };
    default:
      return { kind: "not-sent", reason, cause: proof };
  }
}

/** The broker's words after its code, as the record has them. */
export const withCode = ({ brokerCode, message }: BrokerError): string =>
  brokerCode === undefined || brokerCode === "" ? message : `${brokerCode} ${message}`;

/** A sentence that may be shown to the user as it is. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** The settings are wrong: the process must not start. Each line names a variable and what was expected. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}
