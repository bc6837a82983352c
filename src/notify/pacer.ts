import type { Clock } from "../ports/clock.ts";

/** A second, and a margin for what the way to Telegram adds to one message and not to another. */
const WINDOW_MS = 1_030;

/** When the next message may go, over all chats. */
export interface Pacer {
  /** Waits for this message's turn. Ends at once when everybody has to wait: ask `isPaused` after it. */
  turn(): Promise<void>;
  /** Nothing to anybody for a while. */
  pause(ms: number): void;
  isPaused(): boolean;
}

/**
 * Evenly spaced, never more than `perSecond` in any second. What a stall of up to a second has cost is made up for, at
 * twice the pace at most.
 */
export function createPacer({ clock, perSecond }: { clock: Clock; perSecond: number }): Pacer {
  const gapMs = WINDOW_MS / perSecond;
  /** When the last so many went. */
  const went: number[] = [];
  let last: Promise<void> = Promise.resolve();
  let planned = 0;
  let pausedUntil = 0;
  let pausing = new AbortController();
  const isPaused = (): boolean => clock.now() < pausedUntil;
  const before = (turns: number): number => went.at(-turns) ?? 0;

  async function take(): Promise<void> {
    if (isPaused()) return;
    const now = clock.now();
    planned = Math.max(planned + gapMs, now - WINDOW_MS);
    const at = Math.max(planned, before(1) + gapMs / 2, before(perSecond) + WINDOW_MS);
    if (at > now) await clock.sleep(at - now, pausing.signal).catch(() => undefined);
    if (isPaused()) return;
    went.push(clock.now());
    if (went.length > perSecond) went.shift();
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
