import { MongoClient, type MongoClientOptions, type WriteConcernSettings } from "mongodb";
import { ConfigError } from "../../errors.ts";
import type { Keyring } from "../../lib/crypto.ts";
import type { Secret } from "../../lib/secret.ts";
import type { CollectionSpec, Document, Store } from "../../ports/store.ts";
import { createCodec } from "../codec.ts";
import { openOnce } from "../spec.ts";
import type { AtRest } from "../rekey.ts";
import { mongoAtRest } from "./at-rest.ts";
import { mongoCollection } from "./collection.ts";
import type { WireDocument } from "./wire.ts";

const DEFAULT_DATABASE = "sauda";
/** This collection holds a document while a restore runs; if it remains, the restore was interrupted. */
export const RESTORING = "restoring";

/** No call waits for ever: when the server stops answering, calls throw within seconds. */
const TIMEOUTS = {
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  waitQueueTimeoutMS: 10_000,
  socketTimeoutMS: 15_000,
};
const MAJORITY = { w: "majority", wtimeoutMS: 10_000 } as const;
const WRITE_CONCERN: Record<CollectionSpec<Document>["durability"], WriteConcernSettings> = {
  normal: MAJORITY,
  full: { ...MAJORITY, journal: true },
};

export interface MongoStore extends Store {
  atRest(): AtRest;
}

/**
 * Connects, or rejects within seconds. Throws ConfigError on an invalid connection string and after an interrupted restore.
 * Indexes are created when a collection is first used.
 */
export async function openMongoStore(options: {
  /** Connection string; secret because it may hold a password. */
  readonly uri: Secret;
  /** Epoch ms. */
  readonly now: () => number;
  readonly keyring: Keyring;
  /** Default: the one named in the connection string, else `sauda`. */
  readonly database?: string;
}): Promise<MongoStore> {
  const { now, keyring } = options;
  const client = clientFor(options.uri, { ...TIMEOUTS, appName: "sauda", retryReads: true, retryWrites: true });
  const db = client.db(options.database ?? databaseOf(options.uri.reveal()));
  const ping = async (): Promise<void> => {
    await db.command({ ping: 1 });
  };
  const requireWhole = async (): Promise<void> => {
    if (await db.collection(RESTORING).findOne())
      throw new ConfigError([
        "MONGODB_URI: a restore into the database was broken off; run it again: npm run restore -- DIRECTORY",
      ]);
  };
  await ping()
    .then(requireWhole)
    .catch(async (error: unknown) => {
      await client.close();
      throw error;
    });

  return {
    collection: openOnce((spec) => {
      const raw = db.collection<WireDocument>(spec.name, { writeConcern: WRITE_CONCERN[spec.durability] });
      return mongoCollection(raw, spec, { codec: createCodec(spec, keyring), now });
    }),
    ping,
    // The server's TTL index deletes expired documents by itself.
    purge: async () => undefined,
    atRest: () => mongoAtRest(db),
    close: () => client.close(),
  };
}

/** Does not connect yet. Throws ConfigError on an invalid connection string. */
export function clientFor(uri: Secret, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(uri.reveal(), options);
  } catch (error) {
    // The driver's messages about options hold no password; those about hosts may hold part of one.
    const detail =
      error instanceof Error && /option|expected|must be/i.test(error.message) ? ` (${error.message})` : "";
    throw new ConfigError([`MONGODB_URI: not a connection string of MongoDB${detail}`]);
  }
}

/** The database named in the connection string, or the default. */
export const databaseOf = (uri: string): string =>
  /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(uri)?.[1] ?? DEFAULT_DATABASE;
