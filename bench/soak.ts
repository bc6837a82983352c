import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createExchange } from "../connectors/paper/exchange/exchange.ts";
import { startBrokersServer } from "../playground/brokers/server.ts";
import { startPlayground } from "../playground/telegram/server.ts";
import type { TestChat } from "../playground/telegram/test-chat.ts";
import type { Message } from "../playground/telegram/types.ts";
import { simulatedYahoo } from "../playground/yahoo/yahoo.ts";
import { createClock } from "../src/lib/clock.ts";
import { startSauda, type BotProcess } from "./bot-process.ts";
import { openHome, STARTS_AT } from "./household.ts";
import type { Sample } from "./probe.ts";
import { round, slope } from "./stats.ts";

// Mixed load on the real process for half an hour: commands, buttons, dialogues, paper orders at simulated prices, and
// alerts that go off. `node bench/soak.ts [--minutes N]`. Exits with 1 on a logged error or a message without an answer.

const { values } = parseArgs({ options: { minutes: { type: "string", default: "30" } } });
const MINUTES = Number(values.minutes);
const PEOPLE = [1001, 1002, 1003, 1004, 1005, 1006];
/** Not more often, because each sample makes a full garbage collection. */
const SAMPLE_EVERY_MS = 30_000;
/** As fast as a person may write without passing the bot's 120 updates a minute. */
const PAUSE_MS = 1_000;
const ANSWER_MS = 20_000;
const HOUR_MS = 3_600_000;
const MB = 1024 * 1024;

const clock = createClock(STARTS_AT);
const now = (): number => clock.now();
const yahoo = simulatedYahoo({ exchange: createExchange({ seed: 29, now }) });
const brokersServer = await startBrokersServer({ port: 0, brokers: [yahoo] });
const telegram = await startPlayground({
  port: 0,
  now,
  bot: { id: 7_000_000_001, firstName: "Sauda", username: "sauda_bench_bot" },
});
const api = (path: string, body: object): Promise<Response> =>
  fetch(`${telegram.url}/api/${path}`, {
    method: "POST",
    headers: { "x-playground": "1", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
while (telegram.users.length < PEOPLE.length) await api("users", { first_name: `Person ${telegram.users.length}` });

const home = await openHome("sqlite", { people: PEOPLE });
if (!home) throw new Error("no store");
const bot = startSauda(
  {
    ...home.settings,
    TELEGRAM_BOT_TOKEN: telegram.token,
    TELEGRAM_API_ROOT: telegram.url,
    ...yahoo.roots(brokersServer.base(yahoo.name)),
  },
  "probe.ts",
);

const counts = { steps: 0, orders: 0, dialogues: 0, alerts: 0 };
const unanswered: string[] = [];
const endsAt = Date.now() + MINUTES * 60_000;
const isOver = (): boolean => Date.now() >= endsAt || bot.child.exitCode !== null;

const isAlert = ({ text = "" }: Message): boolean => /^🔔 (?!Armed)/u.test(text);

/** Sends, then waits for the answer, which an alert that goes off meanwhile is not. */
function ask(chat: TestChat, words: string): Promise<Message> {
  const { message_id: asked } = chat.send(words);
  const isAnswer = (each: Message): boolean => each.message_id > asked && each.from.is_bot && !isAlert(each);
  return chat.until(() => chat.messages().find(isAnswer), ANSWER_MS);
}

type Step = (chat: TestChat) => Promise<unknown>;
const says =
  (command: string): Step =>
  (chat) =>
    ask(chat, command);

const placesOrder: Step = async (chat) => {
  const card = await ask(chat, "/buy SBIN 1 mis");
  chat.tap(card.message_id, buttonOf(card, "Confirm buy"));
  await chat.until(() => find(chat, card.message_id)?.text?.includes("Filled"), ANSWER_MS);
  counts.orders += 1;
};

const walksDialogue: Step = async (chat) => {
  await ask(chat, "/buy");
  await ask(chat, "RELIANCE");
  await ask(chat, "2 mis");
  const card = await ask(chat, "@ 1300");
  chat.tap(card.message_id, buttonOf(card, "Cancel"));
  await chat.until(() => find(chat, card.message_id)?.text !== card.text, ANSWER_MS);
  counts.dialogues += 1;
};

const refreshes: Step = async (chat) => {
  const page = await ask(chat, "/positions");
  await chat.answer(chat.tap(page.message_id, buttonOf(page, "Refresh")), ANSWER_MS);
};

/** Arms an alert so near to the last price that it goes off when the price moves. */
const armsAlert: Step = async (chat) => {
  const quote = await ask(chat, "/quote SBIN");
  const last = Number(/₹([\d,]+\.\d\d)/.exec(quote.text ?? "")?.[1]?.replaceAll(",", ""));
  const level = counts.alerts % 2 === 0 ? `> ${(last + 0.1).toFixed(2)}` : `< ${(last - 0.1).toFixed(2)}`;
  const armed = await ask(chat, `/alert SBIN ${level}`);
  if (armed.text?.includes("Armed") === true) counts.alerts += 1;
};

/** Removes all but the first ten alerts that have not gone off, so that the load itself does not make memory grow. */
const removesAlerts: Step = async (chat) => {
  const list = await ask(chat, "/alert");
  for (const { text, callback_data: data } of list.reply_markup?.inline_keyboard.flat().slice(10) ?? [])
    if (text.startsWith("✕") && data !== undefined) await chat.answer(chat.tap(list.message_id, data), ANSWER_MS);
};

const STEPS: Readonly<Record<string, Step>> = {
  help: says("/help"),
  refresh: refreshes,
  order: placesOrder,
  holdings: says("/holdings"),
  dialogue: walksDialogue,
  funds: says("/funds"),
  alert: armsAlert,
  orders: says("/orders"),
  chart: says("/chart SBIN"),
  trades: says("/trades"),
  settings: says("/settings"),
  nonsense: says("what is this"),
  tidy: removesAlerts,
};

function buttonOf(message: Message, label: string): string {
  const data = message.reply_markup?.inline_keyboard.flat().find(({ text }) => text === label)?.callback_data;
  if (data === undefined) throw new Error(`no button ${label}: ${JSON.stringify(message)}`);
  return data;
}

const find = (chat: TestChat, id: number) => chat.messages().find((message) => message.message_id === id);

async function person(id: number): Promise<void> {
  const chat = telegram.chat(id);
  await chat.ask("/start", 60_000);
  while (!isOver()) {
    for (const [name, step] of Object.entries(STEPS)) {
      if (isOver()) return;
      await step(chat).catch((error: unknown) => unanswered.push(`${name}: ${String(error).slice(0, 300)}`));
      counts.steps += 1;
      await delay(PAUSE_MS);
    }
  }
}

interface Point extends Sample {
  readonly hours: number;
  readonly residentBytes: number;
  readonly handles: number;
}

async function takeSamples({ child }: BotProcess): Promise<Point[]> {
  const points: Point[] = [];
  const startedAt = Date.now();
  while (!isOver()) {
    await delay(SAMPLE_EVERY_MS);
    if (child.exitCode !== null) break;
    const sample = new Promise<Sample>((resolve) => child.once("message", (message) => resolve(message as Sample)));
    child.send("sample");
    points.push({
      ...(await sample),
      hours: (Date.now() - startedAt) / HOUR_MS,
      residentBytes: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) * 1024,
      handles: readdirSync(`/proc/${child.pid}/fd`).length,
    });
  }
  return points;
}

let announced = 0;
for (const id of PEOPLE) {
  telegram.chat(id).listen((event) => {
    if (event.type === "message" && isAlert(event.message)) announced += 1;
  });
}
const [points] = await Promise.all([takeSamples(bot), ...PEOPLE.map(person)]);
const hasDied = bot.child.exitCode !== null;
await bot.stop();
await telegram.close();
await brokersServer.close();
await home.close();

const steady = points.slice(Math.floor(points.length / 3));
const middle = (of: (point: Point) => number, some: readonly Point[]): number =>
  some.map(of).toSorted((a, b) => a - b)[Math.floor(some.length / 2)] ?? 0;
const [early, late] = [steady.slice(0, steady.length / 4), steady.slice(-steady.length / 4)];
const memory = (of: (point: Point) => number): object => ({
  "first quarter": round(middle(of, early) / MB),
  "last quarter": round(middle(of, late) / MB),
  "slope an hour": round(slope(steady.map((point) => [point.hours, of(point) / MB]))),
});
const count = (of: (point: Point) => number): object => ({
  "first quarter": middle(of, early),
  "last quarter": middle(of, late),
  "slope an hour": round(slope(steady.map((point) => [point.hours, of(point)]))),
});
/** A refresh within the same minute changes nothing, and Telegram says so. */
const refused = telegram.rejectedCalls.filter(({ description }) => !description.includes("message is not modified"));
/** From November on, every start warns that next year's holidays are not known yet. */
const complaints = bot
  .output()
  .split("\n")
  .filter((line) => /"level":"(warn|error|fatal)"/.test(line) && !line.includes("trading holidays not known"));
console.table({
  "RSS, MB": memory(({ residentBytes }) => residentBytes),
  "heap held, MB": memory(({ heapBytes }) => heapBytes),
  "open files": count(({ handles }) => handles),
  "active resources": count(({ resources }) => resources),
});
console.table({
  [`${MINUTES} min, ${PEOPLE.length} chats`]: {
    ...counts,
    "alerts told": announced,
    unanswered: unanswered.length,
    "calls Telegram refused": refused.length,
    "warnings and errors logged": complaints.length,
  },
});
for (const line of [...unanswered, ...complaints, ...refused.map((call) => JSON.stringify(call))].slice(0, 10))
  console.log(line);
process.exitCode = hasDied || unanswered.length > 0 || complaints.length > 0 ? 1 : 0;
