const FAILURES_IN_A_ROW = 5;
export const BREAKER_OPEN_MS = 15_000;

export interface Breaker {
  /** Whether the next call must be skipped. After the pause it is false once, to let a trial call through. */
  isOpen(now: number): boolean;
  note(worked: boolean, now: number): void;
}

/**
 * Circuit breaker: opens after several failures in a row; after a pause the result of one trial call closes or reopens
 * it.
 */
export function createBreaker(): Breaker {
  let failures = 0;
  let openUntil = 0;
  return {
    isOpen(now) {
      if (failures < FAILURES_IN_A_ROW) return false;
      if (now < openUntil) return true;
      openUntil = now + BREAKER_OPEN_MS;
      return false;
    },
    note(worked, now) {
      failures = worked ? 0 : failures + 1;
      openUntil = failures >= FAILURES_IN_A_ROW ? now + BREAKER_OPEN_MS : 0;
    },
  };
}
