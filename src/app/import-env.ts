import { fyers } from "../../connectors/fyers/index.ts";
import { userId } from "../domain/ids.ts";
import { ConfigError } from "../errors.ts";
import { createClock } from "../lib/clock.ts";
import { createLog } from "../lib/log.ts";
import { createAccounts } from "../services/accounts/accounts.ts";
import { importFyers } from "../services/accounts/import-fyers.ts";
import { createUsers } from "../services/people/users.ts";
import { runOrExit } from "./exit.ts";
import { openStore } from "./open-store.ts";
import { readSettings } from "./settings.ts";

/**
 * `npm run import-env`: imports a single-broker Fyers deployment. The bot must not be running on the embedded store.
 */
await runOrExit(async () => {
  const config = readSettings();
  const log = createLog({ level: "error" });
  const clock = createClock(config.startAt);
  const store = await openStore(config, clock, log);
  const users = createUsers({
    store,
    clock,
    log,
    ownerId: config.ownerId === null ? null : userId(config.ownerId),
  });
  const owner = config.ownerId === null ? await users.owner() : await users.ensure(userId(config.ownerId), "Owner");
  if (!owner)
    throw new ConfigError(["OWNER_ID: set it to the Telegram user id of the owner, who gets the imported link"]);
  const accounts = createAccounts({ store, clock, brokers: new Map(), log });
  const report = await importFyers({ accounts, fyers }, owner._id, process.env);
  for (const line of report.lines) process.stdout.write(`${line}\n`);
  await store.close();
  process.exitCode = report.isImported ? 0 : 1;
});
