import type { InstrumentTable, VenueInstrument } from "../../connectors/base.ts";
import type { HttpClient, HttpReply, HttpRequest } from "../../src/lib/http.ts";
import type { RateLimiter } from "../../src/lib/rate-limit.ts";

export const noLimits: RateLimiter = { run: (_key, _windows, call) => call() };

export function tableOf(rows: readonly VenueInstrument[]): InstrumentTable {
  const byKey = new Map(rows.map((row) => [row.instrument.key, row]));
  const bySymbol = new Map(rows.map((row) => [row.instrument.symbol, row]));
  const byVenueSymbol = new Map(rows.map((row) => [`${row.instrument.segment}:${row.venueSymbol}`, row]));
  return {
    byKey: (key) => byKey.get(key),
    bySymbol: (symbol) => bySymbol.get(symbol),
    byVenueSymbol: (segment, venueSymbol) => byVenueSymbol.get(`${segment}:${venueSymbol}`),
  };
}

/** The content in chunks of `size` bytes, cut anywhere in a line, as a network delivers them. */
export async function* chunked(content: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

export interface Sent extends HttpRequest {
  readonly via: "send" | "read";
}

/** An HTTP client that answers every call from one function, or fails with the error it returns, and records it. */
export function recordingHttp(
  answer: (request: Sent) => HttpReply | Error | Promise<HttpReply>,
  stream: HttpClient["stream"],
): { http: HttpClient; sent: Sent[] } {
  const sent: Sent[] = [];
  const call = (via: Sent["via"]) => async (request: HttpRequest) => {
    const recorded = { ...request, via };
    sent.push(recorded);
    const answered = await answer(recorded);
    if (answered instanceof Error) throw answered;
    return answered;
  };
  return { http: { send: call("send"), read: call("read"), stream, close: async () => {} }, sent };
}

export const bodyOf = (request: Pick<HttpRequest, "body"> | undefined): unknown => JSON.parse(request?.body ?? "null");

/** The error that a call rejects with. Throws if it does not reject. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("the call did not fail");
}
