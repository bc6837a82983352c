import type { Log } from "./log.ts";

/** Logs failures of something that is retried: a lasting failure less and less often, and its end once. */
export interface FailureLog {
  readonly failed: (error: unknown) => void;
  readonly recovered: () => void;
}

export interface FailureMessages {
  readonly failed: string;
  readonly recovered: string;
}

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 30 * 60_000;

/** A failure that returns soon counts as the same one, so an intermittent failure does not flood the log either. */
export function createFailureLog(
  log: Log,
  messages: FailureMessages,
  about: Readonly<Record<string, string | number>> = {},
  now = (): number => performance.now(),
): FailureLog {
  let times = 0;
  let failedAt = -Infinity;
  let pauseMs = 0;
  let quietUntil = -Infinity;
  let mustReportEnd = false;

  return {
    failed(error) {
      times += 1;
      if (now() - failedAt > LONGEST_PAUSE_MS) [times, pauseMs] = [1, 0];
      failedAt = now();
      if (pauseMs > 0 && failedAt < quietUntil) return;
      pauseMs = pauseMs === 0 ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      quietUntil = failedAt + pauseMs;
      mustReportEnd = true;
      log.error({ ...about, err: error, times }, messages.failed);
    },
    recovered() {
      if (mustReportEnd) log.info({ ...about, times }, messages.recovered);
      mustReportEnd = false;
    },
  };
}
