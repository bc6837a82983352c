import type { z } from "zod";
import type { BrokerName, BrokerOrderId } from "../src/domain/ids.ts";
import { BrokerError, KIND_OF_HTTP_FAILURE } from "../src/errors.ts";
import { HttpFailure } from "../src/lib/http.ts";

/** Errors for bad or missing replies, the same at every broker. `label` is the broker's display name. */
export function replyErrors(broker: BrokerName, label: string) {
  const badResponse = (endpoint: string, problem: string): BrokerError =>
    new BrokerError("bad-response", `${label} ${endpoint}: ${problem}`, { broker, endpoint });

  /** `Upstox GET /v2/order/retrieve-all: 0.status: …` */
  function badField(endpoint: string, error: z.ZodError): BrokerError {
    const [issue] = error.issues;
    return badResponse(endpoint, `${issue?.path.join(".") || "reply"}: ${issue?.message ?? "not as documented"}`);
  }

  /** The answer to a modification or cancellation must name the order that we asked about, else it proves nothing. */
  function requireSame(endpoint: string, field: string, asked: BrokerOrderId, answered: string): void {
    if (answered !== asked) throw badResponse(endpoint, `${field}: not the order that was asked for`);
  }

  /** Runs a mapping; its RangeError (a value that we do not know) becomes `bad-response`. */
  function mapReply<T>(endpoint: string, map: () => T): T {
    try {
      return map();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw badResponse(endpoint, error.message);
    }
  }

  /** For a call without a complete reply. A call that ended in the rate limit's queue proves that nothing was sent. */
  function noReply(error: unknown, endpoint: string, wasSent: boolean): BrokerError {
    const failure = error instanceof HttpFailure ? error : null;
    const kind = !wasSent ? "unreachable" : failure ? KIND_OF_HTTP_FAILURE[failure.kind] : "timeout";
    const why = failure?.message ?? "the call was given up";
    return new BrokerError(kind, `${label} ${endpoint}: ${why}`, { broker, endpoint, cause: error });
  }

  return { badResponse, badField, requireSame, mapReply, noReply };
}

/** False if the call fails because the session has ended, else true; other errors are thrown. */
export async function falseIfExpired(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (error instanceof BrokerError && error.kind === "auth-expired") return false;
    throw error;
  }
}

/** For the `catch` of a call whose result can be done without: null if the broker refuses it. */
export function nullIfRefused(error: unknown): null {
  if (error instanceof BrokerError && (error.kind === "rejected" || error.kind === "invalid-request")) return null;
  throw error;
}

/** The same for a call that may fail in any way, unless the session has expired, which must not be hidden. */
export function nullUnlessExpired(error: unknown): null {
  if (error instanceof BrokerError && error.kind !== "auth-expired") return null;
  throw error;
}

const MAX_CHARS = 300;

/** A broker's message for the user: on one line, cut to a length, with anything that looks like a JWT masked. */
export const cleanMessage = (text: string): string =>
  text
    .replaceAll(/eyJ[\w.-]+/g, "***")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, MAX_CHARS);

/** The same for the message in an order's row; null where there is none. */
export const bookMessage = (text: string | null | undefined): string | null => cleanMessage(text ?? "") || null;
