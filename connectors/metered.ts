import { HttpFailure, type HttpClient, type HttpReply, type HttpRequest } from "../src/lib/http.ts";

/** Makes a call when the rate limit allows it. Rejects, without the call, when the signal fires first. */
export type Limit = <T>(call: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** The error of a failed call. Unless `wasSent`, the failure came before the call, which proves that nothing was sent. */
export type CallError = (error: unknown, wasSent: boolean) => Error;

/** One call under a rate limit. */
export async function metered<T>(
  limit: Limit,
  call: () => Promise<T>,
  toError: CallError,
  signal?: AbortSignal,
): Promise<T> {
  let wasSent = false;
  let isGivenUp = false;
  const start = (): Promise<T> => {
    // The caller has already been told that nothing was sent, so nothing may be sent now.
    if (isGivenUp) return Promise.reject(new HttpFailure("aborted", "given up while waiting"));
    wasSent = true;
    return call();
  };
  try {
    return await limit(start, signal);
  } catch (error) {
    isGivenUp = true;
    throw toError(error, wasSent);
  }
}

export interface MeteredRequest {
  readonly request: HttpRequest;
  /** A read may be tried again, and each try counts against the limit. Anything else is sent once at most. */
  readonly isRead: boolean;
  /** Ends the wait for the rate limit; the request's own signal where absent. */
  readonly wait?: AbortSignal | undefined;
}

/** The same for one HTTP request. */
export function sendMetered(
  http: HttpClient,
  limit: Limit,
  { request, isRead, wait = request.signal }: MeteredRequest,
  toError: CallError,
): Promise<HttpReply> {
  const send = (): Promise<HttpReply> => (isRead ? http.read({ ...request, turn: turnOf(limit) }) : http.send(request));
  return metered(limit, send, toError, wait);
}

/** What a retry of a read waits for. */
export const turnOf =
  (limit: Limit): NonNullable<HttpRequest["turn"]> =>
  (until) =>
    limit(() => Promise.resolve(), until);
