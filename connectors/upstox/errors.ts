import type { z } from "zod";
import { BrokerError, type BrokerErrorKind, KIND_OF_HTTP_FAILURE } from "../../src/errors.ts";
import { HttpFailure, retryAfterMs, type HttpReply } from "../../src/lib/http.ts";
import { refusalSchema } from "./schemas.ts";
import { UPSTOX } from "./facts.ts";

/** `UDAPI` and a number. A code that is not here proves nothing, which leaves an order unknown. */
const CODES: readonly (readonly [BrokerErrorKind, readonly number[]])[] = [
  ["auth-expired", [100050]],
  // Keys, code or redirect address of a login; 100067: a token that may only read was pasted.
  ["auth-invalid", [100016, 100057, 100067, 100068, 100069, 100070, 100073]],
  ["ip-not-allowed", [1154]],
  ["no-permission", [100058]],
  // Not found, final already, another kind of account, MCX closed to APIs.
  ["rejected", [100010, 100040, 100041, 100049, 100060, 1161]],
  // Fields of an order; algo name and market protection (1156 to 1177) are ours to get right as well.
  ["invalid-request", [1003, 1004, 1007, 1008, 1010, 1023, 1026, 1029, 1030, 1031, 1032, 1036, 1052, 1054, 1055]],
  ["invalid-request", [1056, 1057, 1118, 1119, 1156, 1158, 1159, 1176, 1177, 100059]],
  // Fields of a read.
  ["invalid-request", [1009, 1011, 1015, 1021, 1022, 1027, 1028, 1087, 1146, 1147, 1148, 100011, 100042, 100043]],
  ["rate-limited", [10005]],
  // From midnight to 05:30 funds and orders are shut.
  ["unavailable", [100072, 100074, 100500]],
];
const KIND_OF_CODE: ReadonlyMap<string, BrokerErrorKind> = new Map(
  CODES.flatMap(([kind, codes]) => codes.map((code) => [`UDAPI${code}`, kind] as const)),
);
/** Said of an order, "the service is shut" is a refusal. */
const KIND_ON_ORDER: Readonly<Record<string, BrokerErrorKind>> = { UDAPI100074: "rejected" };

export const INVALID_KEY = "UDAPI1087";
export const INVALID_UNIT = "UDAPI1146";
const MAX_WORDS = 300;

export function kindOf(status: number, code: string | undefined, isOrder: boolean): BrokerErrorKind {
  if (status === 429) return "rate-limited";
  if (status >= 500) return "unavailable";
  if (code === undefined) return "bad-response";
  return (isOrder ? KIND_ON_ORDER[code] : undefined) ?? KIND_OF_CODE.get(code) ?? "bad-response";
}

/** Upstox answered, and not with a plain yes. Only `status: "error"` refuses: of a part of a success nothing is proved. */
export function refusal(reply: HttpReply, json: unknown, { endpoint, isOrder }: Asked): BrokerError {
  const [said] = refusalSchema.safeParse(json).data?.errors ?? [];
  const words = clean(said?.message ?? "") || `Upstox answered HTTP ${reply.status} without a reason`;
  return new BrokerError(kindOf(reply.status, said?.code, isOrder), words, {
    broker: UPSTOX,
    endpoint,
    status: reply.status,
    brokerCode: said?.code,
    retryAfterMs: retryAfterMs(reply.headers) ?? undefined,
  });
}

export interface Asked {
  readonly endpoint: string;
  readonly isOrder: boolean;
}

/** No reply came. What ended before `wasSent`, in the queue for its turn, proves that nothing went. */
export function noReply(error: unknown, endpoint: string, wasSent: boolean): BrokerError {
  const kind = !wasSent ? "unreachable" : error instanceof HttpFailure ? KIND_OF_HTTP_FAILURE[error.kind] : "timeout";
  const why = error instanceof HttpFailure ? error.message : "the call was given up";
  return new BrokerError(kind, `Upstox ${endpoint}: ${why}`, { broker: UPSTOX, endpoint, cause: error });
}

/** `Upstox GET /v2/order/retrieve-all: 0.status: …` */
export function badField(endpoint: string, error: z.ZodError): BrokerError {
  const [issue] = error.issues;
  return badResponse(endpoint, `${issue?.path.join(".") || "data"}: ${issue?.message ?? "not as documented"}`);
}

export const badResponse = (endpoint: string, problem: string): BrokerError =>
  new BrokerError("bad-response", `Upstox ${endpoint}: ${problem}`, { broker: UPSTOX, endpoint });

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
