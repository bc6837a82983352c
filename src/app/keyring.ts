import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError } from "../errors.ts";
import { createKeyring, generateKey, parseKey, type EncryptionKey, type Keyring } from "../lib/crypto.ts";
import type { Log } from "../lib/log.ts";
import type { Config } from "./config.ts";

const KEY_FILE = "master.key";
const PREVIOUS_FILE = "master.key.previous";

type KeyConfig = Pick<Config, "masterKey" | "previousKeys" | "dataDir">;

/** The keyring with MASTER_KEY, or with the key file in DATA_DIR, which is generated on first start with mode 0600. */
export function openKeyring(config: KeyConfig, log: Log): Keyring {
  if (config.masterKey) {
    const previous = config.previousKeys.map((key) => parseKey(key.reveal()));
    return createKeyring({ current: parseKey(config.masterKey.reveal()), previous });
  }
  const path = join(config.dataDir, KEY_FILE);
  if (!existsSync(path)) {
    refuseIfDataIsThere(config.dataDir);
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
    writeDurably(path, generateKey());
    log.warn(
      { file: path },
      "a master key was generated: back it up, without it the stored broker keys cannot be read",
    );
  }
  const previous = join(config.dataDir, PREVIOUS_FILE);
  return createKeyring({ current: readKey(path), previous: existsSync(previous) ? [readKey(previous)] : [] });
}

/** A newly generated key could not decrypt the existing data. */
function refuseIfDataIsThere(dataDir: string): void {
  if (existsSync(join(dataDir, "sauda.db")))
    throw new ConfigError([`MASTER_KEY: ${KEY_FILE} is missing from DATA_DIR, whose data needs it; put it back`]);
}

/** Writes a new key and keeps the old one beside it. After a crash it starts over or continues. */
export function beginFileRotation(dataDir: string): void {
  const [path, previous] = [join(dataDir, KEY_FILE), join(dataDir, PREVIOUS_FILE)];
  const current = readKey(path);
  if (existsSync(previous) && readKey(previous).id !== current.id) return;
  writeDurably(previous, readFileSync(path, "utf8").trim());
  writeDurably(path, generateKey());
}

/** Deletes the old key; synced, so that it does not reappear after a power cut. */
export function endFileRotation(dataDir: string): void {
  rmSync(join(dataDir, PREVIOUS_FILE), { force: true });
  syncDirectory(dataDir);
}

function readKey(path: string): EncryptionKey {
  try {
    return parseKey(readFileSync(path, "utf8").trim());
  } catch (error) {
    if (error instanceof RangeError)
      throw new ConfigError([`MASTER_KEY: ${path} does not hold a key (${error.message})`]);
    throw error;
  }
}

/** Writes the file atomically and syncs it to disk. */
function writeDurably(path: string, text: string): void {
  const file = openSync(`${path}.partial`, "w", 0o600);
  writeSync(file, `${text}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.partial`, path);
  syncDirectory(dirname(path));
}

function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  fsyncSync(directory);
  closeSync(directory);
}
