import { fork } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startMongo } from "../test/mongo-server/mongo-server.ts";
import type { Recorded } from "./bare-bot.ts";
import { startBareBot, startSauda, type BotProcess } from "./bot-process.ts";
import { openHome, type Home } from "./household.ts";
import { ASHA } from "./people.ts";
import { median, round } from "./stats.ts";
import type { LoadAnswer, LoadCommand, Turn } from "./telegram-load.ts";

// Throughput and latency of updates over real HTTP: Sauda on the embedded store compared with grammY alone, with its runner
// and with Sauda's inbox, all making the calls that were recorded from Sauda. Telegram and the people run in a process of
// their own. Each row says how many people wait for an answer at a time; a thousand take turns, so that nobody passes
// Sauda's 120 updates a minute, and this Telegram has no flood limits. Then the latency on MongoDB with few and with many
// users in the store.
// `node bench/update.ts [--seconds N] [--chats 1,10,100,1000] [--strangers 100000] [--only /help,tap]`

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    chats: { type: "string", default: "1,10,100,1000" },
    strangers: { type: "string", default: "100000" },
    only: { type: "string", default: "/help,/positions,tap,dialogue" },
  },
});
const FOR_MS = Number(values.seconds) * 1_000;
const WARM_UP_MS = 1_000;
const CHATS = values.chats.split(",").map(Number);
const STRANGERS = Number(values.strangers);
const PEOPLE = Array.from({ length: 1_000 }, (_, at) => ASHA + at);
const FEW = PEOPLE.slice(0, 10);
/** With ten people taking turns, keeps each below 120 updates a minute. */
const FEW_PAUSE_MS = 60;
const ROUNDS = 3;
/** FerretDB v1 reads the whole collection for each filter and each batch of a scan: more would measure only that. */
const FERRETDB_STRANGERS = 2_000;

const SCRIPTS: Readonly<Record<string, readonly Turn[]>> = {
  "/help": [{ says: { text: "/help" }, calls: 1 }],
  "/positions": [{ says: { text: "/positions" }, calls: 1 }],
  tap: [{ says: { taps: "pos:0" }, calls: 2 }],
  dialogue: [
    { says: { text: "/buy" }, calls: 1 },
    { says: { text: "SBIN" }, calls: 1 },
    { says: { text: "10" }, calls: 1 },
  ],
};

type Measured = Extract<LoadAnswer, { kind: "measured" }> & {
  /** CPU time that the bot used per update. */
  readonly cpuMs: number;
};

/** Telegram and the people in one process, and the bot that serves them in another. */
interface Stage {
  ask(command: LoadCommand): Promise<LoadAnswer>;
  cpuMs(): number;
  stop(): Promise<void>;
}

async function openStage(start: (telegram: Readonly<Record<string, string>>) => BotProcess): Promise<Stage> {
  const load = fork(join(import.meta.dirname, "telegram-load.ts"));
  let bot: BotProcess | null = null;
  const ended = new Promise<never>((_, reject) =>
    load.once("exit", () => reject(new Error(`the load ended: ${bot?.output() ?? ""}`))),
  );
  ended.catch(() => undefined);
  const answer = (): Promise<LoadAnswer> =>
    Promise.race([
      ended,
      new Promise<LoadAnswer>((resolve) => load.once("message", (message) => resolve(message as LoadAnswer))),
    ]);
  const ready = await answer();
  if (ready.kind !== "ready") throw new Error("no load");
  const started = start(ready.settings);
  bot = started;
  return {
    ask(command) {
      load.send(command);
      return answer();
    },
    cpuMs: () => started.cpuMs(),
    async stop() {
      await started.stop();
      load.disconnect();
    },
  };
}

const openSauda = (home: Home): Promise<Stage> =>
  openStage((telegram) => startSauda({ ...home.settings, ...telegram }));
const openBare = (recorded: Recorded, polling: Readonly<Record<string, string>>): Promise<Stage> =>
  openStage((telegram) => startBareBot({ ...telegram, BARE_REPLIES: JSON.stringify(recorded), ...polling }));

async function recordCalls(stage: Stage): Promise<Recorded> {
  const turns = Object.values(SCRIPTS).flat();
  const answer = await stage.ask({ kind: "record", person: ASHA, turns });
  if (answer.kind !== "recorded") throw new Error("nothing recorded");
  return Object.fromEntries(
    turns.map(({ says }, at) => ["text" in says ? says.text : says.taps, answer.calls[at] ?? []]),
  );
}

type Load = Partial<Extract<LoadCommand, { kind: "load" }>>;

async function measure(stage: Stage, turns: readonly Turn[], chats: number, other: Load = {}): Promise<Measured> {
  const usual = { people: PEOPLE, pauseMs: 0, warmUpMs: WARM_UP_MS, forMs: FOR_MS };
  const cpuBefore = stage.cpuMs();
  const answer = await stage.ask({ kind: "load", turns, chats, ...usual, ...other });
  if (answer.kind !== "measured") throw new Error("nothing measured");
  return { ...answer, cpuMs: round((stage.cpuMs() - cpuBefore) / answer.turns) };
}

async function compareWithBareBot(): Promise<void> {
  const home = await openHome("sqlite", { people: PEOPLE });
  if (!home) throw new Error("no store");
  const sauda = await openSauda(home);
  const recorded = await recordCalls(sauda);
  const bare = await openBare(recorded, {});
  const runner = await openBare(recorded, { BARE_RUNNER: "yes" });
  const inbox = await openBare(recorded, { BARE_INBOX: join(home.settings["DATA_DIR"] ?? "", "bare-inbox") });
  const rows: Record<string, object> = {};
  for (const name of values.only.split(",")) {
    const turns = SCRIPTS[name] ?? [];
    for (const chats of CHATS) {
      const [limit, ours] = [await measure(bare, turns, chats), await measure(sauda, turns, chats)];
      const [parallel, durable] = [await measure(runner, turns, chats), await measure(inbox, turns, chats)];
      rows[`${name}, ${chats} ${chats === 1 ? "chat" : "chats"}`] = {
        "ours /s": ours.perSecond,
        "bare /s": limit.perSecond,
        ratio: round(ours.perSecond / limit.perSecond),
        "runner /s": parallel.perSecond,
        "its ratio": round(ours.perSecond / parallel.perSecond),
        "inbox /s": durable.perSecond,
        "ours p50 ms": ours.p50,
        "ours p99 ms": ours.p99,
        "bare p50 ms": limit.p50,
        "bare p99 ms": limit.p99,
        "ours CPU ms": ours.cpuMs,
        "bare CPU ms": limit.cpuMs,
        "runner CPU ms": parallel.cpuMs,
        "inbox CPU ms": durable.cpuMs,
      };
    }
  }
  await sauda.stop();
  await bare.stop();
  await runner.stop();
  await inbox.stop();
  await home.close();
  console.table(rows);
}

/** One chat at a time, alternating, so that it compares the handling and not a queue. */
async function compareUserCounts(): Promise<void> {
  const server = await startMongo();
  if ("skipped" in server) return console.log(server.skipped);
  const most = server.engine === "ferretdb" ? Math.min(STRANGERS, FERRETDB_STRANGERS) : STRANGERS;
  const homes = await Promise.all([0, most].map((strangers) => openHome("mongo", { people: FEW, strangers }, server)));
  const stages = await Promise.all(homes.flatMap((home) => (home ? [openSauda(home)] : [])));
  const times = stages.map((): Measured[] => []);
  const turns = SCRIPTS["/positions"] ?? [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, stage] of stages.entries())
      times[at]?.push(await measure(stage, turns, 1, { people: FEW, pauseMs: FEW_PAUSE_MS }));
  }
  const [few = 0, many = 0] = times.map((all) => median(all.map(({ p50 }) => p50)));
  for (const stage of stages) await stage.stop();
  for (const home of homes) await home?.close();
  await server.stop();
  console.table({
    [`${FEW.length} users on ${server.engine}`]: { "/positions p50 ms": few },
    [`${FEW.length + most} users`]: { "/positions p50 ms": many },
    ratio: { "/positions p50 ms": round(many / few) },
  });
}

await compareWithBareBot();
if (STRANGERS > 0) await compareUserCounts();
