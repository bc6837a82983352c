import type { Api } from "grammy";
import type { Update } from "grammy/types";
import { allows } from "../bot/access.ts";
import { notTaken } from "../bot/text.ts";
import { userId, type UserId } from "../domain/ids.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Users } from "../services/users.ts";

/** What is over sooner is answered soon enough. */
const PATIENCE_MS = 10_000;
const AGAIN_AFTER_MS = 30 * 60_000;

export interface Untaken {
  /** The store did not take this update. */
  met(update: Update): void;
  /** It took one. */
  over(): void;
}

/**
 * While the disk is full nothing is handled, not even a panic, and that may last: said to each who writes meanwhile. Where
 * the store cannot be read either, nobody knows who that is.
 */
export function createUntaken(deps: {
  api: Pick<Api, "sendMessage">;
  users: Pick<Users, "get">;
  clock: Clock;
  log: Log;
}): Untaken {
  const { api, users, clock, log } = deps;
  let since: number | null = null;
  /** Of those who were let in, and of nobody else. */
  const toldAt = new Map<UserId, number>();

  async function tell(id: UserId, now: number): Promise<void> {
    const user = await users.get(id);
    if (!user || !allows(user.role, "viewer")) return;
    toldAt.set(id, now);
    await api.sendMessage(Number(id), notTaken().toString(), { parse_mode: "HTML" });
  }

  return {
    met(update) {
      const now = clock.now();
      since ??= now;
      const chat = (update.message ?? update.callback_query?.message)?.chat;
      if (Math.abs(now - since) < PATIENCE_MS || chat?.type !== "private") return;
      const id = userId(chat.id);
      if (Math.abs(now - (toldAt.get(id) ?? -Infinity)) < AGAIN_AFTER_MS) return;
      void tell(id, now).catch((error: unknown) =>
        log.warn({ err: error, user: id }, "not told that nothing is taken in"),
      );
    },
    over() {
      since = null;
    },
  };
}
