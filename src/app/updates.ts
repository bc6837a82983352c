import { createHash, createHmac } from "node:crypto";
import { GrammyError, type Bot } from "grammy";
import type { Update } from "grammy/types";
import type { SaudaContext } from "../bot/context.ts";
import { laneOf } from "../bot/updates/lanes.ts";
import { ConfigError } from "../errors.ts";
import type { Log } from "../lib/log.ts";
import { Secret } from "../lib/secret.ts";
import { createFailureLog, type FailureLog } from "../lib/failure-log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { createInbox, type Arrival, type Inbox } from "../services/inbox.ts";
import type { Leases } from "../services/leases.ts";
import { WEBHOOK_PATH } from "../web/paths.ts";
import type { WebhookDeps } from "../web/telegram.ts";
import type { Config } from "./config.ts";
import { ALLOWED_UPDATES } from "./create-bot.ts";
import { startLoop } from "./loop.ts";
import type { OutageNotice } from "./outage-notice.ts";
import { createWebhookWatch } from "./webhook-watch.ts";

const SWEEP_EVERY_MS = 1_000;
const RETRY_MS = 2_000;
const POLL_S = 30;
const POLLING_LEASE = "polling";
const WEBHOOK_CONNECTIONS = 100;
const WEBHOOK_CHECK_EVERY_MS = 5 * 60_000;
const DRAIN_MS = 8_000;

export interface Updates {
  readonly inbox: Inbox;
  /** Dependencies of the webhook route; null with polling. */
  readonly webhook: WebhookDeps | null;
  /** Starts taking in and handling updates. The bot must have been initialised. */
  start(): Promise<void>;
  /** Takes in no more updates, and gives running handlers some time to finish. */
  stop(): Promise<void>;
}

export interface UpdatesOptions {
  readonly bot: Bot<SaudaContext>;
  readonly token: Secret;
  readonly config: Pick<Config, "mode" | "publicUrl">;
  readonly store: Store;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly log: Log;
  readonly outageNotice: OutageNotice;
}

/** Stores Telegram's updates and passes them to the bot, lane by lane; the same in both modes. */
export function createUpdates(options: UpdatesOptions): Updates {
  const { bot, token, config, store, leases, clock, log, outageNotice } = options;
  const inbox = createInbox({
    store,
    clock,
    log,
    leases,
    handle: (body) => bot.handleUpdate(JSON.parse(body) as Update),
  });
  const stopped = new AbortController();
  async function accept(update: object & { update_id: number }): Promise<void> {
    if (stopped.signal.aborted) throw new Error("stopping");
    try {
      await inbox.accept(arrivalOf(update));
      outageNotice.recovered();
    } catch (error) {
      outageNotice.failed(update);
      throw error;
    }
  }
  const retry: RetryOptions = { clock, log, signal: stopped.signal };
  const running: { stop(): Promise<void> }[] = [];
  const isWebhook = config.mode === "webhook";

  return {
    inbox,
    webhook: isWebhook ? { secret: webhookSecret(token), accept, log } : null,
    async start() {
      // The bot may have been stopped while it waited for Telegram.
      if (stopped.signal.aborted) return;
      running.push(startLoop("inbox", SWEEP_EVERY_MS, () => inbox.sweep(), log));
      if (isWebhook) {
        const url = `${config.publicUrl}${WEBHOOK_PATH}`;
        const set = (): Promise<unknown> => setWebhook(bot, url, webhookSecret(token));
        await retryUntilDone(set, retry);
        const watch = createWebhookWatch({
          url,
          info: (signal) => bot.api.getWebhookInfo(signal as never),
          setAgain: set,
          log,
        });
        running.push(startLoop("webhook", WEBHOOK_CHECK_EVERY_MS, watch, log));
        return;
      }
      await retryUntilDone(() => bot.api.deleteWebhook(), retry);
      running.push(pollWithLease({ bot, leases, accept, clock, log, signal: stopped.signal }));
    },
    async stop() {
      stopped.abort();
      await Promise.all(running.map((each) => each.stop()));
      const endsAt = Date.now() + DRAIN_MS;
      while (inbox.running() > 0 && Date.now() < endsAt) await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
}

const setWebhook = (bot: Bot<SaudaContext>, url: string, secret: Secret): Promise<unknown> =>
  bot.api.setWebhook(url, {
    secret_token: secret.reveal(),
    allowed_updates: [...ALLOWED_UPDATES],
    max_connections: WEBHOOK_CONNECTIONS,
  });

/**
 * The id includes a hash of the content, because update ids start over after a quiet week or on a wiped local server.
 */
function arrivalOf(update: Update): Arrival {
  const body = JSON.stringify(update);
  const hash = createHash("sha256").update(body).digest("base64url").slice(0, 10);
  return { id: `${update.update_id}.${hash}`, lane: laneOf(update), order: update.update_id, body };
}

/** Derived from the token: the same in every process, and not guessable. */
const webhookSecret = (token: Secret): Secret =>
  new Secret(createHmac("sha256", token.reveal()).update("sauda webhook").digest("base64url"));

interface Polling {
  readonly bot: Bot<SaudaContext>;
  readonly leases: Leases;
  readonly accept: (update: Update) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Telegram allows only one poller, so the process with the lease polls and others wait. */
function pollWithLease(polling: Polling): { stop(): Promise<void> } {
  const { leases, clock, log, signal } = polling;
  const words = { failed: "updates cannot be taken in; retrying", recovered: "updates are taken in again" };
  const failures = createFailureLog(log, words);
  const turns = async (): Promise<void> => {
    let hasSaid = false;
    while (!signal.aborted) {
      // Null: another process has the lease. Undefined: the store could not be asked.
      const lease = await leases.take(POLLING_LEASE).catch((error: unknown) => {
        failures.failed(error);
        return undefined;
      });
      if (lease) {
        hasSaid = false;
        await poll(polling, failures, AbortSignal.any([signal, lease.lost]));
        await lease.release().catch((error: unknown) => log.warn({ err: error }, "polling lease not released"));
        continue;
      }
      if (lease === null && !hasSaid) log.warn("another process is polling with this store; waiting for it to end");
      hasSaid ||= lease === null;
      await pause(clock, RETRY_MS, signal);
    }
  };
  const ended = turns();
  return { stop: () => ended };
}

/** The offset advances only after all updates are stored; after a failure Telegram returns them again. */
async function poll({ bot, accept, clock }: Polling, failures: FailureLog, signal: AbortSignal): Promise<void> {
  let offset = 0;
  while (!signal.aborted) {
    try {
      const updates = await bot.api.getUpdates(
        { offset, timeout: POLL_S, allowed_updates: [...ALLOWED_UPDATES] },
        signal as never,
      );
      await Promise.all([...Map.groupBy(updates, laneOf).values()].map((lane) => inOrder(lane, accept)));
      offset = (updates.at(-1)?.update_id ?? offset - 1) + 1;
      failures.recovered();
    } catch (error) {
      if (signal.aborted) return;
      failures.failed(error);
      await pause(clock, retryAfterMs(error), signal);
    }
  }
}

/** Telegram says how long a bot that asks too often must wait, and lengthens it when asked before. */
const retryAfterMs = (error: unknown): number =>
  Math.max(RETRY_MS, 1_000 * ((error instanceof GrammyError && error.parameters.retry_after) || 0));

async function inOrder(updates: readonly Update[], accept: Polling["accept"]): Promise<void> {
  for (const update of updates) await accept(update);
}

/** Waits until Telegram answers, however long it takes. Throws ConfigError when Telegram does not know the token. */
export async function waitForTelegram(bot: Bot<SaudaContext>, options: RetryOptions): Promise<void> {
  bot.botInfo = await retryUntilDone(() => bot.api.getMe(), options);
}

interface RetryOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the retries. */
  readonly signal: AbortSignal;
}

/** Throws ConfigError on errors that a retry cannot fix, and the last error once the signal has fired. */
async function retryUntilDone<T>(call: () => Promise<T>, { clock, log, signal }: RetryOptions): Promise<T> {
  const words = { failed: "Telegram cannot be reached; waiting for it", recovered: "Telegram can be reached" };
  const failures = createFailureLog(log, words);
  for (;;) {
    try {
      const done = await call();
      failures.recovered();
      return done;
    } catch (error) {
      const refusal = error instanceof GrammyError ? error : null;
      const code = refusal?.error_code;
      if (code === 401 || code === 404)
        throw new ConfigError(["TELEGRAM_BOT_TOKEN: Telegram does not know this token; copy it again from BotFather"]);
      if (code === 400) throw new ConfigError([`PUBLIC_URL: Telegram refuses it: ${refusal?.description ?? ""}`]);
      if (signal.aborted) throw error;
      failures.failed(error);
      await pause(clock, retryAfterMs(error), signal);
    }
  }
}

const pause = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  clock.sleep(ms, signal).catch(() => undefined);
