import { z } from "zod";
import { createFailureLog } from "../../lib/failure-log.ts";
import { createHttpCall, type HttpCallReply, type HttpCallInit } from "../../lib/http-call.ts";
import type { Log } from "../../lib/log.ts";

const MAX_TRIES = 3;
const MAX_WAIT_MS = 30_000;
/** The polling loop retries getUpdates itself; a "typing…" sent late would show after the answer. */
const NEVER_RETRIED: ReadonlySet<string> = new Set(["getUpdates", "sendChatAction"]);
const OUTAGE_WORDS = { failed: "Telegram calls fail; retrying", recovered: "Telegram calls work again" };
const floodSchema = z.object({ parameters: z.object({ retry_after: z.number() }) });

export interface ApiFetchOptions {
  readonly sleep: (ms: number) => Promise<void>;
  readonly log: Log;
}

/** The part of fetch that grammY uses: a file comes as a stream. */
export type ApiFetch = (url: string, init: ApiInit) => Promise<ApiReply>;

type ApiInit = Omit<HttpCallInit, "body"> & {
  readonly body?: string | AsyncIterable<Uint8Array> | undefined;
};

interface ApiReply {
  readonly status: number;
  /** Rejects when the reply is not JSON. */
  json(): Promise<unknown>;
}

/**
 * The fetch for grammY: retries after 429 and 5xx. Retrying here and not in a transformer keeps a replayed dialogue from
 * waiting again.
 */
export function createApiFetch({ sleep, log }: ApiFetchOptions): ApiFetch {
  const call = createHttpCall();
  const failures = createFailureLog(log, OUTAGE_WORDS);
  return async (url, init) => {
    const method = methodOf(url);
    const mayRetry = !NEVER_RETRIED.has(method);
    const whole = { ...init, body: await wholeBody(init.body) };
    for (let tries = 1; ; tries += 1) {
      const reply = await call(url, whole);
      if (reply.status < 500) failures.recovered();
      const waitMs = mayRetry && tries < MAX_TRIES ? retryDelayMs(reply, tries) : null;
      if (waitMs === null) return { status: reply.status, json: async () => JSON.parse(reply.body) as unknown };
      // Telegram paces a busy bot by 429: no failure.
      if (reply.status === 429) log.warn({ method, waitMs }, "Telegram asks to wait");
      else failures.failed(new Error(`${method}: HTTP ${reply.status}, again in ${waitMs} ms`));
      await sleep(waitMs);
    }
  };
}

/** A stream could not be read again for another try. */
const wholeBody = async (body: ApiInit["body"]): Promise<HttpCallInit["body"]> =>
  body === undefined || typeof body === "string" ? body : Buffer.concat(await Array.fromAsync(body));

/** Null when the reply is final. */
function retryDelayMs({ status, body }: HttpCallReply, tries: number): number | null {
  if (status >= 500) return 500 * 2 ** tries;
  if (status !== 429) return null;
  const seconds = retryAfter(body);
  return seconds !== null && seconds * 1000 <= MAX_WAIT_MS ? seconds * 1000 : null;
}

function retryAfter(body: string): number | null {
  try {
    return floodSchema.parse(JSON.parse(body)).parameters.retry_after;
  } catch {
    return null;
  }
}

const methodOf = (url: string): string => url.split("?")[0]?.split("/").at(-1) ?? "";
