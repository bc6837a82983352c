import { mkdirSync } from "node:fs";
import type { Bot } from "grammy";
import { createUpdates } from "../src/app/updates.ts";
import { createClock } from "../src/lib/clock.ts";
import { createKeyring, generateKey, parseKey } from "../src/lib/crypto.ts";
import { createLog } from "../src/lib/log.ts";
import { Secret } from "../src/lib/secret.ts";
import { createLocalLeases } from "../src/services/leases.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";

/** Polls for the bot as Sauda does: an update is stored in the embedded store's inbox before it is handled. */
export async function pollThroughInbox(bot: Bot, dir: string): Promise<void> {
  const [clock, log] = [createClock(null), createLog({ level: "warn" })];
  const keyring = createKeyring({ current: parseKey(generateKey()) });
  mkdirSync(dir, { recursive: true });
  await bot.init();
  const updates = createUpdates({
    bot: bot as never,
    token: new Secret(bot.token),
    config: { mode: "polling", publicUrl: "" },
    store: openSqliteStore({ dir, now: () => clock.now(), keyring }),
    leases: createLocalLeases(),
    clock,
    log,
    outageNotice: { failed: () => undefined, recovered: () => undefined },
  });
  await updates.start();
}
