const FAILURES_IN_A_ROW = 5;
export const BREAKER_OPEN_MS = 15_000;

export interface Breaker {
  /** Asked before a call. True: do not call. After the pause false once, for the call that decides. */
  isOpen(now: number): boolean;
  note(worked: boolean, now: number): void;
}

/** Opens after failures in a row; after a pause lets one call through, whose result decides. */
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
