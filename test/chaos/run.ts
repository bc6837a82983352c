import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { istInstant } from "../../src/domain/market.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { createAccounts } from "../../src/services/accounts.ts";
import { createJournal, type Intent } from "../../src/services/orders/journal.ts";
import { type MongoServer, startMongo } from "../mongo-server/mongo-server.ts";
import { ASHA, type BotConfig, clockOf, openStore } from "./bot.ts";
import { type BotProcess, createBotProcess } from "./process.ts";
import type { Answer } from "./protocol.ts";
import { DEFINITIONS, openStreet, type Street } from "./street.ts";
import { judge, type Verdict } from "./verdict.ts";

// npm run chaos [-- --orders 100 --store sqlite --seed 7]: orders through the real services under random faults.

const { values } = parseArgs({
  options: { orders: { type: "string" }, store: { type: "string" }, seed: { type: "string" } },
});
const ORDERS = Number(values.orders ?? 1_000);
const SEED = Number(values.seed ?? Date.now() % 100_000);
const STORES = values.store === undefined ? ["sqlite", "mongo"] : [values.store];
const AT_ONCE = { sqlite: 12, mongo: 8 } as const;
/** A person does not give up while everything around is being killed. */
const TRIES = 2_000;
const SETTLE_MS = 60_000;
const SETTLE_STEP_MS = 6_000;
/** Two processes share the machine with the MongoDB server: they get the time to start in between. */
const KILL_EVERY_MS = { sqlite: [300, 2_500], mongo: [4_000, 15_000] } as const;
const STORE_KILL_EVERY_MS = 30_000;

/** The same seed makes the same decisions; what the machine makes of their timing is its own. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Ticket = Extract<Answer, { kind: "ticket" }>;

interface Tally {
  taps: number;
  won: number;
  cancels: number;
  storeKills: number;
}

interface Result extends Verdict, Tally {
  readonly store: string;
  readonly kills: number;
  readonly seconds: number;
}

async function run(engine: "sqlite" | "mongo", mongo: MongoServer | null): Promise<Result> {
  const random = randomFrom(SEED + (engine === "mongo" ? 1 : 0));
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
  const tally: Tally = { taps: 0, won: 0, cancels: 0, storeKills: 0 };
  const began = performance.now();
  street.misbehave();
  const ended = new AbortController();
  const killers = [
    ...bots.map((bot) => killForever(bot, KILL_EVERY_MS[engine], random, ended.signal)),
    ...(mongo?.isOurs ? [restartForever(mongo, tally, ended.signal)] : []),
  ];
  let next = 0;
  const hand = async (): Promise<void> => {
    while (next < ORDERS) await oneOrder((next += 1), bots, random, tally);
  };
  await Promise.all(Array.from({ length: AT_ONCE[engine] }, hand));
  ended.abort();
  await Promise.all(killers);
  street.behave();
  const kills = bots.reduce((sum, bot) => sum + bot.kills, 0);
  await settle(config, clock, bots);
  // Prices stand still for the last look: the record and the book are of the same moment.
  frozenAt = clock.now();
  const lastLook = await bots[0]?.ask({ kind: "look", n: 0 });
  if (lastLook?.kind !== "looked") throw new Error(`the last look failed: ${JSON.stringify(lastLook)}`);
  await Promise.all(bots.map((bot) => bot.kill()));
  const verdict = judge(await readAll(config, clock), street.book());
  await street.close();
  rmSync(dir, { recursive: true, force: true });
  const seconds = Math.round((performance.now() - began) / 1_000);
  return { store: mongo?.engine ?? engine, ...verdict, ...tally, kills, seconds };
}

async function linkAccounts(config: BotConfig, clock: Clock, street: Street): Promise<void> {
  const store = await openStore(config, clock);
  const accounts = createAccounts({ store, clock, brokers: new Map() });
  for (const { name } of DEFINITIONS) {
    const credentials = Object.entries(street.credentials.get(name) ?? {});
    const secrets = Object.fromEntries(credentials.map(([field, value]) => [field, new Secret(value)]));
    const { _id } = await accounts.add(ASHA, name, secrets);
    const tokens = await street.logIn(name);
    await accounts.update(_id, () => ({ is_active: true, tokens }));
  }
  await store.close();
}

/** A person: makes a ticket, taps Confirm (often, and again later), sometimes cancels. Goes on whoever dies meanwhile. */
async function oneOrder(n: number, bots: readonly BotProcess[], random: () => number, tally: Tally): Promise<void> {
  const some = (): BotProcess => bots[Math.floor(random() * bots.length)] as BotProcess;
  const resting = random() < 0.25;
  const broker = DEFINITIONS[n % DEFINITIONS.length]?.name ?? "";
  const side = random() < 0.5 ? "BUY" : "SELL";
  // Now and then more than the account can pay for: those are refused, or rejected in the book.
  const qty = random() < 0.04 ? 4_000_000 : 1 + Math.floor(random() * 20);
  const times = random() < 0.05 ? 100 : 1 + Math.floor(random() * 4);
  const wantsCancel = resting && random() < 0.6;
  const wantsReplay = random() < 0.3;

  const makeTicket = async (): Promise<Ticket> => {
    let why = "";
    const ticket = await until(TRIES, async () => {
      const answer = await some().ask({ kind: "ticket", n, broker, side, qty, resting });
      if (answer?.kind === "failed") why = answer.why;
      return answer?.kind === "ticket" ? answer : null;
    });
    if (!ticket) throw new Error(`no ticket for order ${n}: ${why} ${bots.map((bot) => bot.complaint()).join()}`);
    return ticket;
  };
  const tap = async (bot: BotProcess, { confirmId }: Ticket, count: number): Promise<"lapsed" | "taken" | null> => {
    tally.taps += count;
    const answer = await bot.ask({ kind: "tap", n, confirmId, times: count });
    if (answer?.kind !== "tapped") return null;
    tally.won += answer.won;
    return answer.lapsed ? "lapsed" : "taken";
  };
  /** Taps that nobody answered are tapped again: then either an earlier one counted, or this one does. */
  const confirm = async (ticket: Ticket): Promise<"lapsed" | "taken"> => {
    const targets = bots.length > 1 && times > 1 ? bots : [some()];
    const first = await Promise.all(targets.map((bot) => tap(bot, ticket, times)));
    const told = first.includes("taken") ? "taken" : first.find((answer) => answer !== null);
    return told ?? (await until(TRIES, () => tap(some(), ticket, 1))) ?? "lapsed";
  };

  let ticket = await makeTicket();
  while ((await confirm(ticket)) === "lapsed") ticket = await makeTicket();
  if (wantsReplay) {
    await delay(200 + random() * 1_500);
    await tap(some(), ticket, 2);
  }
  if (wantsCancel) {
    await delay(300 + random() * 1_000);
    tally.cancels += 1;
    await some().ask({ kind: "cancel", n, id: ticket.id });
  }
}

async function until<T>(tries: number, ask: () => Promise<T | null>): Promise<T | null> {
  for (let at = 0; at < tries; at += 1) {
    const answer = await ask();
    if (answer !== null) return answer;
    await delay(150);
  }
  return null;
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

/** A store that is down keeps a bot from starting: it is started until it stays up. */
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

async function restartForever(mongo: MongoServer, tally: Tally, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    await delay(STORE_KILL_EVERY_MS, undefined, { signal: ended }).catch(() => undefined);
    if (ended.aborted) return;
    await mongo.kill();
    await delay(300);
    await mongo.restart();
    tally.storeKills += 1;
  }
}

/** The bots go on without faults until every order has an end or rests in the book. */
async function settle(config: BotConfig, clock: Clock, bots: readonly BotProcess[]): Promise<void> {
  const isEmbedded = config.store.engine === "sqlite";
  const endsAt = performance.now() + SETTLE_MS;
  for (let isOver = false; !isOver && performance.now() < endsAt;) {
    await delay(SETTLE_STEP_MS);
    // The embedded store is one process's: reading it means ending that one first.
    if (isEmbedded) await Promise.all(bots.map((bot) => bot.kill()));
    const intents = await readAll(config, clock);
    isOver = intents.every((intent) => intent.confirmedAt === null || !intent.legs.some(isMoving));
    if (isEmbedded) await Promise.all(bots.map(startAgain));
  }
}

const isMoving = ({ state }: Intent["legs"][number]): boolean => state === "sending" || state === "unknown";

async function readAll(config: BotConfig, clock: Clock): Promise<Intent[]> {
  const store = await openStore(config, clock);
  try {
    return await createJournal({ store, clock }).ofUser(ASHA, {});
  } finally {
    await store.close();
  }
}

function print(results: readonly Result[]): void {
  const states = [...new Set(results.flatMap((result) => Object.keys(result.states)))].sort();
  console.table(
    Object.fromEntries(
      results.map((result) => [
        result.store,
        {
          confirmed: result.confirmed,
          taps: result.taps,
          "taps that won": result.won,
          "kill -9": result.kills,
          "store kills": result.storeKills,
          cancels: result.cancels,
          ...Object.fromEntries(states.map((state) => [state, result.states[state] ?? 0])),
          duplicated: result.duplicated,
          lost: result.lost,
          wrong: result.wrong,
          seconds: result.seconds,
        },
      ]),
    ),
  );
  for (const { details } of results) for (const detail of details.slice(0, 20)) console.log(detail);
}

console.log(`${ORDERS} orders a store, seed ${SEED}`);
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
const isClean = results.every((result) => result.duplicated + result.lost + result.wrong === 0);
const hasAll = results.every((result) => result.confirmed >= ORDERS);
console.log(isClean && hasAll ? "No order was duplicated, lost or wrong." : "FAILED");
process.exit(isClean && hasAll ? 0 : 1);
