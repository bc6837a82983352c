import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConfigError } from "../../errors.ts";
import type { Keyring } from "../../lib/crypto.ts";
import type { CollectionSpec, Document, Store } from "../../ports/store.ts";
import { createCodec } from "../codec.ts";
import { openOnce } from "../spec.ts";
import type { AtRest } from "../rekey.ts";
import { sqliteAtRest, tableNames } from "./at-rest.ts";
import { sqliteCollection } from "./collection.ts";
import { statementsFor } from "./statements.ts";

/** One file per durability, because `synchronous` is a setting of the connection. */
export const FILES = {
  normal: { name: "sauda.db", synchronous: "NORMAL" },
  full: { name: "journal.db", synchronous: "FULL" },
} as const;
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
const BUSY_TIMEOUT_MS = 5_000;

export interface SqliteStore extends Store {
  atRest(): AtRest;
}

/** Throws ConfigError when another process uses the same directory, or a file in it is missing, empty or damaged. */
export function openSqliteStore(options: {
  readonly dir: string;
  /** Epoch ms. */
  readonly now: () => number;
  readonly keyring: Keyring;
}): SqliteStore {
  const { dir, now, keyring } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lock = lockDirectory(dir);
  const databases = openBoth(dir, lock);

  return {
    collection: openOnce((spec) =>
      sqliteCollection(databases[spec.durability], spec, { codec: createCodec(spec, keyring), now }),
    ),
    async ping() {
      for (const db of Object.values(databases)) db.prepare("SELECT count(*) FROM sqlite_schema").get();
      // Reads and writes of a file that was deleted while open still succeed.
      const deleted = Object.values(FILES).find(({ name }) => !existsSync(join(dir, name)));
      if (deleted)
        throw new Error(
          `${join(dir, deleted.name)} was deleted: everything stored now will be lost when this process ends`,
        );
    },
    async purge() {
      for (const db of Object.values(databases)) purge(db, now());
    },
    atRest: () => sqliteAtRest(Object.values(databases)),
    async close() {
      for (const db of [databases.normal, databases.full, lock]) if (db.isOpen) db.close();
    },
  };
}

/** An open transaction on a separate file: the lock ends with the process, and tools can still read the data files. */
export function lockDirectory(dir: string): DatabaseSync {
  const path = join(dir, "lock.db");
  const lock = new DatabaseSync(path);
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (isDamaged(error)) throw new ConfigError([`DATA_DIR: ${path} is damaged; it holds nothing, so delete it`]);
    if (!isBusy(error)) throw error;
    throw new ConfigError([`DATA_DIR: another process is working on ${dir}; stop it or choose another directory`]);
  }
}

function openBoth(dir: string, lock: DatabaseSync): Record<CollectionSpec<Document>["durability"], DatabaseSync> {
  try {
    requireOther(dir, "normal", "full");
    requireOther(dir, "full", "normal");
    return { normal: open(dir, "normal"), full: open(dir, "full") };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/**
 * Refuses to start when one of the two files is missing or empty, which SQLite takes for a new database: that would silently
 * lose accounts and orders, or users. A file without tables is fine: the first start was killed.
 */
function requireOther(dir: string, present: keyof typeof FILES, other: keyof typeof FILES): void {
  const [path, otherPath] = [join(dir, FILES[present].name), join(dir, FILES[other].name)];
  const state = lostState(otherPath);
  if (lostState(path) !== null || state === null) return;
  const db = open(dir, present);
  const isEmpty = tableNames(db).length === 0;
  db.close();
  if (isEmpty) return;
  throw new ConfigError([`DATA_DIR: ${otherPath} is ${state}; put a backup back: npm run restore -- DIRECTORY`]);
}

/** Null when the file holds something. A database has at least one page from the moment it is opened. */
export function lostState(path: string): "missing" | "empty" | null {
  if (!existsSync(path)) return "missing";
  return statSync(path).size === 0 ? "empty" : null;
}

function open(dir: string, durability: keyof typeof FILES): DatabaseSync {
  const { name, synchronous } = FILES[durability];
  const path = join(dir, name);
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    // secure_delete overwrites deleted rows, which "forget me" promises.
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA secure_delete = ON`);
    requireWhole(db);
  } catch (error) {
    db.close();
    if (!isDamaged(error)) throw error;
    throw new ConfigError([`DATA_DIR: ${path} is damaged; put a backup back: npm run restore -- DIRECTORY`]);
  }
  // SQLite made the log's files as open as the database then was.
  for (const each of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(each)) chmodSync(each, 0o600);
  return db;
}

/**
 * Refuses a damaged file, because trading on an incomplete order journal is dangerous. Takes about 2 ms per megabyte.
 */
function requireWhole(db: DatabaseSync): void {
  const found = db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
  if (found !== "ok") throw Object.assign(new Error(String(found)), { errcode: SQLITE_CORRUPT });
}

/** The write-ahead log still holds deleted data until it is checkpointed and truncated. */
function purge(db: DatabaseSync, now: number): void {
  for (const table of tableNames(db)) db.prepare(statementsFor(table).sweep).run({ now });
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

const isDamaged = (error: unknown): boolean => [SQLITE_CORRUPT, SQLITE_NOTADB].includes(primaryCode(error));
const isBusy = (error: unknown): boolean => primaryCode(error) === SQLITE_BUSY;

const primaryCode = (error: unknown): number =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : 0;
