import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BSON, type Db } from "mongodb";
import { ConfigError } from "../../errors.ts";
import type { Secret } from "../../lib/secret.ts";
import { clientFor, databaseOf, RESTORING } from "./store.ts";

/** Written last: a directory without it is not a complete backup. */
const MANIFEST = "backup.json";
/** The manifest of a backup whose files are written, but not all in place. */
const COMPLETE = `${MANIFEST}.complete`;
const BATCH = 500;

type Counts = Readonly<Record<string, number>>;

/**
 * Writes every document as stored (secrets stay encrypted), one line of extended JSON each. Not a snapshot: a document
 * that changes meanwhile is saved either before or after, which is consistent, because documents are independent.
 */
export async function backupMongo(uri: Secret, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  finishReplacing(directory);
  const counts: Record<string, number> = {};
  await withDatabase(uri, async (db) => {
    for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
      counts[name] = 0;
      const lines = async function* (): AsyncGenerator<string> {
        // Sorted by id: otherwise a document deleted and re-created meanwhile could come twice, and the restore would fail.
        for await (const document of db.collection(name).find().sort({ _id: 1 })) {
          counts[name] = (counts[name] ?? 0) + 1;
          yield `${BSON.EJSON.stringify(document, { relaxed: false })}\n`;
        }
      };
      await pipeline(Readable.from(lines()), createWriteStream(`${fileOf(directory, name)}.partial`, { mode: 0o600 }));
    }
  });
  writeFileSync(join(directory, `${MANIFEST}.partial`), JSON.stringify(counts), { mode: 0o600 });
  renameSync(join(directory, `${MANIFEST}.partial`), join(directory, COMPLETE));
  finishReplacing(directory);
}

/** Puts the `.partial` files in place if all were written: until then the last backup counts, afterwards the new one. */
function finishReplacing(directory: string): void {
  if (!existsSync(join(directory, COMPLETE))) return;
  rmSync(join(directory, MANIFEST), { force: true });
  for (const name of Object.keys(countsIn(directory, COMPLETE))) {
    const file = fileOf(directory, name);
    if (existsSync(`${file}.partial`)) renameSync(`${file}.partial`, file);
  }
  renameSync(join(directory, COMPLETE), join(directory, MANIFEST));
}

/**
 * Restores a complete backup into an empty database only, so that a mistake overwrites nothing. An interrupted restore is
 * started over: the bot refuses to run on what it left.
 */
export async function restoreMongo(uri: Secret, directory: string): Promise<void> {
  finishReplacing(directory);
  const counts = await checked(directory);
  await withDatabase(uri, async (db) => {
    const wasBrokenOff = (await db.collection(RESTORING).findOne()) !== null;
    for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
      if (name === RESTORING || name.startsWith("system.")) continue;
      if (wasBrokenOff) await db.collection(name).drop();
      else if ((await db.collection(name).countDocuments({}, { limit: 1 })) > 0)
        throw new ConfigError([`MONGODB_URI: the database holds documents (${name}); restore into an empty one`]);
    }
    if (!wasBrokenOff) await db.collection(RESTORING).insertOne({ at: new Date() });
    for (const name of Object.keys(counts)) {
      const batch: BSON.Document[] = [];
      for await (const line of linesOf(directory, name)) {
        batch.push(documentOf(line));
        if (batch.length === BATCH) await db.collection(name).insertMany(batch.splice(0));
      }
      if (batch.length > 0) await db.collection(name).insertMany(batch);
    }
    await db.collection(RESTORING).drop();
  });
}

/** Reads the whole backup once before anything is written; throws ConfigError when it is damaged. */
async function checked(directory: string): Promise<Counts> {
  const manifest = join(directory, MANIFEST);
  if (!existsSync(manifest)) throw new ConfigError([`${manifest} is missing: not a complete MongoDB backup`]);
  const counts = countsIn(directory, MANIFEST);
  for (const [name, count] of Object.entries(counts)) {
    let read = 0;
    try {
      for await (const line of linesOf(directory, name)) if (documentOf(line)) read += 1;
    } catch {
      throw new ConfigError([`${fileOf(directory, name)} is damaged`]);
    }
    if (read !== count) throw new ConfigError([`${fileOf(directory, name)} is damaged: ${read} of ${count} documents`]);
  }
  return counts;
}

const countsIn = (directory: string, manifest: string): Counts =>
  JSON.parse(readFileSync(join(directory, manifest), "utf8")) as Counts;
const fileOf = (directory: string, collection: string): string => join(directory, `${collection}.jsonl`);
const linesOf = (directory: string, collection: string): AsyncIterable<string> =>
  createInterface({ input: createReadStream(fileOf(directory, collection)), crlfDelay: Infinity });
const documentOf = (line: string): BSON.Document => BSON.EJSON.parse(line, { relaxed: false }) as BSON.Document;

async function withDatabase(uri: Secret, use: (db: Db) => Promise<void>): Promise<void> {
  const client = clientFor(uri, { serverSelectionTimeoutMS: 5_000 });
  try {
    await use(client.db(databaseOf(uri.reveal())));
  } finally {
    await client.close();
  }
}
