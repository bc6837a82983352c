import { brokerName } from "../../src/domain/ids.ts";
import { BrokerError, type BrokerErrorKind, KIND_OF_HTTP_FAILURE } from "../../src/errors.ts";
import { HttpFailure } from "../../src/lib/http.ts";

export const YAHOO = brokerName("yahoo");

/** The library's errors have no code, so their text is matched. First match wins. */
const KIND_BY_WORDS: readonly (readonly [RegExp, BrokerErrorKind])[] = [
  [/Too Many Requests|status 429/i, "rate-limited"],
  [/Invalid Crumb|Invalid Cookie|Unauthorized|get crumb|find crumb|set-cookie/i, "unavailable"],
  [/No data found|may be delisted|Data doesn't exist|Not Found/i, "rejected"],
  [/data not available|range must be|Invalid input|Bad Request/i, "invalid-request"],
];
const MAX_CHARS = 200;

export const yahooError = (
  kind: BrokerErrorKind,
  message: string,
  endpoint: string,
  more: { status?: number; retryAfterMs?: number; cause?: unknown } = {},
): BrokerError => new BrokerError(kind, message, { broker: YAHOO, endpoint, ...more });

/** Any error of a call, as BrokerError. */
export function fromFailure(error: unknown, endpoint: string): BrokerError {
  if (error instanceof BrokerError) return error;
  if (error instanceof HttpFailure)
    return yahooError(KIND_OF_HTTP_FAILURE[error.kind], `Yahoo: ${error.message}`, endpoint, { cause: error });
  const words = error instanceof Error ? error.message : String(error);
  const kind = KIND_BY_WORDS.find(([pattern]) => pattern.test(words))?.[1] ?? "bad-response";
  return yahooError(kind, `Yahoo: ${words.slice(0, MAX_CHARS)}`, endpoint, { cause: error });
}

/** Yahoo knows the symbol, but the range has no trading session. */
export const isEmptyRange = (error: unknown): boolean =>
  error instanceof BrokerError && /Data doesn't exist/i.test(error.message);

/** After "Invalid Crumb" the library keeps using that crumb, so a new client must be created. */
export const isStaleCrumb = (error: BrokerError): boolean => /crumb|cookie/i.test(error.message);
