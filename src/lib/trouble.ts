import type { Log } from "./log.ts";

/** Logs the failures of something that is retried: a lasting failure ever more rarely, its end once. */
export interface Trouble {
  readonly met: (error: unknown) => void;
  readonly over: () => void;
}

export interface TroubleWords {
  readonly met: string;
  readonly over: string;
}

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 32 * 60_000;

/** A failure that returns soon counts as the same one, so an intermittent failure does not flood the log either. */
export function createTrouble(
  log: Log,
  words: TroubleWords,
  about: Readonly<Record<string, string | number>> = {},
  now = (): number => performance.now(),
): Trouble {
  let times = 0;
  let metAt = -Infinity;
  let pauseMs = 0;
  let quietUntil = -Infinity;
  let isEndOwed = false;

  return {
    met(error) {
      times += 1;
      if (now() - metAt > LONGEST_PAUSE_MS) [times, pauseMs] = [1, 0];
      metAt = now();
      if (pauseMs > 0 && metAt < quietUntil) return;
      pauseMs = pauseMs === 0 ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      quietUntil = metAt + pauseMs;
      isEndOwed = true;
      log.error({ ...about, err: error, times }, words.met);
    },
    over() {
      if (isEndOwed) log.info({ ...about, times }, words.over);
      isEndOwed = false;
    },
  };
}
