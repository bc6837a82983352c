import { flushCompileCache } from "node:module";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { instrumentKey } from "../../src/domain/instrument.ts";
import type { IntentId } from "../../src/domain/ids.ts";
import { price, roundToTick } from "../../src/domain/money.ts";
import { isConfirmable } from "../../src/services/orders/tickets.ts";
import { ASHA, type BotConfig, type ChaosBot, clockOf, openBot, openStore } from "./bot.ts";
import type { Answer, Command } from "./protocol.ts";

// A bot's process without Telegram, to be killed at any moment: commands come as lines, answers go as lines.

const SWEEP_EVERY_MS = 200;

const config = JSON.parse(process.argv[2] ?? "{}") as BotConfig;
const clock = clockOf(config);
// When the run itself dies, nobody is left to end this process.
process.stdin.once("end", () => process.exit(0));
const store = await openStore(config, clock);
const bot = await openBot(config, store, clock);
const links = await bot.accounts.active(ASHA);
const say = (answer: Answer): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

void sweepForever(bot);
say({ kind: "ready" });
// It is kept at a normal exit only, which none of these processes has.
flushCompileCache();
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  void obey(command).catch((error: unknown) => say({ kind: "failed", n: command.n, why: String(error) }));
}

async function sweepForever({ watcher }: ChaosBot): Promise<never> {
  for (;;) {
    await watcher.sweep().catch(() => 0);
    await delay(SWEEP_EVERY_MS);
  }
}

async function obey(command: Command): Promise<void> {
  switch (command.kind) {
    case "ticket":
      await makeTicket(command);
      return;
    case "tap":
      await tap(command);
      return;
    case "cancel": {
      const result = await bot.changes.ask(ASHA, command.id as IntentId, 0, "cancel");
      say({ kind: "cancelled", n: command.n, result: result.kind });
      return;
    }
    case "look":
      say({ kind: "looked", n: command.n, orders: await lookAtAll() });
  }
}

async function lookAtAll(): Promise<number> {
  const open = (await bot.journal.ofUser(ASHA, {})).filter((intent) =>
    intent.legs.some((leg) => leg.state === "working"),
  );
  for (const intent of open) await bot.watcher.look(intent);
  return open.length;
}

async function makeTicket({ n, broker, side, qty, resting }: Extract<Command, { kind: "ticket" }>): Promise<void> {
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
  say({ kind: "ticket", n, id: view.intent._id, confirmId: view.intent.confirmId });
}

/** So many taps at the same moment; told of before the broker has answered, as the card is drawn. */
async function tap({ n, confirmId, times }: Extract<Command, { kind: "tap" }>): Promise<void> {
  const results = await Promise.all(Array.from({ length: times }, () => bot.desk.confirm(ASHA, confirmId)));
  const won = results.filter((result) => result.kind === "confirmed").length;
  say({ kind: "tapped", n, won, lapsed: won === 0 && results.some((result) => result.kind === "lapsed") });
}
