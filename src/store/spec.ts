import type { Collection, CollectionSpec, Document, IndexSpec, IndexValue, Store, Stored } from "../ports/store.ts";

/** What an engine keeps beside a document's own fields, so that no document may use the names. */
export const RESERVED_FIELDS = ["version", "expireAt", "uniqueKeys"] as const;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The new value of a unique index belongs to another living document: nothing was written. */
export class UniqueClash extends Error {
  override readonly name = "UniqueClash";

  constructor(collection: string, cause?: unknown) {
    super(`${collection}: another document holds a unique value of this one`, { cause });
  }
}

/** Throws on a specification that an engine could not honour; names end up in SQL and in JSON paths. */
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

/** One collection object a name, however often a service asks; the specification is checked the first time. */
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

/** The index called `name`, checked to have room for `values`. */
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

/** A document lives up to and including `expiresAt`. */
export const isLiving = (expiresAt: number | undefined, now: number): boolean =>
  expiresAt === undefined || expiresAt >= now;

/** Walks a whole collection by id, a batch at a time, so that no cursor outlives a pause of the reader. */
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
