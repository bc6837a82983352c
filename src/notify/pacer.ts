import type { Clock } from "../ports/clock.ts";

/** So much of a delay is made up for; what stalls for longer goes on at its pace, not with a burst. */
const MAX_CATCH_UP_MS = 10;

/** When the next message may go, over all chats. */
export interface Pacer {
  /** Waits for this message's turn. Ends at once when everybody has to wait: ask `isPaused` after it. */
  turn(): Promise<void>;
  /** Nothing to anybody for a while. */
  pause(ms: number): void;
  isPaused(): boolean;
}

/** One message after the other, each at least a gap after the one before it: never more than `perSecond` in any second. */
export function createPacer({ clock, perSecond }: { clock: Clock; perSecond: number }): Pacer {
  const gapMs = 1_000 / perSecond;
  let last: Promise<void> = Promise.resolve();
  let nextAt = 0;
  let pausedUntil = 0;
  let pausing = new AbortController();
  const isPaused = (): boolean => clock.now() < pausedUntil;

  async function take(): Promise<void> {
    if (isPaused()) return;
    const now = clock.now();
    const at = Math.max(nextAt, now - MAX_CATCH_UP_MS);
    if (at > now) await clock.sleep(at - now, pausing.signal).catch(() => undefined);
    if (!isPaused()) nextAt = at + gapMs;
  }

  return {
    turn() {
      last = last.then(take);
      return last;
    },
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, clock.now() + ms);
      nextAt = Math.max(nextAt, pausedUntil);
      pausing.abort();
      pausing = new AbortController();
    },
    isPaused,
  };
}
