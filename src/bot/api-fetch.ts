interface ApiFetchInit {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

const MAX_TRIES = 3;
const MAX_WAIT_MS = 30_000;

export interface ApiFetchOptions {
  readonly sleep: (ms: number) => Promise<void>;
  readonly onRetry?: (method: string, status: number, waitMs: number) => void;
}

/**
 * The fetch that grammY calls with, inside dialogues too: there a plugin's retry would wait again on every replay.
 * Waits out 429 and 5xx; getUpdates is the runner's business, and a streamed file cannot be sent twice.
 */
export function createApiFetch(options: ApiFetchOptions): typeof globalThis.fetch {
  const retrying = async (url: string | URL | Request, init: ApiFetchInit = {}): Promise<Response> => {
    const method = methodOf(url);
    const mayRepeat = method !== "getUpdates" && (init.body === undefined || typeof init.body === "string");
    for (let tries = 1; ; tries += 1) {
      const reply = await globalThis.fetch(url, nativeInit(init));
      const waitMs = mayRepeat && tries < MAX_TRIES ? await waitFor(reply, tries) : null;
      if (waitMs === null) return reply;
      options.onRetry?.(method, reply.status, waitMs);
      await options.sleep(waitMs);
    }
  };
  return retrying as typeof globalThis.fetch;
}

/** grammY hands over options made for another fetch, with a signal of its own class: only what ours knows is taken. */
function nativeInit(init: ApiFetchInit): RequestInit {
  const controller = new AbortController();
  const { signal } = init;
  if (signal?.aborted) controller.abort();
  signal?.addEventListener("abort", () => controller.abort(), { once: true });
  return {
    method: init.method ?? "GET",
    headers: init.headers ?? {},
    body: (init.body ?? null) as NonNullable<RequestInit["body"]> | null,
    signal: controller.signal,
    ...(typeof init.body === "object" && init.body !== null ? { duplex: "half" } : {}),
  };
}

async function waitFor(reply: Response, tries: number): Promise<number | null> {
  if (reply.status >= 500) return 500 * 2 ** tries;
  if (reply.status !== 429) return null;
  const body: unknown = await reply
    .clone()
    .json()
    .catch(() => null);
  const seconds = retryAfter(body);
  return seconds !== null && seconds * 1000 <= MAX_WAIT_MS ? seconds * 1000 : null;
}

function retryAfter(body: unknown): number | null {
  const parameters: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "parameters") : null;
  const seconds: unknown =
    typeof parameters === "object" && parameters !== null ? Reflect.get(parameters, "retry_after") : null;
  return typeof seconds === "number" ? seconds : null;
}

const methodOf = (url: string | URL | Request): string =>
  String(url instanceof Request ? url.url : url)
    .split("?")[0]
    ?.split("/")
    .at(-1) ?? "";
