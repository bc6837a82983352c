/** Lets callers in one after another, key by key, within this process. */
export interface Turns {
  /** Runs once all who came earlier have ended. Must not be called by one who has the key's turn. */
  take<T>(key: string, run: () => Promise<T>): Promise<T>;
  /** Runs at once, or not at all when it is somebody's turn. */
  takeIfFree(key: string, run: () => Promise<void>): Promise<void>;
}

export function createTurns(): Turns {
  const lastEnds = new Map<string, Promise<void>>();

  async function take<T>(key: string, run: () => Promise<T>): Promise<T> {
    const before = lastEnds.get(key);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    lastEnds.set(key, ended);
    try {
      await before;
      return await run();
    } finally {
      end();
      if (lastEnds.get(key) === ended) lastEnds.delete(key);
    }
  }

  return {
    take,
    async takeIfFree(key, run) {
      if (!lastEnds.has(key)) await take(key, run);
    },
  };
}
