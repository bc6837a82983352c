import { setTimeout as delay } from "node:timers/promises";
import { createExchange } from "../connectors/paper/exchange/exchange.ts";
import { startBrokersServer } from "../playground/brokers/server.ts";
import { simulatedYahoo } from "../playground/yahoo/yahoo.ts";
import { createClock } from "../src/lib/clock.ts";
import { STARTS_AT } from "./household.ts";
import { startLeanTelegram, type BotCall } from "./lean-telegram.ts";
import { nameOf } from "./people.ts";
import { quantile, round } from "./stats.ts";

// Runs in a process of its own: Telegram, Yahoo for the paper accounts' prices, and the people who write to the bot. Each
// waits for an answer and then writes again.

/** One thing a person does, and how many Bot API calls the bot answers it with. */
export interface Turn {
  readonly says: { readonly text: string } | { readonly taps: string };
  readonly calls: number;
}

export type LoadCommand =
  /** Takes each turn once and returns the bot's calls. */
  | { readonly kind: "record"; readonly person: number; readonly turns: readonly Turn[] }
  | {
      readonly kind: "load";
      readonly turns: readonly Turn[];
      /** How many people are waiting for an answer at any time. */
      readonly chats: number;
      /** They take turns, so that nobody writes faster than a person may. */
      readonly people: readonly number[];
      /** Pause between an answer and the next message. */
      readonly pauseMs: number;
      readonly warmUpMs: number;
      readonly forMs: number;
    };

export type LoadAnswer =
  | { readonly kind: "ready"; readonly settings: Readonly<Record<string, string>> }
  | { readonly kind: "recorded"; readonly calls: readonly (readonly BotCall[])[] }
  | {
      readonly kind: "measured";
      /** Turns in all, those of the warm-up included. */
      readonly turns: number;
      readonly perSecond: number;
      readonly p50: number;
      readonly p99: number;
    };

interface Waiting {
  readonly calls: BotCall[];
  readonly wanted: number;
  readonly done: (calls: BotCall[]) => void;
}

const GIVE_UP_MS = 30_000;
const waiting = new Map<number, Waiting>();
let taps = 0;
const telegram = await startLeanTelegram((call) => {
  const { method, params } = call;
  const query = params["callback_query_id"];
  const chat = Number(typeof query === "string" ? query.split("-")[0] : params["chat_id"]);
  const waits = waiting.get(chat);
  if (!waits || method === "sendChatAction") return;
  waits.calls.push(call);
  if (waits.calls.length < waits.wanted) return;
  waiting.delete(chat);
  waits.done(waits.calls);
});

function take(person: number, { says, calls }: Turn): Promise<BotCall[]> {
  const from = { id: person, is_bot: false, first_name: nameOf(person) };
  const chat = { id: person, type: "private", first_name: nameOf(person) };
  const date = 1_795_409_400;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer to ${JSON.stringify(says)} for ${person}`)), GIVE_UP_MS);
    const done = (all: BotCall[]): void => (clearTimeout(timer), resolve(all));
    waiting.set(person, { calls: [], wanted: calls, done });
    if ("taps" in says) {
      taps += 1;
      const message = { message_id: 1, date, chat, text: "what it said" };
      telegram.push({
        callback_query: { id: `${person}-${taps}`, from, message, chat_instance: "1", data: says.taps },
      });
      return;
    }
    const { text } = says;
    const entities = text.startsWith("/")
      ? [{ type: "bot_command", offset: 0, length: text.split(" ")[0]?.length }]
      : [];
    telegram.push({ message: { message_id: 1, date, chat, from, text, entities } });
  });
}

async function load({
  turns,
  chats,
  people,
  pauseMs,
  warmUpMs,
  forMs,
}: LoadCommand & { kind: "load" }): Promise<LoadAnswer> {
  const free = [...people];
  const times: number[] = [];
  let taken = 0;
  const from = performance.now() + warmUpMs;
  const until = from + forMs;
  const write = async (): Promise<void> => {
    while (performance.now() < until) {
      const person = free.shift();
      if (person === undefined) throw new Error("more chats than people");
      for (const turn of turns) {
        const startedAt = performance.now();
        await take(person, turn);
        const endedAt = performance.now();
        taken += 1;
        if (endedAt >= from && endedAt < until) times.push(endedAt - startedAt);
        if (pauseMs > 0) await delay(pauseMs);
      }
      free.push(person);
    }
  };
  await Promise.all(Array.from({ length: chats }, write));
  return {
    kind: "measured",
    turns: taken,
    perSecond: Math.round((times.length * 1_000) / forMs),
    p50: round(quantile(times, 0.5)),
    p99: round(quantile(times, 0.99)),
  };
}

async function record(person: number, turns: readonly Turn[]): Promise<LoadAnswer> {
  const calls: BotCall[][] = [];
  for (const turn of turns) calls.push(await take(person, turn));
  return { kind: "recorded", calls };
}

const say = (answer: LoadAnswer): void => void process.send?.(answer);
process.on("message", (command: LoadCommand) => {
  const answer = command.kind === "load" ? load(command) : record(command.person, command.turns);
  void answer.then(say);
});
process.on("disconnect", () => process.exit(0));
const clock = createClock(STARTS_AT);
const now = (): number => clock.now();
const yahoo = simulatedYahoo({ exchange: createExchange({ seed: 29, now }) });
const brokersServer = await startBrokersServer({ port: 0, brokers: [yahoo] });
const settings = {
  TELEGRAM_BOT_TOKEN: telegram.token,
  TELEGRAM_API_ROOT: telegram.url,
  ...yahoo.roots(brokersServer.base(yahoo.name)),
};
say({ kind: "ready", settings });
