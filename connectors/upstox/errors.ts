import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { retryAfterMs, type HttpReply } from "../../src/lib/http.ts";
import { cleanMessage, replyErrors } from "../replies.ts";
import { refusalSchema } from "./schemas.ts";
import { UPSTOX } from "./facts.ts";

export const { badField, badResponse, requireSame, mapReply, noReply } = replyErrors(UPSTOX, "Upstox");

/** Codes are `UDAPI` and a number. One that is not listed proves nothing, so an order's outcome stays unknown. */
const CODES: readonly (readonly [BrokerErrorKind, readonly number[]])[] = [
  ["auth-expired", [100050]],
  // Keys, code or redirect URL of a login; 100067: a token that may only read.
  ["auth-invalid", [100016, 100057, 100067, 100068, 100069, 100070, 100073]],
  ["ip-not-allowed", [1154]],
  ["no-permission", [100058]],
  // Order not found, order already final, wrong kind of account, MCX not open to APIs; 100039: AMO in market hours.
  ["rejected", [100010, 100039, 100040, 100041, 100049, 100060, 1161]],
  // Fields of an order, algo name and market protection (1156 to 1177) included.
  ["invalid-request", [1003, 1004, 1007, 1008, 1010, 1023, 1026, 1029, 1030, 1031, 1032, 1036, 1039, 1052, 1054]],
  ["invalid-request", [1055, 1056, 1057, 1118, 1119, 1156, 1158, 1159, 1160, 1176, 1177, 100036, 100038, 100059]],
  // Fields of a read.
  ["invalid-request", [1009, 1011, 1015, 1021, 1022, 1027, 1028, 1087, 1146, 1147, 1148, 100011, 100042, 100043]],
  ["rate-limited", [10005]],
  // Funds and orders are not served from 00:00 to 05:30 IST.
  ["unavailable", [100072, 100074, 100500]],
];
const KIND_OF_CODE: ReadonlyMap<string, BrokerErrorKind> = new Map(
  CODES.flatMap(([kind, codes]) => codes.map((code) => [`UDAPI${code}`, kind] as const)),
);
/** On an order, "the service is closed" is a refusal. */
const KIND_ON_ORDER: ReadonlyMap<string, BrokerErrorKind> = new Map([["UDAPI100074", "rejected"]]);

export const INVALID_KEY = "UDAPI1087";
/** Unit, width or range of a bar. */
export const INVALID_BAR: readonly string[] = ["UDAPI1146", "UDAPI1147", "UDAPI1148"];

export function kindOf(status: number, code: string | undefined, isOrder: boolean): BrokerErrorKind {
  if (status === 429) return "rate-limited";
  if (status >= 500) return "unavailable";
  if (code === undefined) return "bad-response";
  return (isOrder ? KIND_ON_ORDER.get(code) : undefined) ?? KIND_OF_CODE.get(code) ?? "bad-response";
}

/** The error that a reply other than a success stands for. A partial success is no refusal: it proves nothing. */
export function refusal(reply: HttpReply, json: unknown, { endpoint, isOrder }: Asked): BrokerError {
  const [failure] = refusalSchema.safeParse(json).data?.errors ?? [];
  const message = cleanMessage(failure?.message ?? "") || `Upstox answered HTTP ${reply.status} without a reason`;
  return new BrokerError(kindOf(reply.status, failure?.code, isOrder), message, {
    broker: UPSTOX,
    endpoint,
    status: reply.status,
    brokerCode: failure?.code,
    retryAfterMs: retryAfterMs(reply.headers) ?? undefined,
  });
}

export interface Asked {
  readonly endpoint: string;
  readonly isOrder: boolean;
}
