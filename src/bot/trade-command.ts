import { Composer } from "grammy";
import { readInstrumentText } from "../domain/instrument-text.ts";
import { istDate } from "../domain/market.ts";
import { priceFromRupees } from "../domain/money.ts";
import type { Side } from "../domain/order.ts";
import { parseOrderText, moveQuantityToEnd, hasQuantity, wordsAfter, type OrderWords } from "../domain/order-text.ts";
import type { BotDeps, CommandModule } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import { enterDialogue } from "./dialogues.ts";
import { ticker, type Instrument } from "../domain/instrument.ts";
import { showTicket } from "./order-flow.ts";
import { Refusal } from "./refusal.ts";
import { lines } from "./html.ts";
import { fitsChoiceButton, instrumentFrom, resolveOrAsk } from "./symbols.ts";
import * as text from "./text.ts";

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
      composer.command(name, (ctx) => startOrder(deps, ctx, side, ctx.match.trim()));
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
  await refuseTwoNumbers(deps, { verb, asked, words });
  await refuseStrikeAsQuantity(deps, { verb, asked, words });
  await refuseUnknownWords(deps, verb, words.symbolText);
  const found = await deps.instruments.resolve(words.symbolText);
  if (found.kind === "one") {
    await continueOrder(deps, ctx, { side, instrument: found.instrument, words });
    return;
  }
  const rest = wordsAfter(words.symbolText, asked);
  await resolveOrAsk(deps, ctx, words.symbolText, ...(await choiceArguments(deps, ctx, side, rest)));
}

/** "10 sbin at 800" with the quantity moved to the end; null without one in front, or when "10 sbin" itself names something. */
async function withQuantityLast(deps: BotDeps, asked: string, symbolText: string): Promise<string | null> {
  const reordered = moveQuantityToEnd(asked);
  return reordered !== null && (await deps.instruments.resolve(symbolText)).kind === "none" ? reordered : null;
}

interface Typed {
  readonly verb: string;
  readonly asked: string;
  readonly words: OrderWords;
}

/** "SBIN 10 1000": which number is the price is not guessed. */
async function refuseTwoNumbers({ instruments }: BotDeps, typed: Typed): Promise<void> {
  const { symbolText, quantity, price } = typed.words;
  const [, name = "", count = ""] = /^(.+?)\s+(\d[\d,]*)$/.exec(symbolText) ?? [];
  if (name === "" || count === "" || quantity?.kind !== "units" || price !== null) return;
  const [whole, named] = await Promise.all([instruments.resolve(symbolText), instruments.resolve(name)]);
  if (whole.kind === "none" && named.kind === "one" && named.instrument.kind !== "index") {
    const proposed = withCount(typed, quantity.count, (last) => `@ ${last}`);
    throw new Refusal(text.orders.twoNumbers(proposed, quantity.count));
  }
}

/**
 * "nifty put 26000": a strike, not 26,000 units. Only where such a strike is listed and the quantity says neither lots nor
 * units.
 */
async function refuseStrikeAsQuantity({ instruments, clock }: BotDeps, typed: Typed): Promise<void> {
  const { symbolText, quantity } = typed.words;
  if (quantity?.kind !== "units" || /\s(?:shares?|units?|qty|nos)\b/i.test(typed.asked)) return;
  const readings = readInstrumentText(symbolText, istDate(clock.now())).contracts;
  if (!readings.some(({ kind, strike }) => kind !== "future" && strike === null)) return;
  const found = await instruments.resolve(`${symbolText} ${quantity.count}`);
  const options = found.kind === "one" ? [found.instrument] : found.kind === "many" ? found.candidates : [];
  const strike = priceFromRupees(quantity.count);
  if (options.length === 0 || options.some((each) => each.kind !== "option" || each.strike !== strike)) return;
  const proposed = withCount(typed, quantity.count, (last) => `${last} 1 lot`);
  throw new Refusal(text.orders.strikeOrQuantity(proposed, quantity.count));
}

/** "sbin 10 target": the instrument is known, the words behind it are not. A contract's words are, listed or not. */
async function refuseUnknownWords(deps: BotDeps, verb: string, symbolText: string): Promise<void> {
  const { instruments, clock } = deps;
  const tokens = symbolText.split(" ");
  const whole = await instruments.resolve(symbolText);
  if (whole.kind !== "none" || whole.suggestions.length > 0 || whole.lacksList === true) return;
  if (readInstrumentText(symbolText, istDate(clock.now())).contracts.length > 0) return;
  for (let length = tokens.length - 1; length > 0; length -= 1) {
    const found = await instruments.resolve(tokens.slice(0, length).join(" "));
    if (found.kind !== "one") continue;
    const behind = tokens.slice(length);
    const unread = behind.filter((token) => !/^[\d.,]+$/.test(token));
    const words = (unread.length > 0 ? unread : behind).join(" ");
    throw new Refusal(
      lines(text.orders.unknownWords(ticker(found.instrument.symbol), words), text.orders.example(verb)),
    );
  }
}

/** The command as typed, with the word for its quantity written anew. */
function withCount({ verb, asked, words }: Typed, count: number, written: (word: string) => string): string {
  const tokens = asked.split(/\s+/);
  const isCount = (token: string, at: number): boolean =>
    at >= words.symbolText.split(" ").length &&
    Number(token.replaceAll(",", "")) === count &&
    !/^(?:sl|stop|trigger)$/i.test(tokens[at - 1] ?? "");
  const at = tokens.findIndex(isCount);
  const ordered = at === -1 ? [words.symbolText, written(String(count))] : tokens.with(at, written(tokens[at] ?? ""));
  return `/${verb} ${ordered.join(" ")}`;
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
