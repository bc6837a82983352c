import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fetch } from "undici";
import { startPlayground } from "../playground/telegram/server.ts";
import { brokerName, userId } from "../src/domain/ids.ts";
import { istInstant } from "../src/domain/market.ts";
import { createClock } from "../src/lib/clock.ts";
import { createKeyring, generateKey, parseKey } from "../src/lib/crypto.ts";
import { Secret } from "../src/lib/secret.ts";
import { createAccounts } from "../src/services/accounts.ts";
import { createUsers } from "../src/services/users.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import { openStreet } from "../test/chaos/street.ts";

// The whole bot on the embedded store, as npm start runs it, in a process of its own: from a tapped Confirm to the order
// request at the broker, Telegram's delivery included, beside a bare fetch. Telegram and the broker are in this process.

const { values } = parseArgs({ options: { orders: { type: "string" } } });
const ORDERS = Number(values.orders ?? 60);
const WARM_UP = 10;
const ASHA = 1001;
const START = join(import.meta.dirname, "../src/app/start.js");
const ZERODHA = brokerName("zerodha");
const STARTS_AT = istInstant("2026-11-23", "10:30");

const clock = createClock(STARTS_AT);
let onOrder: () => void = () => undefined;
const street = await openStreet(
  () => clock.now(),
  Math.random,
  (call) => {
    if (/^POST \/(orders\/regular|bare)/.test(call)) onOrder();
  },
);
const dir = mkdtempSync(join(tmpdir(), "bench-confirm-"));
const key = generateKey();
await linkZerodha();
const telegram = await startPlayground({
  port: 0,
  now: () => clock.now(),
  bot: { id: 7_000_000_001, firstName: "Sauda", username: "sauda_bench_bot" },
});
const settings = {
  PORT: "0",
  DATA_DIR: dir,
  MASTER_KEY: key,
  LOG_LEVEL: "silent",
  OWNER_ID: String(ASHA),
  TELEGRAM_BOT_TOKEN: telegram.token,
  TELEGRAM_API_ROOT: telegram.url,
  SAUDA_CLOCK: new Date(STARTS_AT).toISOString(),
  YAHOO_API_ROOT: "http://127.0.0.1:9",
  ...street.roots,
};
const bot = spawn(process.execPath, [START, "main"], {
  env: { ...process.env, ...settings },
  stdio: "ignore",
  cwd: dir,
});
try {
  await telegram.chat(ASHA).ask("/start", 30_000);
  const fetches = await measured(ORDERS, bareFetch);
  const taps = await measured(ORDERS, tappedConfirm);
  console.table({
    "bare fetch": row(fetches),
    "tap to order request": row(taps),
    difference: { "median ms": round(median(taps) - median(fetches)) },
  });
} finally {
  bot.kill("SIGTERM");
  await new Promise((resolve) => bot.once("exit", resolve));
  await telegram.close();
  await street.close();
  rmSync(dir, { recursive: true, force: true });
}

async function linkZerodha(): Promise<void> {
  const store = openSqliteStore({
    dir,
    now: () => clock.now(),
    keyring: createKeyring({ current: parseKey(key) }),
  });
  await createUsers({ store, clock, ownerId: userId(ASHA), ownerCode: null }).ensure(userId(ASHA), "Asha");
  const accounts = createAccounts({ store, clock, brokers: new Map() });
  const credentials = Object.entries(street.credentials.get(ZERODHA) ?? {});
  const secrets = Object.fromEntries(credentials.map(([field, value]) => [field, new Secret(value)]));
  const { _id } = await accounts.add(userId(ASHA), ZERODHA, secrets);
  const tokens = await street.logIn(ZERODHA);
  await accounts.update(_id, () => ({ is_active: true, tokens }));
  await store.close();
}

/** Milliseconds of each run after the warm-up. */
async function measured(count: number, run: () => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let at = 0; at < count + WARM_UP; at += 1) all.push(await run());
  return all.slice(WARM_UP);
}

async function bareFetch(): Promise<number> {
  const arrived = arrival();
  const startedAt = performance.now();
  const sent = fetch(`${street.server.base(ZERODHA)}/bare`, { method: "POST", body: "quantity=1" });
  const at = await arrived;
  await (await sent).text();
  return at - startedAt;
}

/** A new card each time; the tap is made when it stands in the chat. */
async function tappedConfirm(): Promise<number> {
  const chat = telegram.chat(ASHA);
  const card = await chat.ask("/buy SBIN 1 mis", 20_000);
  const arrived = arrival();
  const startedAt = performance.now();
  chat.tapButton("Confirm buy");
  const at = await arrived;
  await chat.until(() =>
    chat.messages().find(({ message_id: id, text }) => id === card.message_id && text?.includes("Filled")),
  );
  return at - startedAt;
}

function arrival(): Promise<number> {
  return new Promise((resolve) => {
    onOrder = () => resolve(performance.now());
  });
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
}

function row(all: readonly number[]): Record<string, number> {
  const sorted = all.toSorted((a, b) => a - b);
  const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  return { runs: all.length, "median ms": round(median(all)), "p95 ms": round(p95) };
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
