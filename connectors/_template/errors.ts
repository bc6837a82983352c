import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { retryAfterMs, type HttpReply } from "../../src/lib/http.ts";
import { cleanMessage, replyErrors } from "../replies.ts";
import { refusalSchema } from "./schemas.ts";
import { ACME } from "./facts.ts";

export const { badField, requireSame, mapReply, noReply } = replyErrors(ACME, "Acme");

/** Broker's code → kind. A code that is not listed proves nothing, so an order's outcome stays unknown. */
const KIND_BY_CODE: ReadonlyMap<string, BrokerErrorKind> = new Map(
  Object.entries({
    session: "auth-expired",
    credentials: "auth-invalid",
    address: "ip-not-allowed",
    plan: "no-permission",
    refused: "rejected",
    request: "invalid-request",
    limit: "rate-limited",
  }),
);

/** The error that a reply other than a success stands for. */
export function refusal(reply: HttpReply, json: unknown, endpoint: string): BrokerError {
  const failure = refusalSchema.safeParse(json).data?.error;
  const kind = failure && reply.status < 500 ? KIND_BY_CODE.get(failure.code) : undefined;
  const message = cleanMessage(failure?.message ?? "") || `Acme answered HTTP ${reply.status} without a reason`;
  return new BrokerError(kind ?? kindByStatus(reply.status), message, {
    broker: ACME,
    endpoint,
    status: reply.status,
    brokerCode: failure?.code,
    retryAfterMs: retryAfterMs(reply.headers) ?? undefined,
  });
}

function kindByStatus(status: number): BrokerErrorKind {
  if (status === 429) return "rate-limited";
  return status >= 500 ? "unavailable" : "bad-response";
}
