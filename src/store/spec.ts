import type { Collection, CollectionSpec, Document, IndexSpec, IndexValue, Store, Stored } from "../ports/store.ts";

/** Fields that engines add to documents; documents may not use these names. */
export const RESERVED_FIELDS = ["version", "expireAt", "uniqueKeys"] as const;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Another unexpired document has the same value in a unique index. Nothing was written. */
export class UniqueClash extends Error {
  override readonly name = "UniqueClash";

  constructor(collection: string, cause?: unknown) {
    super(`${collection}: another document holds a unique value of this one`, { cause });
  }
}

/**
 * Throws on a specification that an engine cannot implement. Names are checked because they go into SQL and JSON paths.
 */
function checkSpec<T extends Document>(spec: CollectionSpec<T>): void {
  const unencryptable = new Set(["_id", "expiresAt", ...spec.indexes.flatMap((index) => index.fields)]);
  const names = [spec.name, ...spec.encrypted, ...spec.indexes.flatMap((index) => [index.name, ...index.fields])];
  for (const name of names) {
    if (!NAME.test(name)) throw new TypeError(`${spec.name}: "${name}" cannot name a collection, index or field`);
  }
  for (const index of spec.indexes) {
    if (index.fields.length === 0) throw new TypeError(`${spec.name}.${index.name}: an index needs a field`);
  }
  const clash = spec.encrypted.find((field) => unencryptable.has(field));
  if (clash !== undefined) throw new TypeError(`${spec.name}.${clash} is encrypted and cannot be an index or the id`);
}

/** Opens each collection once and returns the same object afterwards; checks its specification on first use. */
export function openOnce(open: <T extends Document>(spec: CollectionSpec<T>) => Collection<T>): Store["collection"] {
  const opened = new Map<string, { readonly spec: string; readonly collection: unknown }>();
  return <T extends Document>(spec: CollectionSpec<T>): Collection<T> => {
    const known = opened.get(spec.name);
    if (known?.spec === JSON.stringify(spec)) return known.collection as Collection<T>;
    if (known) throw new TypeError(`${spec.name} is already open with another specification`);
    checkSpec(spec);
    const collection = open(spec);
    opened.set(spec.name, { spec: JSON.stringify(spec), collection });
    return collection;
  };
}

/** The index called `name`. Throws when it does not exist or has fewer fields than `values`. */
export function indexFor<T extends Document>(
  spec: CollectionSpec<T>,
  name: string,
  values: readonly IndexValue[],
): IndexSpec {
  const index = spec.indexes.find((candidate) => candidate.name === name);
  if (!index) throw new TypeError(`${spec.name} has no index "${name}"`);
  if (values.length > index.fields.length)
    throw new TypeError(`${spec.name}.${name} has ${index.fields.length} fields, asked for ${values.length}`);
  return index;
}

/** Whether a document has not expired; `expiresAt` is inclusive. */
export const isLiving = (expiresAt: number | undefined, now: number): boolean =>
  expiresAt === undefined || expiresAt >= now;

/** Reads a whole collection by id in batches, so that no cursor stays open while the reader pauses. */
export async function* scanById<T extends Document>(
  nextBatch: (afterId: string) => Promise<readonly Stored<T>[]>,
): AsyncGenerator<Stored<T>> {
  for (let afterId = ""; ;) {
    const batch = await nextBatch(afterId);
    yield* batch;
    const last = batch.at(-1);
    if (!last) return;
    afterId = last._id;
  }
}
