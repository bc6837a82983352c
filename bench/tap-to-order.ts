import { parseArgs } from "node:util";
import { fetch } from "undici";
import { startPlayground, type Playground } from "../playground/telegram/server.ts";
import { brokerName, userId } from "../src/domain/ids.ts";
import { createClock } from "../src/lib/clock.ts";
import { Secret } from "../src/lib/secret.ts";
import type { Clock } from "../src/ports/clock.ts";
import type { Store } from "../src/ports/store.ts";
import { createLog } from "../src/lib/log.ts";
import { createAccounts } from "../src/services/accounts/accounts.ts";
import { createUsers } from "../src/services/people/users.ts";
import { openStreet } from "../test/chaos/street.ts";
import { startBareBot, startSauda, type BotProcess } from "./bot-process.ts";
import { openHome, STARTS_AT, type Engine } from "./household.ts";
import { ASHA } from "./people.ts";
import { median, quantile, round } from "./stats.ts";

// Time from a tapped Confirm to the order request at the broker, Telegram's delivery included, per store engine. Compared
// with a bare grammY bot whose handler only fetches, taps alternating, and with the fetch alone. Each bot is a process of
// its own; Telegram and the broker run in this one. `node bench/tap-to-order.ts [--orders N]`

const { values } = parseArgs({ options: { orders: { type: "string", default: "50" } } });
const ORDERS = Number(values.orders);
const WARM_UP = 8;
const START_MS = 30_000;
const ZERODHA = brokerName("zerodha");
/** The bare bot's order card. */
const card = { text: "Buy?", reply_markup: { inline_keyboard: [[{ text: "Confirm buy", callback_data: "x" }]] } };

const clock = createClock(STARTS_AT);
const now = (): number => clock.now();
let onOrder: () => void = () => undefined;
const street = await openStreet(now, Math.random, (call) => {
  if (/^POST \/(orders\/regular|bare)/.test(call)) onOrder();
});
const bareOrder = `${street.server.base(ZERODHA)}/bare`;

const rows: Record<string, object> = { "bare fetch": row(await repeat(bareFetch)) };
for (const engine of ["sqlite", "mongo"] as const) Object.assign(rows, await compareWithBareBot(engine));
console.table(rows);
await street.close();

async function compareWithBareBot(engine: Engine): Promise<Record<string, object>> {
  const home = await openHome(engine, { people: [], prepare: linkZerodha });
  if (!home) return {};
  const [ours, theirs] = [await openTelegram(), await openTelegram()];
  const sauda = startSauda({ ...home.settings, ...settingsOf(ours), ...street.roots });
  const bare = startBareBot({
    ...settingsOf(theirs),
    BARE_FETCH: bareOrder,
    BARE_REPLIES: JSON.stringify({
      "/start": [{ method: "sendMessage", params: { text: "Ready" } }],
      "/buy SBIN 1 mis": [{ method: "sendMessage", params: card }],
      x: [{ method: "answerCallbackQuery", params: {} }],
    }),
  });
  try {
    await ready(ours, sauda);
    await ready(theirs, bare);
    const limits: number[] = [];
    const taps = await repeat(async () => {
      limits.push(await tapOnce(theirs, (chat, tap) => chat.answer(tap)));
      return tapOnce(ours, (chat, _tap, id) => chat.until(() => isFilled(chat, id)));
    });
    const limit = limits.slice(WARM_UP);
    return {
      [`bare handler, beside ${home.engine}`]: row(limit),
      [`Sauda on ${home.engine}`]: row(taps),
      [`difference, ${home.engine}`]: { "median ms": round(median(taps) - median(limit)) },
    };
  } finally {
    await sauda.stop();
    await bare.stop();
    await ours.close();
    await theirs.close();
    await home.close();
  }
}

function openTelegram(): Promise<Playground> {
  return startPlayground({ port: 0, now, bot: { id: 7_000_000_001, firstName: "Sauda", username: "sauda_bench_bot" } });
}

function settingsOf({ url, token }: Playground): Record<string, string> {
  return { TELEGRAM_BOT_TOKEN: token, TELEGRAM_API_ROOT: url };
}

async function ready(telegram: Playground, bot: BotProcess): Promise<void> {
  await telegram
    .chat(ASHA)
    .ask("/start", START_MS)
    .catch((error: unknown) => {
      throw new Error(bot.output(), { cause: error });
    });
}

async function linkZerodha(store: Store, clock: Clock): Promise<void> {
  await createUsers({ log: createLog({ level: "silent" }), store, clock, ownerId: userId(ASHA) }).ensure(
    userId(ASHA),
    "Asha",
  );
  const accounts = createAccounts({ store, clock, brokers: new Map(), log: createLog({ level: "silent" }) });
  const credentials = Object.entries(street.credentials.get(ZERODHA) ?? {});
  const secrets = Object.fromEntries(credentials.map(([field, value]) => [field, new Secret(value)]));
  const { _id } = await accounts.add(userId(ASHA), ZERODHA, secrets);
  const tokens = await street.logIn(ZERODHA);
  await accounts.update(_id, () => ({ is_active: true, tokens }));
}

/** Milliseconds of each run after the warm-up. */
async function repeat(run: () => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let at = 0; at < ORDERS + WARM_UP; at += 1) all.push(await run());
  return all.slice(WARM_UP);
}

async function bareFetch(): Promise<number> {
  const arrived = arrival();
  const startedAt = performance.now();
  const sent = fetch(bareOrder, { method: "POST", body: "quantity=1" });
  const at = await arrived;
  await (await sent).text();
  return at - startedAt;
}

type Chat = ReturnType<Playground["chat"]>;

/** Makes a new card, taps it once it is in the chat, and waits until the order is done. Returns ms until the broker was called. */
async function tapOnce(
  telegram: Playground,
  settled: (chat: Chat, tap: string, card: number) => Promise<unknown>,
): Promise<number> {
  const chat = telegram.chat(ASHA);
  const { message_id: id } = await chat.ask("/buy SBIN 1 mis", START_MS);
  const arrived = arrival();
  const startedAt = performance.now();
  const tap = chat.tapButton("Confirm buy");
  const at = await arrived;
  await settled(chat, tap, id);
  return at - startedAt;
}

function isFilled(chat: Chat, id: number): boolean {
  return (
    chat
      .messages()
      .find(({ message_id: each }) => each === id)
      ?.text?.includes("Filled") === true
  );
}

function arrival(): Promise<number> {
  return new Promise((resolve) => {
    onOrder = () => resolve(performance.now());
  });
}

function row(all: readonly number[]): Record<string, number> {
  return { runs: all.length, "median ms": round(median(all)), "p95 ms": round(quantile(all, 0.95)) };
}
