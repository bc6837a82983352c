import type { z } from "zod";
import { BrokerError, type BrokerErrorKind, KIND_OF_HTTP_FAILURE } from "../../src/errors.ts";
import { HttpFailure, retryAfterMs, type HttpReply } from "../../src/lib/http.ts";
import { refusalSchema } from "./schemas.ts";
import { ACME } from "./facts.ts";

/** The broker's code → kind. One that is not here proves nothing, which leaves an order unknown. */
const KIND_BY_CODE: Readonly<Record<string, BrokerErrorKind>> = {
  session: "auth-expired",
  credentials: "auth-invalid",
  address: "ip-not-allowed",
  plan: "no-permission",
  refused: "rejected",
  request: "invalid-request",
  limit: "rate-limited",
};
const MAX_WORDS = 200;

/** The broker answered, and not with a yes. */
export function refusal(reply: HttpReply, json: unknown, endpoint: string): BrokerError {
  const said = refusalSchema.safeParse(json).data?.error;
  const kind = said && reply.status < 500 ? KIND_BY_CODE[said.code] : undefined;
  const words = said ? said.message.slice(0, MAX_WORDS) : `Acme answered HTTP ${reply.status} without a reason`;
  return new BrokerError(kind ?? kindByStatus(reply.status), words, {
    broker: ACME,
    endpoint,
    status: reply.status,
    brokerCode: said?.code,
    retryAfterMs: retryAfterMs(reply.headers) ?? undefined,
  });
}

function kindByStatus(status: number): BrokerErrorKind {
  if (status === 429) return "rate-limited";
  return status >= 500 ? "unavailable" : "bad-response";
}

/** No reply came. What ended before `wasSent`, in the queue for its turn, proves that nothing went. */
export function noReply(error: unknown, endpoint: string, wasSent: boolean): BrokerError {
  const kind = !wasSent ? "unreachable" : error instanceof HttpFailure ? KIND_OF_HTTP_FAILURE[error.kind] : "timeout";
  const why = error instanceof HttpFailure ? error.message : "the call was given up";
  return new BrokerError(kind, `Acme ${endpoint}: ${why}`, { broker: ACME, endpoint, cause: error });
}

/** `Acme GET /orders: 0.status: …` */
export function badField(endpoint: string, error: z.ZodError): BrokerError {
  const [issue] = error.issues;
  const field = issue?.path.join(".") || "data";
  return new BrokerError("bad-response", `Acme ${endpoint}: ${field}: ${issue?.message}`, { broker: ACME, endpoint });
}

/** Runs a mapping; a value that it cannot take is a reply that is not as documented. */
export function mapped<T>(endpoint: string, map: () => T): T {
  try {
    return map();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BrokerError("bad-response", `Acme ${endpoint}: ${error.message}`, { broker: ACME, endpoint });
  }
}
