import type { Book } from "./domain/book.ts";
import type { BrokerName } from "./domain/ids.ts";
import type { NotSentCause, OrderOutcome } from "./domain/order.ts";
import type { HttpFailureKind } from "./lib/http.ts";
import { shortened } from "./lib/shortened.ts";

/** Why a broker call failed. */
const BROKER_ERROR_KINDS = [
  "auth-expired", // the session is dead: log in again
  "auth-invalid", // wrong key, secret or PIN
  "login-unfinished", // the login page returned without a grant: cancelled by the user or refused by the broker
  "ip-not-allowed", // the broker accepts orders only from the registered static IP address
  "no-permission", // the API plan or the app lacks this (market data, a segment)
  "rejected", // the broker or the exchange said no, with a reason
  "invalid-request", // we built a bad request: a bug on our side
  "rate-limited",
  "unavailable", // 5xx, maintenance, broken connection
  "unreachable", // no connection was made, so nothing was sent
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
    super(shortened(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.broker = details.broker;
    this.endpoint = details.endpoint;
    this.status = details.status;
    this.brokerCode = details.brokerCode && shortened(details.brokerCode);
    this.retryAfterMs = details.retryAfterMs;
  }
}

/**
 * Some rows of a list could not be mapped. `book` has the others, for callers that can work with an incomplete list; for
 * all other callers the reply is a `bad-response`.
 */
export class UnreadRows<T> extends BrokerError {
  readonly book: Book<T>;

  constructor(message: string, details: BrokerErrorDetails, book: Book<T>) {
    super("bad-response", message, details);
    this.book = book;
  }
}

/** Error kind of a call that got no complete reply. */
export const KIND_OF_HTTP_FAILURE: Readonly<Record<HttpFailureKind, BrokerErrorKind>> = {
  unreachable: "unreachable",
  timeout: "timeout",
  aborted: "timeout",
  broken: "unavailable",
  "too-large": "bad-response",
};

/** What a failed order call proves: the order was refused, it was not sent (and why), or nothing. */
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

/** The outcome of an order call that threw. Anything but a BrokerError is a bug on our side and is rethrown. */
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

/** The broker's message after its error code, as stored in the order's history. */
export const withCode = ({ brokerCode, message }: BrokerError): string =>
  brokerCode === undefined || brokerCode === "" ? message : `${brokerCode} ${message}`;

/** An error whose message may be shown to the user as it is. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** Something that the operator has to fix before the process can start. Each problem is one line that names what to fix. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}
