/** Who asks at the same time shares one run; its answer is kept, and one that failed is forgotten for the next to try. */
export function once<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  return () =>
    (running ??= run().catch((error: unknown) => {
      running = null;
      throw error;
    }));
}
