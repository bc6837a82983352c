import type { UserId } from "../domain/ids.ts";
import type { Clock } from "../ports/clock.ts";

/** Telegram's limit in one chat. */
const CHAT_GAP_MS = 1_000;
const MAX_REMEMBERED = 2_000;
/** A rest longer than this is left to the next round. */
const MAX_REST_MS = 2_000;

/** Who may be written to now: one message at a time in a chat, one a second there. */
export interface Lanes {
  isFree(user: UserId): boolean;
  enter(user: UserId): void;
  leave(user: UserId): void;
  /** Nothing to this chat for a while. */
  hold(user: UserId, ms: number): void;
  /** How many chats may not be written to now. */
  heldCount(): number;
  /** Waits for the first chat that becomes free soon; false when there is none. */
  rest(): Promise<boolean>;
}

export function createLanes({ clock }: { clock: Clock }): Lanes {
  const busy = new Set<UserId>();
  const heldUntil = new Map<UserId, number>();

  /** Those whose time has come are forgotten. */
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
    async rest() {
      const soonest = Math.min(...held().values());
      const ms = soonest - clock.now();
      if (ms > MAX_REST_MS) return false;
      await clock.sleep(Math.max(1, ms));
      return true;
    },
  };
}
