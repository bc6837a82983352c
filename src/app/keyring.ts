import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createKeyring, generateKey, parseKey, type Keyring } from "../lib/crypto.ts";
import type { Log } from "../lib/log.ts";
import type { Config } from "./config.ts";

const KEY_FILE = "master.key";

/** MASTER_KEY, or the key in DATA_DIR, made on first start for its owner's eyes only. */
export function openKeyring(config: Pick<Config, "masterKey" | "dataDir">, log: Log): Keyring {
  if (config.masterKey) return createKeyring({ current: parseKey(config.masterKey.reveal()) });
  const path = join(config.dataDir, KEY_FILE);
  if (!existsSync(path)) {
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(path, `${generateKey()}\n`, { mode: 0o600, flag: "wx" });
    log.warn(
      { file: path },
      "a master key was generated: back it up, without it the stored broker keys cannot be read",
    );
  }
  return createKeyring({ current: parseKey(readFileSync(path, "utf8").trim()) });
}
