import { MongoServerError, type Collection as MongoCollection, type Filter } from "mongodb";
import { once } from "../../lib/once.ts";
import type { Collection, CollectionSpec, Document, IndexValue, Stored } from "../../ports/store.ts";
import type { Codec, PlainDocument } from "../codec.ts";
import { indexFor, isLiving, scanById, UniqueClash } from "../spec.ts";
import { createIndexes } from "./indexes.ts";
import { fromWire, toWire, uniqueKeys, type WireDocument } from "./wire.ts";

const SCAN_BATCH = 200;
const DUPLICATE_KEY = 11_000;

/** Every write is one command on one document. A write that the driver could not confirm throws. */
export function mongoCollection<T extends Document>(
  collection: MongoCollection<WireDocument>,
  spec: CollectionSpec<T>,
  deps: { readonly codec: Codec<T>; readonly now: () => number },
): Collection<T> {
  const { codec, now } = deps;
  const ready = once(() => createIndexes(collection, spec));

  const read = (wire: WireDocument): Stored<T> => {
    const { plain, version } = fromWire(wire);
    return codec.decode(plain, version);
  };
  const livingFilter = (): Filter<WireDocument> => ({ expiresAt: { $not: { $lt: now() } } });

  async function insertWire(wire: WireDocument): Promise<boolean> {
    try {
      await collection.insertOne(wire);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  async function evict(holders: readonly Filter<WireDocument>[]): Promise<boolean> {
    let evicted = 0;
    for (const holder of holders) {
      const { deletedCount } = await collection.deleteMany({ ...holder, expiresAt: { $lt: now() } });
      evicted += deletedCount;
    }
    return evicted > 0;
  }

  const uniqueHolders = (plain: PlainDocument): Filter<WireDocument>[] =>
    Object.entries(uniqueKeys(spec, plain)).map(([name, key]) => ({ [`uniqueKeys.${name}`]: key }));

  return {
    async get(id) {
      await ready();
      const wire = await collection.findOne({ _id: id });
      return wire && isLiving(wire.expiresAt, now()) ? read(wire) : null;
    },

    async insert(document) {
      await ready();
      const plain = codec.encode(document);
      const wire = toWire(spec, plain, { version: 1, now: now() });
      if (await insertWire(wire)) return true;
      return (await evict([{ _id: plain._id }, ...uniqueHolders(plain)])) && insertWire(wire);
    },

    async replace(document, version) {
      await ready();
      const plain = codec.encode(document);
      const { _id, ...wire } = toWire(spec, plain, { version: version + 1, now: now() });
      for (;;) {
        try {
          const { matchedCount } = await collection.replaceOne({ _id, version, ...livingFilter() }, wire);
          return matchedCount === 1;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
          if (!(await evict(uniqueHolders(plain)))) throw new UniqueClash(spec.name);
        }
      }
    },

    async find(index, values, page = {}) {
      await ready();
      const { fields } = indexFor(spec, index, values);
      const direction = page.order === "desc" ? -1 : 1;
      const by = [...fields.slice(values.length), "_id"].map((field): [string, 1 | -1] => [field, direction]);
      const found = collection.find({ ...fieldFilter(fields, values), ...livingFilter() }).sort(by);
      if (page.limit !== undefined) found.limit(page.limit);
      return (page.limit === 0 ? [] : await found.toArray()).map(read);
    },

    scan: () =>
      scanById(async (afterId) => {
        await ready();
        const filter = { _id: { $gt: afterId }, ...livingFilter() };
        const batch = await collection.find(filter).sort({ _id: 1 }).limit(SCAN_BATCH).toArray();
        return batch.map(read);
      }),

    async delete(id) {
      await ready();
      const { deletedCount } = await collection.deleteOne({ _id: id, ...livingFilter() });
      return deletedCount === 1;
    },
  };
}

function fieldFilter(fields: readonly string[], values: readonly IndexValue[]): Filter<WireDocument> {
  if (values.length === 0) return { [fields[0]!]: { $ne: null } };
  return Object.fromEntries(values.map((value, i) => [fields[i]!, value]));
}

const isDuplicateKey = (error: unknown): boolean => error instanceof MongoServerError && error.code === DUPLICATE_KEY;
