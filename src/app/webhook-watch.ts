import type { WebhookInfo } from "grammy/types";
import type { Log } from "../lib/log.ts";
import { createFailureLog } from "../lib/failure-log.ts";

export interface WebhookWatchDeps {
  readonly url: string;
  readonly info: (signal: AbortSignal) => Promise<WebhookInfo>;
  readonly setAgain: () => Promise<unknown>;
  readonly log: Log;
}

/**
 * Telegram reports delivery failures, and a webhook that another process replaced, only on request. Without this check the
 * bot would be silent while everything else looks healthy.
 */
export function createWebhookWatch({
  url,
  info,
  setAgain,
  log,
}: WebhookWatchDeps): (signal: AbortSignal) => Promise<void> {
  const failures = createFailureLog(log, {
    failed: "Telegram cannot deliver updates to PUBLIC_URL: check its DNS, certificate and proxy",
    recovered: "Telegram delivers updates again",
  });
  /** Set by the first check; errors from before it are ignored. */
  let known: { readonly errorAt: number | undefined } | null = null;

  return async (signal) => {
    const { last_error_date: errorAt, last_error_message: reason, ...now } = await info(signal);
    if (!isSameUrl(now.url, url)) {
      log.error("the webhook was replaced, perhaps by another process with this token; setting it again");
      await setAgain();
    }
    const isNew = known !== null && errorAt !== undefined && errorAt !== known.errorAt;
    known = { errorAt };
    if (now.pending_update_count === 0) failures.recovered();
    else if (isNew) failures.failed(new Error(reason));
  };
}

const isSameUrl = (one: string | undefined, other: string): boolean =>
  one !== undefined && URL.canParse(one) && new URL(one).href === new URL(other).href;
