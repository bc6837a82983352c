import { Composer } from "grammy";
import type { Side } from "../../domain/order.ts";
import {
  parseOrderText,
  moveQuantityToEnd,
  hasQuantity,
  wordsAfter,
  type OrderWords,
} from "../../domain/order-text.ts";
import type { BotDeps, CommandModule } from "../commands.ts";
import type { SaudaContext } from "../context.ts";
import { enterDialogue } from "../updates/dialogues.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { showTicket } from "./order-flow.ts";
import { Refusal } from "../refusal.ts";
import { lines } from "../html.ts";
import { askWhich, fitsChoiceButton, instrumentFrom } from "../symbols.ts";
import * as text from "../text.ts";
import { refuseStrikeAsQuantity, refuseUnclear } from "./unclear-order.ts";

/** /buy and /sell: takes a whole order in one line, or starts the dialogue for what is missing. */
export function tradeCommand(name: "buy" | "sell", description: string, example: string): CommandModule {
  const side: Side = name === "buy" ? "BUY" : "SELL";
  return {
    name,
    description,
    group: "Trade",
    example,
    role: "trader",
    register(deps) {
      const composer = new Composer<SaudaContext>();
      // Typed once more: "/buy nifty 26000 ce buy 1 lot".
      const again = new RegExp(`(?<![\\p{L}\\d&-])${name}(?![\\p{L}\\d&-])`, "giu");
      composer.command(name, (ctx) => startOrder(deps, ctx, side, ctx.match.replaceAll(again, " ").trim()));
      return composer;
    },
  };
}

async function startOrder(deps: BotDeps, ctx: SaudaContext, side: Side, asked: string): Promise<void> {
  if (asked === "") {
    await enterDialogue(deps, ctx, "place-order", { side, key: null });
    return;
  }
  const parsed = parseOrderText(asked);
  const reordered = parsed.ok ? await withQuantityLast(deps, asked, parsed.words.symbolText) : null;
  if (reordered !== null) {
    await startOrder(deps, ctx, side, reordered);
    return;
  }
  const verb = side.toLowerCase();
  if (!parsed.ok) throw new Refusal(lines(text.orderTextProblem(parsed.problem, parsed.at), text.orders.example(verb)));
  const { words } = parsed;
  const typed = { verb, asked, words };
  await refuseStrikeAsQuantity(deps, typed);
  const found = await deps.instruments.resolve(words.symbolText);
  if (found.kind === "one") {
    await continueOrder(deps, ctx, { side, instrument: found.instrument, words });
    return;
  }
  if (found.kind === "none") await refuseUnclear(deps, typed, found);
  const rest = wordsAfter(words.symbolText, asked);
  await askWhich(ctx, words.symbolText, found, ...(await choiceArguments(deps, ctx, side, rest)));
}

/** "10 sbin at 800" with the quantity moved to the end; null without one in front, or when "10 sbin" itself names something. */
async function withQuantityLast(deps: BotDeps, asked: string, symbolText: string): Promise<string | null> {
  const reordered = moveQuantityToEnd(asked);
  return reordered !== null && (await deps.instruments.resolve(symbolText)).kind === "none" ? reordered : null;
}

/** Words that do not fit a choice button are kept here, under the id that the button has in their place. */
const KEPT_WORDS = "order-words";
const KEPT_MS = 3_600_000;

/** The verb and arguments of the buttons that ask which instrument was meant: with the rest of the order. */
async function choiceArguments(
  { oneTime }: BotDeps,
  ctx: SaudaContext,
  side: Side,
  rest: string,
): Promise<[verb: string, ...args: string[]]> {
  const letter = side === "BUY" ? "B" : "S";
  if (rest === "") return ["tkt", letter];
  if (fitsChoiceButton(rest)) return ["tkw", letter, rest];
  const kept = { userId: ctx.user._id, action: KEPT_WORDS, payload: { rest }, ttlMs: KEPT_MS };
  return ["tko", letter, await oneTime.issue(kept)];
}

/** Continues an order whose words were kept. Refuses when they are gone: without them it would be another order. */
export async function continueWithKept(
  deps: BotDeps,
  ctx: SaudaContext,
  [letter = "", id = "", key = ""]: readonly string[],
): Promise<void> {
  const kept = await deps.oneTime.peek(id, KEPT_WORDS);
  if (kept?.userId !== ctx.user._id) throw new Refusal(text.orders.choiceTooOld());
  await continueWithChoice(deps, ctx, [letter, kept.payload["rest"] ?? "", key]);
}

/** Continues an order like "reliance fut 1 lot" with the instrument that was picked for it. */
export async function continueWithChoice(deps: BotDeps, ctx: SaudaContext, args: readonly string[]): Promise<void> {
  const [sideLetter, rest = "", key] = args;
  const parsed = parseOrderText(`X ${rest}`);
  const instrument = await instrumentFrom(deps, key);
  if (parsed.ok)
    await continueOrder(deps, ctx, { side: sideLetter === "S" ? "SELL" : "BUY", instrument, words: parsed.words });
}

interface Picked {
  readonly side: Side;
  readonly instrument: Instrument;
  readonly words: OrderWords;
}

async function continueOrder(deps: BotDeps, ctx: SaudaContext, { side, instrument, words }: Picked): Promise<void> {
  if (instrument.kind === "index") throw new Refusal(text.orders.index(instrument));
  if (!hasQuantity(words)) {
    const { symbolText: _, quantity: __, ...kept } = words;
    await enterDialogue(deps, ctx, "place-order", { side, key: instrument.key, kept });
    return;
  }
  await showTicket(deps, ctx, { side, instrument, words, origin: "chat" });
}
