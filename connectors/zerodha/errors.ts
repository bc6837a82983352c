import { BrokerError, type BrokerErrorDetails, type BrokerErrorKind, KIND_OF_HTTP_FAILURE } from "../../src/errors.ts";
import { parseJson } from "../../src/lib/json.ts";
import { HttpFailure, retryAfterMs, type HttpReply } from "../../src/lib/http.ts";
import { cleanMessage, replyErrors } from "../replies.ts";
import { errorEnvelopeSchema, successEnvelopeSchema } from "./schemas.ts";
import { ZERODHA } from "./facts.ts";

export const { mapReply, requireSame } = replyErrors(ZERODHA, "Zerodha");

/** `GET /orders`, and whether it is an order call, where some errors mean something else. */
export interface Endpoint {
  readonly path: string;
  readonly isOrder?: boolean;
}

interface ErrorRow {
  readonly type?: string;
  readonly says?: RegExp;
  readonly status?: (status: number) => boolean;
  readonly kind: BrokerErrorKind;
  /** The kind on an order call, where it differs. */
  readonly onOrder?: BrokerErrorKind;
}

/**
 * First match wins. Texts come before types, because the type of the IP error has varied. 5xx comes before types,
 * because Kite documents the state of an order as unknown after every failure other than a refusal.
 */
const ERRORS: readonly ErrorRow[] = [
  { says: /IPs configured|not allowed to place orders/i, kind: "ip-not-allowed" },
  { says: /Maximum allowed order requests|Too many requests/i, kind: "rate-limited" },
  { status: (status) => status === 429, kind: "rate-limited" },
  { status: (status) => status >= 500, kind: "unavailable" },
  // The texts for a wrong secret and a wrong key are not verified.
  { type: "TokenException", says: /checksum|^invalid `?api_key/i, kind: "auth-invalid" },
  { type: "TokenException", kind: "auth-expired" },
  { type: "TwoFAException", kind: "auth-expired" },
  { type: "PermissionException", kind: "no-permission", onOrder: "rejected" },
  { type: "UserException", kind: "no-permission", onOrder: "rejected" },
  { says: /without market protection/i, kind: "invalid-request" },
  { type: "InputException", kind: "invalid-request", onOrder: "rejected" },
  { type: "OrderException", kind: "unavailable", onOrder: "rejected" },
  { type: "MarginException", kind: "rejected" },
  { type: "HoldingException", kind: "rejected" },
  { type: "NetworkException", kind: "unavailable" },
  { type: "DataException", kind: "unavailable" },
];

function kindOf(status: number, type: string, message: string, endpoint: Endpoint): BrokerErrorKind {
  const row = ERRORS.find(
    (row) =>
      (row.type === undefined || row.type === type) &&
      (row.says === undefined || row.says.test(message)) &&
      (row.status === undefined || row.status(status)),
  );
  if (row === undefined) return "bad-response";
  return endpoint.isOrder === true ? (row.onOrder ?? row.kind) : row.kind;
}

export function zerodhaError(
  kind: BrokerErrorKind,
  message: string,
  endpoint: Endpoint,
  details: Omit<BrokerErrorDetails, "broker" | "endpoint"> = {},
): BrokerError {
  return new BrokerError(kind, message, { broker: ZERODHA, endpoint: endpoint.path, ...details });
}

/** The envelope of a success; throws the BrokerError that any other reply stands for. */
export function successEnvelope(reply: HttpReply, endpoint: Endpoint): { status: "success"; data?: unknown } {
  const json = parseJson(reply.body);
  const failure = errorEnvelopeSchema.safeParse(json);
  if (failure.success) {
    const { error_type: type, message } = failure.data;
    const words = cleanMessage(message) || type;
    throw zerodhaError(kindOf(reply.status, type, message, endpoint), words, endpoint, {
      status: reply.status,
      brokerCode: type,
      retryAfterMs: retryAfterMs(reply.headers) ?? undefined,
    });
  }
  const success = successEnvelopeSchema.safeParse(json);
  if (reply.status >= 200 && reply.status < 300 && success.success) return success.data;
  throw withoutEnvelope(reply, endpoint);
}

/** Gateways answer in HTML, so only the status counts. */
function withoutEnvelope(reply: HttpReply, endpoint: Endpoint): BrokerError {
  const { status } = reply;
  const kind = status === 429 ? "rate-limited" : status >= 500 ? "unavailable" : "bad-response";
  return zerodhaError(kind, `Zerodha answered HTTP ${status} without its envelope`, endpoint, {
    status,
    retryAfterMs: retryAfterMs(reply.headers) ?? undefined,
  });
}

/** The error of a failed call. The limiter may reject an aborted one, with an error of its own, before the HTTP client does. */
export const callError =
  (endpoint: Endpoint, signal?: AbortSignal) =>
  (error: unknown, wasSent: boolean): BrokerError => {
    if (!wasSent)
      return zerodhaError("unreachable", "given up while waiting for the rate limit", endpoint, { cause: error });
    const isKnown = error instanceof BrokerError || error instanceof HttpFailure;
    const isAbandoned = signal?.aborted === true && !isKnown;
    return fromFailure(isAbandoned ? new HttpFailure("aborted", "call was abandoned", error) : error, endpoint);
  };

/** Any error of a call that was started, as BrokerError. One that we do not know leaves the outcome unknown. */
export function fromFailure(error: unknown, endpoint: Endpoint): BrokerError {
  if (error instanceof BrokerError) return error;
  if (!(error instanceof HttpFailure)) {
    return zerodhaError("bad-response", `Zerodha's client failed at ${endpoint.path}`, endpoint, { cause: error });
  }
  return zerodhaError(KIND_OF_HTTP_FAILURE[error.kind], `Zerodha: ${error.message}`, endpoint, { cause: error });
}
