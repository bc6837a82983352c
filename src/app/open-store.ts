import type { Log } from "../lib/log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { openSqliteStore } from "../store/sqlite/store.ts";
import type { Config } from "./config.ts";
import { openKeyring } from "./keyring.ts";

const RETRY_MS = 5_000;

/** MongoDB when it is configured, waited for until it answers; the embedded store otherwise. */
export async function openStore(config: Config, clock: Clock, log: Log): Promise<Store> {
  const keyring = openKeyring(config, log);
  const now = (): number => clock.now();
  if (!config.mongoUri) return openSqliteStore({ dir: config.dataDir, now, keyring });
  // The driver is loaded where it is used: the embedded store does without its 30 MB.
  const { openMongoStore } = await import("../store/mongo/store.ts");
  for (;;) {
    try {
      return await openMongoStore({ uri: config.mongoUri, now, keyring });
    } catch (error) {
      log.error({ err: error, retryInMs: RETRY_MS }, "MongoDB cannot be reached; waiting for it");
      await clock.sleep(RETRY_MS);
    }
  }
}
