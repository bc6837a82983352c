import { join } from "node:path";
import { bundledMain } from "../src/app/bundle.ts";
import { startBareBot, startFromSources, startSauda, type BotProcess } from "./bot-process.ts";
import { openHome } from "./household.ts";
import { startLeanTelegram, type BotCall } from "./lean-telegram.ts";
import { ASHA, nameOf } from "./people.ts";
import { median, round } from "./stats.ts";

// Time from starting the process to its answer to a /help that waits at Telegram: Sauda on a filled embedded store, as
// `npm start` runs it and from its sources, compared with grammY alone, in turn, each with a warm compile cache.
// `node bench/start.ts [runs]`.

const RUNS = Number(process.argv[2] ?? 11);
const LIMIT_MS = 30_000;
const chat = { id: ASHA, type: "private", first_name: nameOf(ASHA) };

if (!bundledMain(join(import.meta.dirname, ".."))) throw new Error('the sources have changed: "npm run build" first');
const home = await openHome("sqlite", { people: [ASHA] });
if (!home) throw new Error("no store");
let answered: (call: BotCall) => void = () => undefined;
const telegram = await startLeanTelegram((call) => {
  if (call.method === "sendMessage") answered(call);
});
// The machine's clock: a pretended one would start over with each process, and the last one's leases would not have expired.
const settings = {
  ...home.settings,
  SAUDA_CLOCK: "",
  TELEGRAM_BOT_TOKEN: telegram.token,
  TELEGRAM_API_ROOT: telegram.url,
};

interface First {
  readonly ms: number;
  readonly cpuMs: number;
  readonly call: BotCall;
}

async function first(start: () => BotProcess): Promise<First> {
  telegram.push({
    message: {
      message_id: 1,
      date: 1_795_409_400,
      chat,
      from: { ...chat, is_bot: false },
      text: "/help",
      entities: [{ type: "bot_command", offset: 0, length: 5 }],
    },
  });
  const startedAt = performance.now();
  const bot = start();
  const call = await new Promise<BotCall>((resolve, reject) => {
    answered = resolve;
    setTimeout(() => reject(new Error(`no answer: ${bot.output()}`)), LIMIT_MS).unref();
  });
  const ms = performance.now() - startedAt;
  const cpuMs = bot.cpuMs();
  await bot.stop();
  return { ms, cpuMs, call };
}

const { call } = await first(() => startSauda(settings));
const replies = JSON.stringify({ "/help": [call] });
const sauda = (): BotProcess => startSauda(settings);
const sources = (): BotProcess => startFromSources(settings);
const bare = (): BotProcess => startBareBot({ ...settings, BARE_REPLIES: replies });
await first(bare);
await first(sources);

const runs = { sauda: [] as First[], sources: [] as First[], bare: [] as First[] };
for (let run = 0; run < RUNS; run += 1) {
  runs.bare.push(await first(bare));
  runs.sauda.push(await first(sauda));
  runs.sources.push(await first(sources));
}
await telegram.close();
await home.close();

const row = (all: readonly First[]): { "median ms": number; "CPU ms": number; [more: string]: number } => ({
  runs: all.length,
  "median ms": Math.round(median(all.map(({ ms }) => ms))),
  "fastest ms": Math.round(Math.min(...all.map(({ ms }) => ms))),
  "slowest ms": Math.round(Math.max(...all.map(({ ms }) => ms))),
  "CPU ms": Math.round(median(all.map(({ cpuMs }) => cpuMs))),
});
const [ours, limit] = [row(runs.sauda), row(runs.bare)];
console.table({
  Sauda: ours,
  "bare grammY": limit,
  ratio: {
    "median ms": round(ours["median ms"] / limit["median ms"]),
    "CPU ms": round(ours["CPU ms"] / limit["CPU ms"]),
  },
  "Sauda, not bundled": row(runs.sources),
});
