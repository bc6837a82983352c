import type { Clock } from "../ports/clock.ts";

/** One second plus a margin, because the network may delay one message more than the next. */
const WINDOW_MS = 1_030;

/** Limits the message rate over all chats. */
export interface Pacer {
  /** Waits for this message's turn. Also resolves when a pause begins, so check `isPaused` afterwards. */
  turn(): Promise<void>;
  /** Stops all messages for the given time. */
  pause(ms: number): void;
  isPaused(): boolean;
}

/**
 * Spaces messages evenly, never more than `perSecond` in any second. Catches up after a stall of up to a second, at most
 * at twice the rate.
 */
export function createPacer({ clock, perSecond }: { clock: Clock; perSecond: number }): Pacer {
  const gapMs = WINDOW_MS / perSecond;
  /** When the last `perSecond` messages were sent, oldest first. */
  const sentAt: number[] = [];
  let last: Promise<void> = Promise.resolve();
  let planned = 0;
  let pausedUntil = 0;
  let pausing = new AbortController();
  const isPaused = (): boolean => clock.now() < pausedUntil;
  const before = (turns: number): number => sentAt.at(-turns) ?? 0;

  async function take(): Promise<void> {
    if (isPaused()) return;
    const now = clock.now();
    planned = Math.max(planned + gapMs, now - WINDOW_MS);
    const at = Math.max(planned, before(1) + gapMs / 2, before(perSecond) + WINDOW_MS);
    if (at > now) await clock.sleep(at - now, pausing.signal).catch(() => undefined);
    if (isPaused()) return;
    sentAt.push(clock.now());
    if (sentAt.length > perSecond) sentAt.shift();
  }

  return {
    turn() {
      last = last.then(take);
      return last;
    },
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, clock.now() + ms);
      planned = Math.max(planned, pausedUntil - gapMs);
      pausing.abort();
      pausing = new AbortController();
    },
    isPaused,
  };
}
