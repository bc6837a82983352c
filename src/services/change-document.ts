import type { Collection, Document, Stored } from "../ports/store.ts";

const MAX_TRIES = 100;

/**
 * Optimistic update: applies `next` to the newest version and retries when somebody else wrote in between. Inserts a
 * missing document. Returns what was written, or null, with nothing written, when `next` returns null. `onWritten` is told
 * of the change that was made.
 */
export async function changeDocument<T extends Document>(
  collection: Collection<T>,
  id: string,
  next: (current: Stored<T> | null) => T | null,
  onWritten?: (before: Stored<T> | null, after: T) => Promise<void>,
): Promise<Stored<T> | null> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const current = await collection.get(id);
    const made = next(current);
    if (made === null) return null;
    const version = current?.version ?? 0;
    const document: T = withoutVersion(made);
    const isWritten = current ? await collection.replace(document, version) : await collection.insert(document);
    if (!isWritten) continue;
    await onWritten?.(current, document);
    return { ...document, version: version + 1 };
  }
  throw new Error(`document ${id} is contended`);
}

/** `next` usually spreads the stored document, which carries its version along. */
function withoutVersion<T extends Document>(made: T | Stored<T>): T {
  const { version: _, ...document } = { version: 0, ...made };
  return document as unknown as T;
}
