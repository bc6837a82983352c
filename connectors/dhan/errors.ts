import { z } from "zod";
import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { retryAfterMs, type HttpReply } from "../../src/lib/http.ts";
import { cleanMessage, replyErrors } from "../replies.ts";
import { DHAN } from "./facts.ts";

export const { badField, badResponse, requireSame, mapReply, noReply } = replyErrors(DHAN, "Dhan");

export const NO_HOLDINGS = "DH-1111";

/** The code and message of a refusal. */
export interface Refusal {
  readonly code: string | null;
  readonly message: string;
}

/** https://dhanhq.co/docs/v2/annexure/#trading-api-error and #data-api-error */
const KIND_BY_CODE: ReadonlyMap<string, BrokerErrorKind> = new Map(
  Object.entries({
    "DH-901": "auth-expired",
    "DH-902": "no-permission",
    "DH-903": "no-permission",
    "DH-904": "rate-limited",
    "DH-905": "invalid-request",
    "DH-906": "rejected",
    "DH-907": "invalid-request",
    "DH-908": "unavailable",
    "DH-909": "unavailable",
    "DH-910": "unavailable",
    "DH-911": "ip-not-allowed",
    "DH-1111": "rejected",
    "800": "unavailable",
    "804": "invalid-request",
    "805": "rate-limited",
    "806": "no-permission",
    "807": "auth-expired",
    "808": "auth-expired",
    "809": "auth-expired",
    "810": "auth-invalid",
    "811": "invalid-request",
    "812": "invalid-request",
    "813": "invalid-request",
    "814": "invalid-request",
  }),
);

/** Texts that are more specific than their code: DH-905 and DH-906 are used for everything. */
const KIND_BY_WORDS: readonly (readonly [RegExp, BrokerErrorKind])[] = [
  [/invalid ip\b/i, "ip-not-allowed"],
  [/invalid token/i, "auth-expired"],
];

/**
 * The kind of a failed reply. Codes come before the HTTP status, because 806 arrives as a 401. A status alone does not
 * prove that an order was refused.
 */
export function kindOf(status: number, refusal: Refusal | null, isOrder: boolean): BrokerErrorKind {
  if (status === 429) return "rate-limited";
  if (status >= 500) return "unavailable";
  const byStatus = status === 401 && !isOrder ? "auth-expired" : "bad-response";
  if (refusal === null) return byStatus;
  const byWords = KIND_BY_WORDS.find(([words]) => words.test(refusal.message));
  if (byWords) return byWords[1];
  return (refusal.code === null ? undefined : KIND_BY_CODE.get(refusal.code)) ?? byStatus;
}

const code = z.union([z.string(), z.number()]).transform(String);
const words = z.string().nullish();
const tradingShape = z
  .object({ errorCode: code, errorMessage: words })
  .transform((row) => ({ code: row.errorCode, message: row.errorMessage ?? "" }));
const chartShape = z
  .object({ internalErrorCode: code, internalErrorMessage: words })
  .transform((row) => ({ code: row.internalErrorCode, message: row.internalErrorMessage ?? "" }));
/** The login server's refusals have the same `status`, and a message in place of the data. */
const dataShape = z
  .object({
    status: z.enum(["failed", "failure", "error"]),
    data: z.record(z.string(), z.unknown()).nullish(),
    message: words,
  })
  .transform(({ data, message }) => {
    const [first] = Object.entries(data ?? {});
    return first ? { code: first[0], message: String(first[1]) } : { code: null, message: message ?? "" };
  });
const gatewayShape = z
  .object({ timestamp: z.unknown(), status: z.number(), error: z.string() })
  .transform((row) => ({ code: null, message: row.error }));
const listShape = z
  .array(z.object({ message: z.string(), status: z.literal("ERROR") }))
  .min(1)
  .transform(([row]) => ({ code: null, message: row?.message ?? "" }));
/** chartShape comes first: its replies also have an `errorCode`, which is "NONE". */
const refusalSchema = z.union([chartShape, tradingShape, dataShape, gatewayShape, listShape]);

/** The refusal in any of Dhan's error envelopes, some of which arrive with HTTP 200; null for other replies. */
export function readRefusal(json: unknown): Refusal | null {
  const parsed = refusalSchema.safeParse(json);
  return parsed.success ? parsed.data : null;
}

export interface Asked {
  readonly endpoint: string;
  readonly isOrder: boolean;
}

/** The error that a reply other than a success stands for. */
export function replyError({ endpoint, isOrder }: Asked, reply: HttpReply, refusal: Refusal | null): BrokerError {
  const kind = kindOf(reply.status, refusal, isOrder);
  const message = cleanMessage(refusal?.message ?? "") || `Dhan answered HTTP ${reply.status} to ${endpoint}`;
  return new BrokerError(kind, message, {
    broker: DHAN,
    endpoint,
    status: reply.status,
    brokerCode: refusal?.code ?? undefined,
    retryAfterMs: kind === "rate-limited" ? (retryAfterMs(reply.headers) ?? undefined) : undefined,
  });
}

/** Removes the order number that risk checks put before their message. */
export const withoutOrderNumber = (words: string): string => words.replace(/^RMS:(\d+:)?\s*/, "");
