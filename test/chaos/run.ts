import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { BrokerName } from "../../src/domain/ids.ts";
import { istInstant } from "../../src/domain/market.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { createAccounts } from "../../src/services/accounts/accounts.ts";
import { createJournal, type Intent } from "../../src/services/orders/journal.ts";
import { createLimits } from "../../src/services/orders/limits.ts";
import { type MongoServer, startMongo } from "../mongo-server/mongo-server.ts";
import { retryFor } from "../retry-for.ts";
import { asGiven } from "../services/stub-broker.ts";
import { seededRandom } from "../seeded-random.ts";
import { ASHA, type BotConfig, clockOf, openStore } from "./bot.ts";
import { onePanic } from "./panics.ts";
import { type Counts, oneOrder } from "./person.ts";
import { type BotProcess, createBotProcess } from "./process.ts";
import { DEFINITIONS, openStreet, type Street } from "./street.ts";
import { judge, type Verdict } from "./verdict.ts";

// npm run chaos [-- --orders 100 --panics 2 --store sqlite --seed 7]: the real services under random faults.

const { values } = parseArgs({
  options: {
    orders: { type: "string" },
    panics: { type: "string" },
    store: { type: "string" },
    seed: { type: "string" },
  },
});
const ORDERS = Number(values.orders ?? 1_000);
const PANICS = Number(values.panics ?? 10);
/** The same seed repeats the decisions of a run, but not its timing. */
const SEED = Number(values.seed ?? Date.now() % 100_000);
const STORES = values.store === undefined ? ["sqlite", "mongo"] : [values.store];
const AT_ONCE = { sqlite: 12, mongo: 8 } as const;
const SETTLE_MS = 60_000;
const SETTLE_STEP_MS = 6_000;
/** On MongoDB two processes share the machine with its server, so they get more time to start between kills. */
const KILL_EVERY_MS = { sqlite: [300, 2_500], mongo: [4_000, 15_000] } as const;
const PANIC_KILL_EVERY_MS = [3_000, 12_000] as const;
const STORE_FAULT_EVERY_MS = 30_000;
/** Longer than the driver's heartbeat and timeout, so that it gives up on the server and on every call in progress. */
const STORE_STALL_MS = 16_000;
const STORE_IS_BACK_WITHIN_MS = 60_000;

interface Result extends Verdict, Counts {
  readonly store: string;
  readonly kills: number;
  readonly storeKills: number;
  readonly storeStalls: number;
  readonly panics: number;
  /** Positions that were closed more than once, and delivery sales that were bought back. */
  readonly overclosed: number;
  readonly seconds: number;
}

async function run(engine: "sqlite" | "mongo", mongo: MongoServer | null): Promise<Result> {
  const random = seededRandom(SEED + (engine === "mongo" ? 1 : 0));
  const dir = mkdtempSync(join(tmpdir(), "chaos-"));
  const offsetMs = istInstant("2026-11-23", "10:00") - Date.now();
  const clock = clockOf({ offsetMs });
  let frozenAt: number | null = null;
  const street = await openStreet(() => frozenAt ?? clock.now(), random);
  const config: BotConfig = {
    store: { engine, place: mongo?.uri ?? dir, database: `chaos${SEED}` },
    key: randomBytes(32).toString("base64"),
    offsetMs,
    roots: street.roots,
  };
  await linkAccounts(config, clock, street);
  // Two processes on MongoDB; the embedded store belongs to one.
  const bots = Array.from({ length: engine === "mongo" ? 2 : 1 }, () => createBotProcess(config));
  await Promise.all(bots.map((bot) => bot.start()));
  const counts: Counts = { taps: 0, deliveries: 0, updates: 0, cancels: 0 };
  const store = { kills: 0, stalls: 0 };
  const startedAt = performance.now();
  street.injectFaults();
  const ended = new AbortController();
  const killers = [
    ...bots.map((bot) => killForever(bot, KILL_EVERY_MS[engine], random, ended.signal)),
    ...(mongo?.isOurs ? [disturbForever(mongo, store, ended.signal)] : []),
  ];
  let next = 0;
  const placeOrders = async (): Promise<void> => {
    while (next < ORDERS) await oneOrder((next += 1), bots, random, counts);
  };
  await Promise.all(Array.from({ length: AT_ONCE[engine] }, placeOrders));
  ended.abort();
  await Promise.all(killers);
  const overclosed = await runPanics(bots, street, random);
  street.clearFaults();
  const kills = bots.reduce((sum, bot) => sum + bot.kills, 0);
  await settle(config, clock, bots);
  // The exchange stands still for the last look, so that record and book are of the same moment.
  frozenAt = clock.now();
  await retryFor(STORE_IS_BACK_WITHIN_MS, () => lastLook(bots[0]));
  await Promise.all(bots.map((bot) => bot.kill()));
  const verdict = judge(await readAll(config, clock), street.book());
  await street.close();
  rmSync(dir, { recursive: true, force: true });
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  const details = [...overclosed, ...verdict.details];
  const faults = { kills, storeKills: store.kills, storeStalls: store.stalls };
  const counted = { ...faults, panics: PANICS, overclosed: overclosed.length, seconds };
  return { store: mongo?.engine ?? engine, ...verdict, details, ...counts, ...counted };
}

/** Kills less often than while orders are placed: otherwise most panics would never reach their exits. */
async function runPanics(bots: readonly BotProcess[], street: Street, random: () => number): Promise<string[]> {
  const ended = new AbortController();
  const killers = bots.map((bot) => killForever(bot, PANIC_KILL_EVERY_MS, random, ended.signal));
  const overclosed: string[] = [];
  for (let n = 1; n <= PANICS; n += 1) overclosed.push(...(await onePanic(n, bots, street, random)));
  ended.abort();
  await Promise.all(killers);
  return overclosed;
}

async function lastLook(bot: BotProcess | undefined): Promise<void> {
  const answer = await bot?.ask({ kind: "look" });
  if (answer?.kind !== "looked") throw new Error(`the last look failed: ${JSON.stringify(answer)}`);
}

async function linkAccounts(config: BotConfig, clock: Clock, street: Street): Promise<void> {
  const store = await openStore(config, clock);
  const accounts = createAccounts({ store, clock, brokers: new Map(), log: createLog({ level: "silent" }) });
  const isLinked = async (name: BrokerName): Promise<boolean> =>
    (await accounts.active(ASHA)).some((link) => link.broker_name === name);
  async function link(name: BrokerName): Promise<void> {
    if (await isLinked(name)) return;
    const credentials = Object.entries(street.credentials.get(name) ?? {});
    const secrets = Object.fromEntries(credentials.map(([field, value]) => [field, new Secret(value)]));
    const { _id } = await accounts.add(ASHA, name, secrets);
    const tokens = await street.logIn(name);
    await accounts.update(_id, () => ({ is_active: true, tokens }));
  }
  for (const { name } of DEFINITIONS) await retryFor(STORE_IS_BACK_WITHIN_MS, () => link(name));
  const journal = createJournal({ store, clock });
  const limits = createLimits({
    log: createLog({ level: "silent" }),
    store,
    clock,
    accounts,
    journal,
    closes: asGiven,
    nextTradingDay: (today) => today,
  });
  // A tap confirms or is too late: no card asks again.
  await retryFor(STORE_IS_BACK_WITHIN_MS, () => limits.set(ASHA, "driftBasisPoints", null));
  await store.close();
}

async function killForever(
  bot: BotProcess,
  [least, most]: readonly [number, number],
  random: () => number,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    await delay(least + random() * (most - least), undefined, { signal: ended }).catch(() => undefined);
    if (ended.aborted) return;
    await bot.kill();
    await startAgain(bot);
  }
}

/** A bot cannot start while its store is down, so this tries again. */
async function startAgain(bot: BotProcess): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const error = await bot.start().then(
      () => null,
      (cause: unknown) => cause,
    );
    if (error === null) return;
    if (tries === 20) throw error;
    await delay(500);
  }
}

/** Kills and stalls the server in turn. */
async function disturbForever(
  mongo: MongoServer,
  store: { kills: number; stalls: number },
  ended: AbortSignal,
): Promise<void> {
  for (let turn = 1; !ended.aborted; turn += 1) {
    await delay(STORE_FAULT_EVERY_MS, undefined, { signal: ended }).catch(() => undefined);
    if (ended.aborted) return;
    if (turn % 2 === 0) {
      await mongo.stall(STORE_STALL_MS);
      store.stalls += 1;
    } else {
      await mongo.kill();
      await delay(300);
      await mongo.restart();
      store.kills += 1;
    }
  }
}

/** Lets the bots go on without faults until every order is final or rests in the book. */
async function settle(config: BotConfig, clock: Clock, bots: readonly BotProcess[]): Promise<void> {
  const isEmbedded = config.store.engine === "sqlite";
  const endsAt = performance.now() + SETTLE_MS;
  for (let isOver = false; !isOver && performance.now() < endsAt;) {
    await delay(SETTLE_STEP_MS);
    // Only one process can open the embedded store, so the bot must end before it can be read here.
    if (isEmbedded) await Promise.all(bots.map((bot) => bot.kill()));
    const intents = await readAll(config, clock);
    isOver = intents.every((intent) => intent.confirmedAt === null || !intent.legs.some(isMoving));
    if (isEmbedded) await Promise.all(bots.map(startAgain));
  }
}

const isMoving = ({ state }: Intent["legs"][number]): boolean => state === "sending" || state === "unknown";

const readAll = (config: BotConfig, clock: Clock): Promise<Intent[]> =>
  retryFor(STORE_IS_BACK_WITHIN_MS, async () => {
    const store = await openStore(config, clock);
    try {
      return await createJournal({ store, clock }).ofUser(ASHA, {});
    } finally {
      await store.close();
    }
  });

function print(results: readonly Result[]): void {
  const states = [...new Set(results.flatMap((result) => Object.keys(result.states)))].sort();
  console.table(
    Object.fromEntries(
      results.map((result) => [
        result.store,
        {
          confirmed: result.confirmed,
          taps: result.taps,
          updates: result.updates,
          delivered: result.deliveries,
          "kill -9": result.kills,
          "store kills": result.storeKills,
          "store stalls": result.storeStalls,
          cancels: result.cancels,
          panics: result.panics,
          ...Object.fromEntries(states.map((state) => [state, result.states[state] ?? 0])),
          duplicated: result.duplicated,
          lost: result.lost,
          wrong: result.wrong,
          overclosed: result.overclosed,
          seconds: result.seconds,
        },
      ]),
    ),
  );
  for (const { details } of results) for (const detail of details.slice(0, 20)) console.log(detail);
}

console.log(`${ORDERS} orders and ${PANICS} panics a store, seed ${SEED}`);
const results: Result[] = [];
for (const engine of STORES) {
  const mongo = engine === "mongo" ? await startMongo() : null;
  if (mongo && "skipped" in mongo) {
    console.log(`MongoDB skipped: ${mongo.skipped}`);
    continue;
  }
  try {
    results.push(await run(engine === "mongo" ? "mongo" : "sqlite", mongo));
  } finally {
    await mongo?.stop();
  }
}
print(results);
const isClean = results.every((result) => result.duplicated + result.lost + result.wrong + result.overclosed === 0);
const hasAll = results.every((result) => result.confirmed >= ORDERS);
console.log(isClean && hasAll ? "No order was duplicated, lost or wrong, no position closed twice." : "FAILED");
process.exit(isClean && hasAll ? 0 : 1);
