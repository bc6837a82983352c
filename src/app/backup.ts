import { chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { ConfigError } from "../errors.ts";
import { FILES, lockDirectory, lostState } from "../store/sqlite/store.ts";
import { runOrExit } from "./exit.ts";
import { readSettings } from "./settings.ts";

// npm run backup -- DIRECTORY: copies the embedded store's files or MongoDB's documents; the bot may be running.
// npm run restore -- DIRECTORY: restores such a copy; the bot must be stopped.
// The master key is not part of a backup, so a stolen backup reveals no secrets.

const JOURNAL = FILES.full.name;
const DATABASES = [FILES.normal.name, JOURNAL];
/** The paper exchange's state; not a database. */
const PLAIN_FILES = ["paper.json"];

/** In one step: SQLite begins anew when the bot writes between two steps. Meanwhile the bot can read and write. */
const ALL_PAGES = 2 ** 31 - 1;

await runOrExit(async () => {
  const config = readSettings();
  const [mode, directory] = process.argv.slice(2);
  if (directory === undefined) throw new ConfigError([`Which directory? npm run ${mode} -- DIRECTORY`]);
  if (config.mongoUri) {
    const { backupMongo, restoreMongo } = await import("../store/mongo/backup.ts");
    await (mode === "restore" ? restoreMongo : backupMongo)(config.mongoUri, directory);
  } else {
    requireElsewhere(directory, config.dataDir);
    if (mode === "restore") restore(directory, config.dataDir);
    else await copyTo(config.dataDir, directory);
  }
  const what = mode === "restore" ? `Restored into ${config.mongoUri ? "MongoDB" : config.dataDir}. ` : "";
  process.stdout.write(
    `${what}Done. Without the master key this ${mode === "restore" ? "data" : "copy"} cannot be read: keep it safe, and elsewhere.\n`,
  );
});

/** Refuses DATA_DIR itself: replacing the files that the bot has open would lose everything written afterwards. */
function requireElsewhere(directory: string, dataDir: string): void {
  if (existsSync(directory) && existsSync(dataDir) && realpathSync(directory) === realpathSync(dataDir))
    throw new ConfigError([`${directory} is DATA_DIR itself; a backup needs a directory of its own`]);
}

async function copyTo(dataDir: string, directory: string): Promise<void> {
  if (!existsSync(join(dataDir, DATABASES[0] ?? "")))
    throw new ConfigError([`DATA_DIR: there is no store in ${dataDir}`]);
  for (const name of DATABASES) requireFilled(join(dataDir, name));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  finishReplacing(directory);
  for (const name of DATABASES) {
    const source = new DatabaseSync(join(dataDir, name), { readOnly: true });
    try {
      await backup(source, join(directory, `${name}.partial`), { rate: ALL_PAGES });
    } finally {
      source.close();
    }
    chmodSync(join(directory, `${name}.partial`), 0o600);
    makeOneFile(join(directory, `${name}.partial`));
    check(join(directory, `${name}.partial`));
  }
  copyPlainFiles(dataDir, directory);
  replaceFiles(directory);
}

function restore(directory: string, dataDir: string): void {
  finishReplacing(directory);
  for (const name of DATABASES) check(join(directory, name));
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = lockDirectory(dataDir);
  try {
    for (const name of DATABASES) copyFileSync(join(directory, name), join(dataDir, `${name}.partial`));
    copyPlainFiles(directory, dataDir);
    replaceFiles(dataDir);
  } finally {
    lock.close();
  }
}

/** A `.partial` of a run that was killed may be there of a file that the source no longer has. */
function copyPlainFiles(from: string, to: string): void {
  for (const name of PLAIN_FILES) {
    rmSync(join(to, `${name}.partial`), { force: true });
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, `${name}.partial`));
  }
}

/**
 * Puts the `.partial` copies in the files' place, once all are written, so that a full disk changes nothing. One rename
 * decides: before it the old files count, after it the new ones, and what a kill left undone is finished by the next run.
 */
function replaceFiles(directory: string): void {
  renameSync(join(directory, `${JOURNAL}.partial`), join(directory, `${JOURNAL}.complete`));
  finishReplacing(directory);
}

/** The journal goes first and comes last: meanwhile no bot starts on these files, which are of two days. */
function finishReplacing(directory: string): void {
  if (!existsSync(join(directory, `${JOURNAL}.complete`))) return;
  // As long as the first copy has not been moved, everything in place is old; a write-ahead log belongs to its old file.
  if (existsSync(join(directory, `${FILES.normal.name}.partial`))) {
    const logs = DATABASES.flatMap((name) => [`${name}-wal`, `${name}-shm`]);
    for (const name of [JOURNAL, ...logs, ...PLAIN_FILES]) rmSync(join(directory, name), { force: true });
  }
  for (const name of [FILES.normal.name, ...PLAIN_FILES])
    if (existsSync(join(directory, `${name}.partial`)))
      renameSync(join(directory, `${name}.partial`), join(directory, name));
  renameSync(join(directory, `${JOURNAL}.complete`), join(directory, JOURNAL));
}

/** Takes the copy out of WAL mode, so that it is a single file. */
function makeOneFile(path: string): void {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = DELETE");
  db.close();
}

/** SQLite takes an empty file for an intact database. */
function requireFilled(path: string): void {
  const state = lostState(path);
  if (state !== null) throw new ConfigError([`${path} is ${state}`]);
}

/** Throws ConfigError unless the file is an intact database. */
function check(path: string): void {
  requireFilled(path);
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const [row] = db.prepare("PRAGMA integrity_check").all();
    if (row?.["integrity_check"] !== "ok") throw new ConfigError([`${path} is damaged`]);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`${path} is not a database`]);
  } finally {
    db.close();
  }
}
