import type { UserId } from "../domain/ids.ts";
import type { Clock } from "../ports/clock.ts";

/** Telegram's limit: one message a second per chat. */
const CHAT_GAP_MS = 1_000;
const MAX_REMEMBERED = 2_000;
/** A longer wait is left to the next delivery round. */
const MAX_WAIT_MS = 2_000;

/** Which chats may be written to now: one message at a time per chat, and one a second. */
export interface ChatLimits {
  isFree(user: UserId): boolean;
  enter(user: UserId): void;
  leave(user: UserId): void;
  /** Blocks this chat for the given time. */
  hold(user: UserId, ms: number): void;
  /** Number of chats that are blocked now. */
  heldCount(): number;
  /** Waits until the next blocked chat becomes free; false when that is too far away. */
  waitForNext(): Promise<boolean>;
}

export function createChatLimits({ clock }: { clock: Clock }): ChatLimits {
  const busy = new Set<UserId>();
  const heldUntil = new Map<UserId, number>();

  /** The chats still blocked; drops entries whose time has passed. */
  function held(): Map<UserId, number> {
    for (const [user, until] of heldUntil) if (until <= clock.now()) heldUntil.delete(user);
    return heldUntil;
  }

  return {
    isFree: (user) => !busy.has(user) && (heldUntil.get(user) ?? 0) <= clock.now(),
    enter: (user) => busy.add(user),
    leave(user) {
      busy.delete(user);
      if (heldUntil.size >= MAX_REMEMBERED) held();
      heldUntil.set(user, Math.max(heldUntil.get(user) ?? 0, clock.now() + CHAT_GAP_MS));
    },
    hold: (user, ms) => heldUntil.set(user, clock.now() + ms),
    heldCount: () => held().size,
    async waitForNext() {
      const soonest = Math.min(...held().values());
      const ms = soonest - clock.now();
      if (ms > MAX_WAIT_MS) return false;
      await clock.sleep(Math.max(1, ms));
      return true;
    },
  };
}
