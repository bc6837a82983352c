import { MongoServerError, type Collection } from "mongodb";
import type { CollectionSpec, Document } from "../../ports/store.ts";
import type { WireDocument } from "./wire.ts";

const NOT_IMPLEMENTED = 238;

/**
 * Safe to repeat and to run from several processes. An index's name includes its fields, so a changed one is created
 * anew.
 */
export async function createIndexes<T extends Document>(
  collection: Collection<WireDocument>,
  spec: CollectionSpec<T>,
): Promise<void> {
  for (const { name, fields, unique } of spec.indexes) {
    const key = Object.fromEntries([...fields, "_id"].map((field) => [field, 1 as const]));
    await collection.createIndex(key, { name: `${name}:${fields.join(",")}` });
    if (unique === true)
      await collection.createIndex(
        { [`uniqueKeys.${name}`]: 1 },
        { name: `unique:${name}`, unique: true, sparse: true },
      );
  }
  await createExpiryIndex(collection);
}

/** The TTL index only cleans up, so MongoDB-compatible servers without TTL indexes work too. */
async function createExpiryIndex(collection: Collection<WireDocument>): Promise<void> {
  try {
    await collection.createIndex({ expireAt: 1 }, { name: "expiry", expireAfterSeconds: 0 });
  } catch (error) {
    if (!(error instanceof MongoServerError && error.code === NOT_IMPLEMENTED)) throw error;
  }
}
