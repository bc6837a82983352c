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

/** MASTER_KEY, or the key in DATA_DIR, made on first start for its owner's eyes only. */
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

/** A new key beside old data would lock the household out of it. */
function refuseIfDataIsThere(dataDir: string): void {
  if (existsSync(join(dataDir, "sauda.db")))
    throw new ConfigError([`MASTER_KEY: ${KEY_FILE} is missing from DATA_DIR, whose data needs it; put it back`]);
}

/** Puts a new key in place and keeps the old one beside it. After a crash in between, begins or goes on where it was. */
export function beginFileRotation(dataDir: string): void {
  const [path, previous] = [join(dataDir, KEY_FILE), join(dataDir, PREVIOUS_FILE)];
  const current = readKey(path);
  if (existsSync(previous) && readKey(previous).id !== current.id) return;
  writeDurably(previous, readFileSync(path, "utf8").trim());
  writeDurably(path, generateKey());
}

/** For good: after a power cut the old key must not lie there again. */
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

/** Whole and on disk, or not there. */
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
