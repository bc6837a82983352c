import type { BrokerName } from "./domain/ids.ts";

/**
 * Why a broker call failed. For an order call only `auth-expired`, `auth-invalid`, `ip-not-allowed`, `rejected`,
 * `invalid-request` and `unreachable` prove that nothing went to the market; every other kind leaves it unknown.
 */
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
