/**
 * Runs at most once: concurrent callers share the run and its result is kept. After a failure the next call tries
 * again.
 */
export function once<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  return () =>
    (running ??= run().catch((error: unknown) => {
      running = null;
      throw error;
    }));
}
