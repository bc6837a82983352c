import { writeSync } from "node:fs";
import { createKeyring, parseKey } from "../../src/lib/crypto.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Store } from "../../src/ports/store.ts";
import { openMongoStore } from "../../src/store/mongo/store.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { sample, sampleSpec } from "./sample.ts";

/** Run as a process of its own: `writer.ts sqlite DIRECTORY KEY` or `writer.ts mongo URI KEY DATABASE`. */
async function open([engine, place, key, database]: string[]): Promise<Store> {
  const keyring = createKeyring({ current: parseKey(key!) });
  if (engine === "sqlite") return openSqliteStore({ dir: place!, now: Date.now, keyring });
  return openMongoStore({ uri: new Secret(place!), now: Date.now, keyring, database: database! });
}

/** Writes until it is killed, and prints each id once the store has confirmed its document. */
async function writeForever(store: Store): Promise<never> {
  const normal = store.collection(sampleSpec("written_normal", "normal"));
  const full = store.collection(sampleSpec("written_full", "full"));
  for (let i = 0; ; i += 1) {
    const document = sample(`id${i}`, { tag: `tag${i}`, keys: `keys${i}`, body: "x".repeat(i % 3_000) });
    await normal.insert(document);
    await full.insert(document);
    await full.replace({ ...document, rank: 2 }, 1);
    writeSync(1, `${document._id}\n`);
  }
}

try {
  await writeForever(await open(process.argv.slice(2)));
} catch (error) {
  writeSync(2, String(error));
  process.exit(1);
}
