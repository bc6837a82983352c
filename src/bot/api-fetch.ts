import { z } from "zod";
import { createExchange, type Exchanged, type ExchangeInit } from "../lib/exchange.ts";

const MAX_TRIES = 3;
const MAX_WAIT_MS = 30_000;
const SENT_ONCE: ReadonlySet<string> = new Set(["getUpdates", "sendChatAction"]);
const flood = z.object({ parameters: z.object({ retry_after: z.number() }) });

export interface ApiFetchOptions {
  readonly sleep: (ms: number) => Promise<void>;
  readonly onRetry?: (method: string, status: number, waitMs: number) => void;
}

/** As much of fetch as grammY uses. */
export type ApiFetch = (url: string, init: ExchangeInit) => Promise<ApiReply>;

interface ApiReply {
  readonly status: number;
  /** Rejects when the reply is not JSON. */
  json(): Promise<unknown>;
}

/**
 * The fetch that grammY calls with, inside dialogues too: there a plugin's retry would wait again on every replay.
 * Waits out 429 and 5xx; getUpdates is the runner's business, a late "typing…" would stand after the answer, and a
 * streamed file cannot be sent twice.
 */
export function createApiFetch(options: ApiFetchOptions): ApiFetch {
  const exchange = createExchange();
  return async (url, init) => {
    const method = methodOf(url);
    const mayRepeat = !SENT_ONCE.has(method) && (init.body === undefined || typeof init.body === "string");
    for (let tries = 1; ; tries += 1) {
      const reply = await exchange(url, init);
      const waitMs = mayRepeat && tries < MAX_TRIES ? waitFor(reply, tries) : null;
      if (waitMs === null) return { status: reply.status, json: async () => JSON.parse(reply.body) as unknown };
      options.onRetry?.(method, reply.status, waitMs);
      await options.sleep(waitMs);
    }
  };
}

function waitFor({ status, body }: Exchanged, tries: number): number | null {
  if (status >= 500) return 500 * 2 ** tries;
  if (status !== 429) return null;
  const seconds = retryAfter(body);
  return seconds !== null && seconds * 1000 <= MAX_WAIT_MS ? seconds * 1000 : null;
}

function retryAfter(body: string): number | null {
  try {
    return flood.parse(JSON.parse(body)).parameters.retry_after;
  } catch {
    return null;
  }
}

const methodOf = (url: string): string => url.split("?")[0]?.split("/").at(-1) ?? "";
