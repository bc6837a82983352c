import { flushCompileCache } from "node:module";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { instrumentKey } from "../../src/domain/instrument.ts";
import type { IntentId } from "../../src/domain/ids.ts";
import { price, roundToTick } from "../../src/domain/money.ts";
import { opposite } from "../../src/domain/order.ts";
import { isExitable } from "../../src/domain/portfolio.ts";
import { createLog } from "../../src/lib/log.ts";
import { type Arrival, createInbox } from "../../src/services/inbox.ts";
import { createLeases } from "../../src/services/leases.ts";
import { isConfirmable } from "../../src/services/orders/tickets.ts";
import { ASHA, type BotConfig, type ChaosBot, clockOf, openBot, openStore } from "./bot.ts";
import type { Answer, Asked, Command, Said } from "./protocol.ts";

// A bot's process without Telegram, to be killed at any moment. It reads commands and writes answers as lines of JSON.

const SWEEP_EVERY_MS = 200;

const config = JSON.parse(process.argv[2] ?? "{}") as BotConfig;
const clock = clockOf(config);
// Standard input ends when the parent dies: nobody else would end this process then.
process.stdin.once("end", () => process.exit(0));
const store = await openStore(config, clock);
const bot = await openBot(config, store, clock);
const links = await bot.accounts.active(ASHA);
const say = (said: Said): void => void process.stdout.write(`${JSON.stringify(said)}\n`);

const arrivalOf = ({ updateId, lane, confirmId }: Extract<Command, { kind: "update" }>): Arrival => ({
  id: String(updateId),
  lane,
  order: updateId,
  body: confirmId,
});
const inbox = createInbox({
  store,
  clock,
  log: createLog({ level: "silent" }),
  leases: createLeases({ store, clock }),
  handle: async (confirmId) => void (await bot.desk.confirm(ASHA, confirmId)),
});

void sweepForever(bot);
say({ ready: true });
// Node writes the compile cache at a normal exit only, which none of these processes has.
flushCompileCache();
for await (const line of createInterface({ input: process.stdin })) {
  const { ask, command } = JSON.parse(line) as Asked;
  void obey(command)
    .catch((error: unknown): Answer => ({ kind: "failed", why: String(error) }))
    .then((answer) => say({ ask, answer }));
}

async function sweepForever({ watcher }: ChaosBot): Promise<never> {
  for (;;) {
    await watcher.sweep().catch(() => 0);
    await inbox.sweep().catch(() => undefined);
    await delay(SWEEP_EVERY_MS);
  }
}

async function obey(command: Command): Promise<Answer> {
  switch (command.kind) {
    case "ticket":
      return makeTicket(command);
    case "tap":
      return tap(command);
    case "update":
      await inbox.accept(arrivalOf(command));
      return { kind: "acknowledged" };
    case "state":
      return { kind: "stands", state: await stateOf(command.id as IntentId) };
    case "cancel": {
      const result = await bot.changes.ask(ASHA, command.id as IntentId, 0, "cancel");
      return { kind: "cancelled", result: result.kind };
    }
    case "exit-card":
      return makeExit(command);
    case "panic":
      return { kind: "panicked", exits: (await bot.panic.run(ASHA, command.id, true)).exits.length };
    case "look":
      return { kind: "looked", orders: await lookAtAll() };
  }
}

async function stateOf(id: IntentId): Promise<Extract<Answer, { kind: "stands" }>["state"]> {
  const intent = await bot.journal.get(id);
  if (!intent || clock.now() >= intent.lapsesAt) return intent?.confirmedAt == null ? "lapsed" : "confirmed";
  return intent.confirmedAt === null ? "open" : "confirmed";
}

async function lookAtAll(): Promise<number> {
  const open = (await bot.journal.ofUser(ASHA, {})).filter((intent) =>
    intent.legs.some((leg) => leg.state === "working"),
  );
  for (const intent of open) await bot.watcher.look(intent);
  return open.length;
}

async function makeTicket({ broker, side, qty, resting }: Extract<Command, { kind: "ticket" }>): Promise<Answer> {
  const link = links.find((each) => each.broker_name === broker);
  const instrument = bot.instruments.byKey(instrumentKey("NSE", 3045))?.instrument;
  if (!link || !instrument) throw new Error(`no account at ${broker}`);
  const quote = resting
    ? await bot.accounts.call(link, (connector, access) => connector.getQuote(access, instrument))
    : null;
  const away = side === "BUY" ? 0.97 : 1.03;
  const limit = quote && roundToTick(price(Math.round(quote.ltp * away)), instrument.tickSize, "nearest");
  const view = await bot.tickets.make({
    userId: ASHA,
    instrument,
    side,
    type: limit === null ? "MARKET" : "LIMIT",
    price: limit,
    triggerPrice: null,
    productType: "INTRADAY",
    validity: "DAY",
    isAmo: false,
    parts: [{ link, qty }],
    origin: "chat",
    protectionBasisPoints: 200,
  });
  if (!isConfirmable(view)) throw new Error(`blocked: ${view.findings.map((finding) => finding.code).join(", ")}`);
  return { kind: "ticket", id: view.intent._id, confirmId: view.intent.confirmId };
}

async function makeExit({ broker, key }: Extract<Command, { kind: "exit-card" }>): Promise<Answer> {
  const link = links.find((each) => each.broker_name === broker);
  const instrument = bot.instruments.byKey(key)?.instrument;
  if (!link || !instrument) throw new Error(`no account at ${broker}`);
  const rows = await bot.accounts.call(link, (connector, access) => connector.getPositions(access));
  const row = rows.filter(isExitable).find((each) => each.key === key);
  if (!row) throw new Error("nothing of it is open");
  const view = await bot.tickets.make({
    userId: ASHA,
    instrument,
    side: opposite(row.side),
    type: "MARKET",
    price: null,
    triggerPrice: null,
    productType: row.productType,
    validity: "DAY",
    isAmo: false,
    parts: [{ link, qty: row.qty }],
    origin: "exit",
    protectionBasisPoints: 200,
  });
  return { kind: "ticket", id: view.intent._id, confirmId: view.intent.confirmId };
}

/** Confirms `times` times at the same moment; answers before the broker does, as the bot's card does. */
async function tap({ confirmId, times }: Extract<Command, { kind: "tap" }>): Promise<Answer> {
  const results = await Promise.all(Array.from({ length: times }, () => bot.desk.confirm(ASHA, confirmId)));
  const won = results.filter((result) => result.kind === "confirmed").length;
  return { kind: "tapped", won, lapsed: won === 0 && results.some((result) => result.kind === "lapsed") };
}
