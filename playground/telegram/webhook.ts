import { setTimeout as pause } from "node:timers/promises";
import { badRequest } from "./failure.ts";
import { isLoopback } from "./markup.ts";
import type { PendingUpdate, UpdateQueue } from "./updates.ts";

const DEFAULT_CONNECTIONS = 40;
const ANSWER_TIMEOUT_MS = 60_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

export interface WebhookSettings {
  readonly url: string;
  readonly secret?: string | undefined;
  readonly connections?: number | undefined;
}

export interface Webhook {
  set(settings: WebhookSettings): void;
  remove(): void;
  isSet(): boolean;
  /** WebhookInfo of the Bot API. */
  info(): Readonly<Record<string, unknown>>;
}

export interface WebhookOptions {
  readonly queue: UpdateQueue;
  readonly now: () => number;
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<unknown>) | undefined;
  /** The bot may answer a delivery with one method call in the reply's body. */
  readonly onReply: (method: string, params: Readonly<Record<string, unknown>>) => void;
}

/** Delivers each update until it is accepted with 2xx; a chat's next update waits for the one before it. */
export function createWebhook({ queue, now, sleep = defaultSleep, onReply }: WebhookOptions): Webhook {
  let current: Run | null = null;
  let lastError: { at: number; message: string } | null = null;

  /** Starts every delivery that may start now; called again after each finished delivery. */
  function pump(run: Run | null): void {
    if (!run || run !== current) return;
    for (const pending of queue.pending()) {
      if (run.busyLanes.size >= (run.settings.connections ?? DEFAULT_CONNECTIONS)) return;
      if (run.busyLanes.has(pending.lane)) continue;
      run.busyLanes.add(pending.lane);
      void deliver(pending, run).finally(() => {
        run.busyLanes.delete(pending.lane);
        pump(run);
      });
    }
  }

  async function deliver({ update }: PendingUpdate, { settings, stop: { signal } }: Run): Promise<void> {
    for (let waitMs = FIRST_RETRY_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, LAST_RETRY_MS)) {
      const problem = await post(update, settings, signal, onReply);
      if (signal.aborted) return;
      if (problem === null) {
        queue.confirm(update.update_id);
        return;
      }
      lastError = { at: now(), message: problem };
      await sleep(waitMs, signal).catch(() => undefined);
    }
  }

  function remove(): void {
    current?.stop.abort();
    current = null;
  }

  queue.onPush(() => pump(current));
  return {
    set(settings) {
      checkSettings(settings);
      remove();
      lastError = null;
      current = { settings, stop: new AbortController(), busyLanes: new Set() };
      pump(current);
    },
    remove,
    isSet: () => current !== null,
    info: () => ({
      url: current?.settings.url ?? "",
      has_custom_certificate: false,
      pending_update_count: queue.pending().length,
      ...(lastError && { last_error_date: Math.floor(lastError.at / 1000), last_error_message: lastError.message }),
      ...(current && { max_connections: current.settings.connections ?? DEFAULT_CONNECTIONS }),
      ...(queue.allowed().length > 0 && { allowed_updates: queue.allowed() }),
    }),
  };
}

/** The deliveries between one setWebhook call and the next. */
interface Run {
  readonly settings: WebhookSettings;
  readonly stop: AbortController;
  readonly busyLanes: Set<number>;
}

/**
 * Telegram takes HTTPS on four ports only. Here it is the other way round: only loopback, plain HTTP allowed, because
 * nothing may leave the machine.
 */
function checkSettings({ url, secret, connections }: WebhookSettings): void {
  if (!URL.canParse(url)) throw badRequest("bad webhook: invalid webhook URL specified");
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:" && !isLoopback(hostname))
    throw badRequest("bad webhook: An HTTPS URL must be provided for webhook");
  if (!isLoopback(hostname)) throw badRequest("bad webhook: the playground delivers to loopback addresses only");
  if (secret !== undefined && secret.length > 256) throw badRequest("secret token is too long");
  if (secret !== undefined && !/^[\w-]+$/.test(secret)) throw badRequest("secret token contains unallowed characters");
  if (connections !== undefined && (connections < 1 || connections > 100))
    throw badRequest("max_connections must be between 1 and 100");
}

/** What went wrong, in getWebhookInfo's words, or null. */
async function post(
  update: unknown,
  { url, secret }: WebhookSettings,
  signal: AbortSignal,
  onReply: WebhookOptions["onReply"],
): Promise<string | null> {
  try {
    const reply = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        ...(secret !== undefined && { "x-telegram-bot-api-secret-token": secret }),
      },
      body: JSON.stringify(update),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    });
    const body = await reply.text();
    if (!reply.ok) return `Wrong response from the webhook: ${reply.status} ${reply.statusText}`.trimEnd();
    callMethodIn(body, onReply);
    return null;
  } catch (error) {
    return error instanceof Error && error.name === "TimeoutError" ? "Read timeout expired" : "Connection failed";
  }
}

function callMethodIn(body: string, onReply: WebhookOptions["onReply"]): void {
  if (!body.startsWith("{")) return;
  let reply: unknown;
  try {
    reply = JSON.parse(body);
  } catch {
    return;
  }
  if (typeof reply !== "object" || reply === null || !("method" in reply) || typeof reply.method !== "string") return;
  const { method, ...params } = reply;
  onReply(method, params);
}

const defaultSleep = (ms: number, signal: AbortSignal): Promise<unknown> =>
  pause(ms, undefined, { signal, ref: false });
