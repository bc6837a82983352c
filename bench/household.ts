import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { createExchange } from "../connectors/paper/exchange/exchange.ts";
import type { Exchange } from "../connectors/paper/exchange/types.ts";
import { brokerName, userId, type InstrumentKey, type LinkId } from "../src/domain/ids.ts";
import { istInstant } from "../src/domain/market.ts";
import { paiseFromRupees, price } from "../src/domain/money.ts";
import { createClock } from "../src/lib/clock.ts";
import { createKeyring, generateKey, parseKey } from "../src/lib/crypto.ts";
import { Secret } from "../src/lib/secret.ts";
import type { Clock } from "../src/ports/clock.ts";
import type { Store } from "../src/ports/store.ts";
import { createLog } from "../src/lib/log.ts";
import { createAccounts } from "../src/services/accounts/accounts.ts";
import { createUsers } from "../src/services/people/users.ts";
import { openMongoStore } from "../src/store/mongo/store.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import { ASHA, nameOf } from "./people.ts";
import { startMongo, type MongoServer } from "../test/mongo-server/mongo-server.ts";

/** A Monday in market hours, with hours left until the close. */
export const STARTS_AT = istInstant("2026-11-23", "10:30");
const MONTH_MS = 30 * 86_400_000;
const FIRST_STRANGER = 500_000;
const BATCH = 2_000;
const PAPER = brokerName("paper");
/** SBIN, RELIANCE, INFY: what every paper account of a benchmark holds a position in. */
const HELD: readonly InstrumentKey[] = ["NSE:3045", "NSE:2885", "NSE:1594"] as InstrumentKey[];

export type Engine = "sqlite" | "mongo";

/** A filled store and data directory, closed again, on which a bot's process can be started. */
export interface Home {
  /** What the store is: `sqlite`, `mongodb`, or `ferretdb` where no mongod is installed. */
  readonly engine: string;
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface Household {
  /** Traders with two paper accounts each and three positions in both. */
  readonly people: readonly number[];
  /** How many more users the store knows, who have no accounts; MongoDB only. */
  readonly strangers?: number;
  /** Called before the store is closed. */
  readonly prepare?: (store: Store, clock: Clock) => Promise<void>;
}

/** Null when the engine is not available on this machine. A `given` server is used and not stopped. */
export async function openHome(engine: Engine, household: Household, given?: MongoServer): Promise<Home | null> {
  const dir = mkdtempSync(join(tmpdir(), "bench-"));
  const clock = createClock(STARTS_AT);
  const now = (): number => clock.now();
  const key = generateKey();
  const keyring = createKeyring({ current: parseKey(key) });
  const settings = {
    PORT: "0",
    DATA_DIR: dir,
    MASTER_KEY: key,
    LOG_LEVEL: "warn",
    OWNER_ID: String(ASHA),
    SAUDA_CLOCK: new Date(STARTS_AT).toISOString(),
    YAHOO_API_ROOT: "http://127.0.0.1:9",
  };
  const clear = (): void => rmSync(dir, { recursive: true, force: true });
  if (engine === "sqlite") {
    await fill(openSqliteStore({ dir, now, keyring }), clock, dir, household);
    return { engine, settings, close: async () => clear() };
  }
  const server = given ?? (await startMongo());
  if ("skipped" in server) return null;
  const uri = withDatabase(server.uri, `bench_${randomUUID().slice(0, 8)}`);
  await fill(await openMongoStore({ uri: new Secret(uri), now, keyring }), clock, dir, household);
  await addStrangers(uri, household.strangers ?? 0);
  return {
    engine: server.engine,
    settings: { ...settings, MONGODB_URI: uri },
    async close() {
      if (!given) await server.stop();
      clear();
    },
  };
}

function withDatabase(uri: string, database: string): string {
  const [base = "", query = ""] = uri.split("?");
  return `${base.replace(/\/$/, "")}/${database}?${query}`;
}

async function fill(store: Store, clock: Clock, dir: string, { people, prepare }: Household): Promise<void> {
  const users = createUsers({ log: createLog({ level: "silent" }), store, clock, ownerId: userId(ASHA) });
  const accounts = createAccounts({ store, clock, brokers: new Map(), log: createLog({ level: "silent" }) });
  const links: LinkId[] = [];
  for (const person of people) {
    const { role } = await users.ensure(userId(person), nameOf(person));
    if (role === "pending") await users.update(userId(person), () => ({ role: "trader" }));
    for (const accountId of ["PAPER-1", "PAPER-2"]) {
      const { _id } = await accounts.add(userId(person), PAPER, {});
      const session = { accessToken: new Secret(accountId), issuedAt: STARTS_AT, expiresAt: STARTS_AT + MONTH_MS };
      await accounts.update(_id, () => ({
        is_active: true,
        account_id: accountId,
        tokens: { ...session, accountId },
      }));
      links.push(_id);
    }
  }
  await prepare?.(store, clock);
  await store.close();
  writeFileSync(join(dir, "paper.json"), JSON.stringify(bought(links).snapshot()));
}

/** Inserts copies of one user that the service made. They are pending, so no scheduled job runs for them. */
async function addStrangers(uri: string, count: number): Promise<void> {
  if (count === 0) return;
  const client = new MongoClient(uri);
  const users = client.db().collection<{ _id: string }>("users");
  const model = await users.findOne({ role: "trader" } as object);
  for (let from = 0; from < count; from += BATCH) {
    const size = Math.min(BATCH, count - from);
    await users.insertMany(
      Array.from({ length: size }, (_, at) => ({
        ...model,
        role: "pending",
        _id: String(FIRST_STRANGER + from + at),
      })),
    );
  }
  await client.close();
}

function bought(links: readonly LinkId[]): Exchange {
  let now = STARTS_AT - 60_000;
  const exchange = createExchange({ seed: 1, now: () => now, isAlwaysOpen: false });
  for (const link of links) {
    const account = exchange.account(link, { cash: paiseFromRupees(1_000_000) });
    for (const key of HELD) {
      account.place({
        tag: null,
        key,
        side: "BUY",
        productType: "INTRADAY",
        validity: "DAY",
        qty: 10,
        isAmo: false,
        terms: { type: "LIMIT", price: price(Math.round((exchange.quote(key).ltp * 1.01) / 500) * 500) },
      });
    }
  }
  now = STARTS_AT;
  exchange.advance();
  return exchange;
}
