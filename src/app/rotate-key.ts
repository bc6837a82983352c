import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../errors.ts";
import type { Keyring } from "../lib/crypto.ts";
import { createLog, type Log } from "../lib/log.ts";
import type { Secret } from "../lib/secret.ts";
import { openMongoStore } from "../store/mongo/store.ts";
import { rekey, type AtRest, type Rekeyed } from "../store/rekey.ts";
import { FILES, openSqliteStore } from "../store/sqlite/store.ts";
import { readSettings } from "./settings.ts";
import type { Config } from "./config.ts";
import { beginFileRotation, endFileRotation, openKeyring } from "./keyring.ts";
import { runOrExit } from "./exit.ts";

// npm run rotate-key: encrypts everything with a new master key. If it is interrupted, running it again continues.

await runOrExit(async () => {
  const config = readSettings();
  const { documents, rewritten, unreadable } = await rotate(config);
  process.stdout.write(`${documents} documents, ${rewritten} values encrypted with the new key.\n`);
  if (unreadable > 0) {
    process.stderr.write(`${unreadable} values could not be read with any key and stay as they are.\n`);
    if (config.masterKey)
      process.stderr.write("If you have their key, add it to MASTER_KEY_PREVIOUS and run this again.\n");
    process.exitCode = 1;
  } else if (config.masterKey) {
    process.stdout.write("Done. Remove MASTER_KEY_PREVIOUS and start every process again.\n");
  }
});

function rotate(config: Config): Promise<Rekeyed> {
  const log = createLog({ level: config.logLevel });
  if (config.masterKey && config.previousKeys.length === 0) {
    throw new ConfigError([
      "MASTER_KEY_PREVIOUS: put the present key here and a new one (openssl rand -base64 32) into MASTER_KEY, start every process with both, then run this again",
    ]);
  }
  return config.mongoUri ? rotateMongo(config.mongoUri, openKeyring(config, log)) : rotateFiles(config, log);
}

async function rotateMongo(uri: Secret, keyring: Keyring): Promise<Rekeyed> {
  const store = await openMongoStore({ uri, now: Date.now, keyring });
  return useAndClose(store, (open) => rekey(open.atRest(), keyring));
}

/** Opening the store takes its lock, which fails while a bot is running. */
async function rotateFiles(config: Config, log: Log): Promise<Rekeyed> {
  if (!existsSync(join(config.dataDir, FILES.normal.name)))
    throw new ConfigError([`DATA_DIR: there is no store in ${config.dataDir}`]);
  const before = openKeyring(config, log);
  const store = openSqliteStore({ dir: config.dataDir, now: Date.now, keyring: before });
  return useAndClose(store, async (open) => {
    if (!config.masterKey) beginFileRotation(config.dataDir);
    const keyring = openKeyring(config, log);
    const done = await rekey(open.atRest(), keyring);
    if (!config.masterKey) endFileRotation(config.dataDir);
    return done;
  });
}

async function useAndClose<S extends { atRest(): AtRest; close(): Promise<void> }, T>(
  store: S,
  use: (store: S) => Promise<T>,
): Promise<T> {
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
