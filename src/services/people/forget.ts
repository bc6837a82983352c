import type { LinkId, UserId } from "../../domain/ids.ts";
import type { Collection, CollectionSpec, Document, Store } from "../../ports/store.ts";
import { UPDATES } from "../inbox.ts";
import { LEASES } from "../leases.ts";
import { BUTTONS } from "../one-time.ts";

/** A store that records which collections were opened, so that a deletion covers all of them, whatever they are. */
export interface TrackedStore extends Store {
  opened(): readonly Collection<Document>[];
}

/**
 * Deleted after everything else, in this order, so that an interrupted deletion can resume: from the stored update that
 * asked for it, or from another tap on its button. The lease goes last: it keeps other processes off that update.
 */
const DELETED_LAST: readonly string[] = [UPDATES, BUTTONS, LEASES];

export function trackCollections(store: Store): TrackedStore {
  const opened = new Map<string, Collection<Document>>();
  return {
    collection<T extends Document>(spec: CollectionSpec<T>): Collection<T> {
      const collection = store.collection(spec);
      opened.set(spec.name, collection);
      return collection;
    },
    opened: () =>
      [...opened]
        .toSorted(([a], [b]) => DELETED_LAST.indexOf(a) - DELETED_LAST.indexOf(b))
        .map(([, collection]) => collection),
    ping: () => store.ping(),
    purge: () => store.purge(),
    close: () => store.close(),
  };
}

/** Deletes every document of the user and their links, and returns how many. Also purges everybody's expired ones. */
export async function forgetUser(store: TrackedStore, user: UserId, links: readonly LinkId[]): Promise<number> {
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

const OWNER_FIELDS = ["userId", "user_id", "link", "linkId", "lane", "about"];

/** Matches the id, the owner fields and their `:`-separated parts: `closing-digest:1001:2026-11-24`, `panic:1001`. */
function belongsTo(document: Document, theirs: ReadonlySet<string>): boolean {
  const fields = document as unknown as Readonly<Record<string, unknown>>;
  return [document._id, ...OWNER_FIELDS.map((field) => fields[field])].some(
    (value) => typeof value === "string" && value.split(":").some((part) => theirs.has(part)),
  );
}
