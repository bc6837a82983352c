import type { Collection, Document, Stored } from "../ports/store.ts";

const MOST_TRIES = 100;

/**
 * Writes what `next` makes of the newest version, anew for as long as somebody else was first; a document that is not
 * there is made. Answers what stands there now; null, and nothing written, when `next` answers null.
 */
export async function changeDocument<T extends Document>(
  collection: Collection<T>,
  id: string,
  next: (current: Stored<T> | null) => T | null,
): Promise<Stored<T> | null> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const current = await collection.get(id);
    const made = next(current);
    if (made === null) return null;
    const version = current?.version ?? 0;
    const document: T = without(made);
    const isWritten = current ? await collection.replace(document, version) : await collection.insert(document);
    if (isWritten) return { ...document, version: version + 1 };
  }
  throw new Error(`document ${id} is contended`);
}

/** What is made of a stored document by spreading it carries its version along. */
function without<T extends Document>(made: T | Stored<T>): T {
  const { version: _, ...document } = { version: 0, ...made };
  return document as unknown as T;
}
