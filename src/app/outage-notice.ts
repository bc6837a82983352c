import type { Api } from "grammy";
import type { Update } from "grammy/types";
import { allows } from "../bot/updates/access.ts";
import { notTaken } from "../bot/text.ts";
import { userId, type UserId } from "../domain/ids.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Users } from "../services/people/users.ts";

/** Shorter outages are not announced. */
const ANNOUNCE_AFTER_MS = 10_000;
const REPEAT_AFTER_MS = 30 * 60_000;

export interface OutageNotice {
  /** The store did not accept this update. */
  failed(update: Update): void;
  /** The store accepted an update. */
  recovered(): void;
}

/**
 * While the store accepts no writes (full disk), no update is handled, not even /panic. Tells users who write meanwhile;
 * to know who is a user, the store must still be readable.
 */
export function createOutageNotice(deps: {
  api: Pick<Api, "sendMessage">;
  users: Pick<Users, "get">;
  clock: Clock;
  log: Log;
}): OutageNotice {
  const { api, users, clock, log } = deps;
  let since: number | null = null;
  /** Only users whom the owner let in stay in here, so strangers cannot make it grow. */
  const toldAt = new Map<UserId, number>();

  async function tell(id: UserId, now: number): Promise<void> {
    // Before the look-up, because another update of this user may fail meanwhile.
    toldAt.set(id, now);
    let isLetIn = false;
    try {
      const user = await users.get(id);
      isLetIn = user !== null && allows(user.role, "viewer");
    } finally {
      if (!isLetIn) toldAt.delete(id);
    }
    if (isLetIn) await api.sendMessage(Number(id), notTaken().toString(), { parse_mode: "HTML" });
  }

  return {
    failed(update) {
      const now = clock.now();
      since ??= now;
      const chat = (update.message ?? update.callback_query?.message)?.chat;
      if (Math.abs(now - since) < ANNOUNCE_AFTER_MS || chat?.type !== "private") return;
      const id = userId(chat.id);
      if (Math.abs(now - (toldAt.get(id) ?? -Infinity)) < REPEAT_AFTER_MS) return;
      void tell(id, now).catch((error: unknown) =>
        log.warn({ err: error, user: id }, "could not tell this user about the outage"),
      );
    },
    recovered() {
      since = null;
    },
  };
}
