import type { z } from "zod";
import type { BrokerName, BrokerOrderId } from "../src/domain/ids.ts";
import { BrokerError, KIND_OF_HTTP_FAILURE } from "../src/errors.ts";
import { HttpFailure } from "../src/lib/http.ts";

/** What is wrong with a reply, or with its absence, is the same at every broker; `label` is the broker's name for people. */
export function replyErrors(broker: BrokerName, label: string) {
  const badResponse = (endpoint: string, problem: string): BrokerError =>
    new BrokerError("bad-response", `${label} ${endpoint}: ${problem}`, { broker, endpoint });

  /** `Upstox GET /v2/order/retrieve-all: 0.status: …` */
  function badField(endpoint: string, error: z.ZodError): BrokerError {
    const [issue] = error.issues;
    return badResponse(endpoint, `${issue?.path.join(".") || "reply"}: ${issue?.message ?? "not as documented"}`);
  }

  /** An answer to a change or a cancel that names another order says nothing of ours. */
  function requireSame(endpoint: string, field: string, asked: BrokerOrderId, answered: string): void {
    if (answered !== asked) throw badResponse(endpoint, `${field}: not the order that was asked for`);
  }

  /** Runs a mapping; a value that it cannot take is a reply that is not as documented. */
  function mapped<T>(endpoint: string, map: () => T): T {
    try {
      return map();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw badResponse(endpoint, error.message);
    }
  }

  /** No whole reply came. What ended before `wasSent`, in the queue for its turn, proves that nothing went. */
  function noReply(error: unknown, endpoint: string, wasSent: boolean): BrokerError {
    const failure = error instanceof HttpFailure ? error : null;
    const kind = !wasSent ? "unreachable" : failure ? KIND_OF_HTTP_FAILURE[failure.kind] : "timeout";
    const why = failure?.message ?? "the call was given up";
    return new BrokerError(kind, `${label} ${endpoint}: ${why}`, { broker, endpoint, cause: error });
  }

  return { badResponse, badField, requireSame, mapped, noReply };
}

const MAX_WORDS = 300;

/** A broker's own words for a person: on one line, not without end, and without anything that looks like a token. */
export const cleanWords = (text: string): string =>
  text
    .replaceAll(/eyJ[\w.-]+/g, "***")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, MAX_WORDS);
