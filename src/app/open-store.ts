import { ConfigError } from "../errors.ts";
import type { Keyring } from "../lib/crypto.ts";
import type { Log } from "../lib/log.ts";
import { createFailureLog } from "../lib/failure-log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { isWrongKey, type AtRest } from "../store/rekey.ts";
import { openSqliteStore } from "../store/sqlite/store.ts";
import type { Config } from "./config.ts";
import { requireDataDir } from "./data-dir.ts";
import { openKeyring } from "./keyring.ts";

const RETRY_MS = 5_000;

/** The collection that holds every user's broker keys. */
const LINKS = "user_brokers";

/**
 * Opens MongoDB if configured (waiting until it answers), otherwise the embedded store. Throws ConfigError for a wrong
 * key.
 */
export async function openStore(config: Config, clock: Clock, log: Log): Promise<Store> {
  requireDataDir(config.dataDir);
  const keyring = openKeyring(config, log);
  const now = (): number => clock.now();
  if (!config.mongoUri) return requireRightKey(openSqliteStore({ dir: config.dataDir, now, keyring }), keyring);
  // Loaded only here: the driver takes 30 MB that the embedded store does not need.
  const { openMongoStore } = await import("../store/mongo/store.ts");
  const words = { failed: "MongoDB cannot be reached; waiting for it", recovered: "MongoDB can be reached" };
  const failures = createFailureLog(log, words, { retryInMs: RETRY_MS });
  for (;;) {
    try {
      const store = await requireRightKey(await openMongoStore({ uri: config.mongoUri, now, keyring }), keyring);
      failures.recovered();
      return store;
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      failures.failed(error);
      await clock.sleep(RETRY_MS);
    }
  }
}

/** With a wrong key no account works, and whatever it writes could not be read with the right key later. */
async function requireRightKey<S extends Store & { atRest(): AtRest }>(store: S, keyring: Keyring): Promise<S> {
  const isWrong = await isWrongKey(store.atRest(), LINKS, keyring).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  if (!isWrong) return store;
  await store.close();
  throw new ConfigError([
    "MASTER_KEY: the stored accounts were encrypted with another key; start with that one, or put it into MASTER_KEY_PREVIOUS",
  ]);
}
