import { startBareBot, startSauda, type BotProcess } from "./bot-process.ts";
import { openHome } from "./household.ts";
import { startLeanTelegram, type BotCall } from "./lean-telegram.ts";
import { ASHA, nameOf } from "./people.ts";
import { median, quantile, round } from "./stats.ts";

// From starting the process to the answer to /help, which waits at Telegram since before: Sauda on a filled embedded
// store beside grammY alone, alternating, each with its compile cache warm. `node bench/start.ts [runs]`.

const RUNS = Number(process.argv[2] ?? 11);
const LIMIT_MS = 30_000;
const chat = { id: ASHA, type: "private", first_name: nameOf(ASHA) };

const home = await openHome("sqlite", { people: [ASHA] });
if (!home) throw new Error("no store");
let answered: (call: BotCall) => void = () => undefined;
const telegram = await startLeanTelegram((call) => {
  if (call.method === "sendMessage") answered(call);
});
// On the machine's clock: one that starts over with each process would have the last one's leases still to run.
const settings = {
  ...home.settings,
  SAUDA_CLOCK: "",
  TELEGRAM_BOT_TOKEN: telegram.token,
  TELEGRAM_API_ROOT: telegram.url,
};

async function first(start: () => BotProcess): Promise<{ ms: number; call: BotCall }> {
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
  await bot.stop();
  return { ms, call };
}

const { call } = await first(() => startSauda(settings));
const replies = JSON.stringify({ "/help": [call] });
const sauda = (): BotProcess => startSauda(settings);
const bare = (): BotProcess => startBareBot({ ...settings, BARE_REPLIES: replies });
await first(bare);

const times = { sauda: [] as number[], bare: [] as number[] };
for (let run = 0; run < RUNS; run += 1) {
  times.bare.push((await first(bare)).ms);
  times.sauda.push((await first(sauda)).ms);
}
await telegram.close();
await home.close();

const row = (all: readonly number[]): object => ({
  runs: all.length,
  "median ms": Math.round(median(all)),
  "fastest ms": Math.round(quantile(all, 0)),
  "slowest ms": Math.round(quantile(all, 1)),
});
console.table({
  Sauda: row(times.sauda),
  "bare grammY": row(times.bare),
  ratio: { "median ms": round(median(times.sauda) / median(times.bare)) },
});
