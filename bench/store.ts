import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeyring, generateKey, parseKey } from "../src/lib/crypto.ts";
import { Secret } from "../src/lib/secret.ts";
import type { CollectionSpec, Store } from "../src/ports/store.ts";
import { openMongoStore } from "../src/store/mongo/store.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import { startMongo } from "../test/mongo-server/mongo-server.ts";

/** Prints one table: microseconds an operation, documents of about 600 bytes with one encrypted field. */
interface Intent {
  readonly _id: string;
  readonly userId: number;
  readonly createdAt: number;
  readonly tag: string;
  readonly note: string;
  readonly token: Secret;
}

const PER_USER = 10;
const keyring = createKeyring({ current: parseKey(generateKey()) });

const spec = (durability: CollectionSpec<Intent>["durability"]): CollectionSpec<Intent> => ({
  name: `bench_${durability}`,
  durability,
  encrypted: ["token"],
  indexes: [
    { name: "byUser", fields: ["userId", "createdAt"] },
    { name: "byTag", fields: ["tag"], unique: true },
  ],
});

const intent = (i: number): Intent => ({
  _id: `intent-${i}`,
  userId: Math.floor(i / PER_USER),
  createdAt: i,
  tag: `tag-${i}`,
  note: "x".repeat(300),
  token: new Secret("t".repeat(64)),
});

async function microseconds(count: number, run: (i: number) => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  for (let i = 0; i < count; i += 1) await run(i);
  return Math.round(((performance.now() - startedAt) * 1_000) / count);
}

async function measure(store: Store, durability: CollectionSpec<Intent>["durability"], count: number): Promise<object> {
  const intents = store.collection(spec(durability));
  return {
    documents: count,
    insert: await microseconds(count, (i) => intents.insert(intent(i))),
    replace: await microseconds(count, (i) => intents.replace(intent(i), 1)),
    get: await microseconds(count, (i) => intents.get(`intent-${i}`)),
    "find 1": await microseconds(count, (i) => intents.find("byTag", [`tag-${i}`])),
    "find 10": await microseconds(count / PER_USER, (i) => intents.find("byUser", [i])),
  };
}

async function sqliteRows(): Promise<Record<string, object>> {
  const dir = mkdtempSync(join(tmpdir(), "bench-"));
  const store = openSqliteStore({ dir, now: Date.now, keyring });
  const rows = {
    "sqlite normal": await measure(store, "normal", 20_000),
    "sqlite full": await measure(store, "full", 20_000),
  };
  await store.close();
  rmSync(dir, { recursive: true });
  return rows;
}

async function mongoRows(): Promise<Record<string, object>> {
  const server = await startMongo();
  if ("skipped" in server) return {};
  // FerretDB v1 reads the whole collection for each filter: its figures only say that it works.
  const count = server.engine === "ferretdb" ? 300 : 20_000;
  const uri = new Secret(server.uri);
  const store = await openMongoStore({ uri, now: Date.now, keyring, database: `bench_${process.pid}` });
  const rows = { [`${server.engine} full`]: await measure(store, "full", count) };
  await store.close();
  await server.stop();
  return rows;
}

console.table({ ...(await sqliteRows()), ...(await mongoRows()) });
