import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fyers } from "../../../connectors/fyers/index.ts";
import { userId } from "../../../src/domain/ids.ts";
import { createKeyring, generateKey, parseKey } from "../../../src/lib/crypto.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createAccounts, type Accounts } from "../../../src/services/accounts/accounts.ts";
import { importFyers } from "../../../src/services/accounts/import-fyers.ts";
import { openSqliteStore, type SqliteStore } from "../../../src/store/sqlite/store.ts";

const OWNER = userId(1001);
const OLD = {
  FYERS_CLIENT_ID: "DEMOAPP123-100",
  FYERS_SECRET_ID: "MARKERSECRET1",
  FYERS_PIN: "4729",
  FYERS_ACCESS_TOKEN: "stale",
};
const clock = { now: () => 1_795_500_000_000, sleep: async () => undefined };

let dir: string;
let store: SqliteStore;
let accounts: Accounts;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sauda-import-"));
  store = openSqliteStore({ dir, now: clock.now, keyring: createKeyring({ current: parseKey(generateKey()) }) });
  accounts = createAccounts({ store, clock, brokers: new Map(), log: createLog({ level: "silent" }) });
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

it("creates the owner's Fyers link from the old variables and reports no values", async () => {
  const report = await importFyers({ accounts, fyers }, OWNER, OLD);
  expect(report.isImported).toBe(true);
  const [link] = await accounts.all(OWNER);
  expect(link?.broker_name).toBe("fyers");
  expect(link?.credentials["secret_id"]?.reveal()).toBe("MARKERSECRET1");
  expect(report.lines.join("\n")).not.toMatch(/MARKERSECRET1|4729|stale/);
});

it("imports once: the second run changes nothing", async () => {
  await importFyers({ accounts, fyers }, OWNER, OLD);
  const again = await importFyers({ accounts, fyers }, OWNER, OLD);
  expect(again.isImported).toBe(false);
  expect(await accounts.all(OWNER)).toHaveLength(1);
});

it("names what is missing or malformed and imports nothing", async () => {
  const report = await importFyers({ accounts, fyers }, OWNER, { FYERS_CLIENT_ID: "nonsense" });
  expect(report.lines).toEqual([
    "FYERS_SECRET_ID: not set",
    "FYERS_CLIENT_ID: does not look like Fyers' client_id",
    "Nothing was imported.",
  ]);
  expect(await accounts.all(OWNER)).toEqual([]);
});
