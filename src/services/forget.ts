import type { LinkId, UserId } from "../domain/ids.ts";
import type { Collection, CollectionSpec, Document, Store } from "../ports/store.ts";
import { UPDATES } from "./inbox.ts";
import { LEASES } from "./leases.ts";
import { BUTTONS } from "./one-time.ts";

/** A store that remembers which collections were opened, so that nothing which is added later is left out of a deletion. */
export interface RememberingStore extends Store {
  opened(): readonly Collection<Document>[];
}

/**
 * Forgotten after everything else, in this order, so that a deletion that was cut off goes on: by the update that asks for
 * it, or by another tap on its question. While a lease is held, no other process takes up that update.
 */
const LAST: readonly string[] = [UPDATES, BUTTONS, LEASES];

export function rememberCollections(store: Store): RememberingStore {
  const opened = new Map<string, Collection<Document>>();
  return {
    collection<T extends Document>(spec: CollectionSpec<T>): Collection<T> {
      const collection = store.collection(spec);
      opened.set(spec.name, collection);
      return collection;
    },
    opened: () =>
      [...opened].toSorted(([a], [b]) => LAST.indexOf(a) - LAST.indexOf(b)).map(([, collection]) => collection),
    ping: () => store.ping(),
    purge: () => store.purge(),
    close: () => store.close(),
  };
}

/** Deletes every document that belongs to the user or to one of their links, and what has expired of anybody. Answers how many. */
export async function forgetUser(store: RememberingStore, user: UserId, links: readonly LinkId[]): Promise<number> {
  const theirs = new Set<string>([user, ...links]);
  let count = 0;
  for (const collection of store.opened()) {
    for await (const document of collection.scan()) {
      if (belongsTo(document, theirs) && (await collection.delete(document._id))) count += 1;
    }
  }
  await store.purge();
  return count;
}

const OWNER_FIELDS = ["userId", "user_id", "link", "linkId", "lane"];

/** By its id or a field that names its owner, or by a part of either: `closing-digest:1001:2026-11-24`, `panic:1001`. */
function belongsTo(document: Document, theirs: ReadonlySet<string>): boolean {
  const fields = document as unknown as Readonly<Record<string, unknown>>;
  return [document._id, ...OWNER_FIELDS.map((field) => fields[field])].some(
    (value) => typeof value === "string" && value.split(":").some((part) => theirs.has(part)),
  );
}
