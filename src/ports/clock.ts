/** Time from outside, so that tests and SAUDA_CLOCK can set it. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Resolves after the given time, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
