import { InlineKeyboard } from "grammy";
import type { BotDeps } from "../src/bot/commands.ts";
import { withFailuresAnswered } from "../src/bot/updates/failure.ts";
import { callbackData, keyFromArgument } from "../src/bot/callbacks.ts";
import type { BareContext } from "../src/bot/context.ts";
import { type OrderRequest, showTicket } from "../src/bot/orders/order-flow.ts";
import { choiceKeyboard, unresolvedText } from "../src/bot/symbols.ts";
import * as text from "../src/bot/text.ts";
import type { InstrumentKey } from "../src/domain/ids.ts";
import type { Instrument } from "../src/domain/instrument.ts";
import { hasQuantity, parseOrderText, typeOf, type OrderWords, type ParsedOrder } from "../src/domain/order-text.ts";
import type { Side } from "../src/domain/order.ts";
import { addStop, answersTo, type Dialogue } from "./answers.ts";

// Steps: 1 instrument, 2 quantity (optionally with the rest of the order), 3 price. Ends with a ticket: places nothing.
// Ends also when an index is chosen, on any command, "Stop", or after ten minutes without an answer.

export interface PlaceOrderStart {
  readonly side: Side;
  readonly key: InstrumentKey | null;
  /**
   * Terms of the ticket being edited, or typed before the dialogue. They hold unless the user types others; with a price
   * or trigger among them, no price is asked for.
   */
  readonly kept?: KeptWords;
  /** Set when an exit is edited: it may close no more than is open, and the user's limits do not apply. */
  readonly origin?: "exit";
}

type KeptWords = Pick<OrderWords, "accounts" | "product" | "validity" | "isAmo"> &
  Partial<Pick<OrderWords, "price" | "triggerPrice" | "isSlm">>;

/** What every step needs. */
interface DialogueStep {
  readonly conversation: Dialogue;
  readonly ctx: BareContext;
  readonly nextAnswer: ReturnType<typeof answersTo>;
}

export const placeOrder =
  (deps: BotDeps) =>
  async (conversation: Dialogue, ctx: BareContext, start: PlaceOrderStart): Promise<void> => {
    const step: DialogueStep = { conversation, ctx, nextAnswer: answersTo(conversation) };
    const instrument =
      start.key === null
        ? await askInstrument(deps, step, start.side)
        : await instrumentByKey(deps, conversation, start.key);
    if (!instrument) return;
    if (instrument.kind === "index") {
      await ctx.reply(text.orders.index(instrument).toString(), { parse_mode: "HTML" });
      return;
    }
    const answer = await askQuantity(step, start, instrument);
    if (!answer) return;
    const words = start.kept ? withKept(answer.words, start.kept, answer) : answer.words;
    const isPriced = answer.isAtMarket || words.type !== "MARKET";
    const priced = isPriced ? words : await askPrice(step, instrument, words);
    if (!priced) return;
    const request: OrderRequest = { side: start.side, instrument, words: priced, origin: start.origin ?? "chat" };
    await conversation.external((outside) =>
      withFailuresAnswered(outside, deps, () => showTicket(deps, outside, request)),
    );
  };

const instrumentByKey = (deps: BotDeps, conversation: Dialogue, key: InstrumentKey): Promise<Instrument | null> =>
  conversation.external(async () => (await deps.instruments.byKey(key)) ?? null);

async function askInstrument(
  deps: BotDeps,
  { conversation, ctx, nextAnswer }: DialogueStep,
  side: Side,
): Promise<Instrument | null> {
  const asked = await ctx.reply(text.dialogue.whichInstrument().toString(), {
    parse_mode: "HTML",
    reply_markup: addStop(new InlineKeyboard()),
  });
  for (;;) {
    const answer = await nextAnswer(asked);
    if (answer === null) return null;
    if (answer.startsWith("dlg:i:")) {
      const picked = await instrumentByKey(deps, conversation, keyFromArgument(answer.slice("dlg:i:".length)));
      if (picked) return picked;
      continue;
    }
    const found = await conversation.external(() => deps.instruments.resolve(answer));
    if (found.kind === "one") return found.instrument;
    if (found.kind === "none" && isWholeOrder(answer)) {
      await ctx.reply(text.dialogue.wholeOrder(side, answer).toString(), { parse_mode: "HTML" });
      continue;
    }
    const choices = found.kind === "many" ? found.candidates : found.suggestions;
    await ctx.reply(unresolvedText(answer, found).toString(), {
      parse_mode: "HTML",
      reply_markup: choiceKeyboard(choices, "dlg:i"),
    });
  }
}

function isWholeOrder(answer: string): boolean {
  const parsed = parseOrderText(answer);
  return parsed.ok && parsed.words.quantity !== null;
}

/** What `words` alone does not tell: it is MARKET also when no price was given, and DAY when no validity was. */
interface Said {
  readonly isAtMarket: boolean;
  readonly isForDay: boolean;
}

interface QuantityAnswer extends Said {
  readonly words: OrderWords;
}

/** Takes "10", "2 lots", "on zerodha:10,fyers:5", or the rest of an order: "10 @ 810 mis". */
async function askQuantity(
  { ctx, nextAnswer }: DialogueStep,
  { side, kept }: Pick<PlaceOrderStart, "side" | "kept">,
  instrument: Instrument,
): Promise<QuantityAnswer | null> {
  const asked = await ctx.reply(text.dialogue.howMany(side, instrument).toString(), {
    parse_mode: "HTML",
    reply_markup: quantityKeyboard(instrument, side),
  });
  for (;;) {
    const answer = await nextAnswer(asked);
    if (answer === null) return null;
    const parsed = readQuantityAnswer(answer.replace(/^dlg:q:/, ""), kept);
    if (parsed.ok)
      return { words: parsed.words, isAtMarket: /\b(?:market|mkt|sl-?m)\b/i.test(answer), isForDay: saysDay(answer) };
    await ctx.reply(text.orderTextProblem(parsed.problem, parsed.at).toString(), { parse_mode: "HTML" });
  }
}

function readQuantityAnswer(answer: string, kept: KeptWords | undefined): ParsedOrder {
  const parsed = parseOrderText(`X ${answer}`);
  if (!parsed.ok) return parsed;
  const { words } = parsed;
  if (!hasQuantity(words) || words.symbolText !== "X") return { ok: false, problem: "bad-quantity", at: answer };
  const isContradiction = kept?.isSlm === true && words.triggerPrice === null && words.price !== null;
  return isContradiction ? { ok: false, problem: "slm-price", at: "slm" } : parsed;
}

/** By lot size and not by kind of instrument: shares of small companies trade in lots too. */
function quantityKeyboard({ lotSize }: Instrument, side: Side): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  const choices = lotSize > 1 ? ["1 lot", "2 lots", "5 lots"] : ["1", "10", "50", "100"];
  for (const choice of choices) keyboard.text(choice, callbackData("dlg:q", choice));
  if (side === "SELL") keyboard.text("all", callbackData("dlg:q", "all"));
  return addStop(keyboard.row());
}

async function askPrice(
  { ctx, nextAnswer }: DialogueStep,
  instrument: Instrument,
  words: OrderWords,
): Promise<OrderWords | null> {
  const asked = await ctx.reply(text.dialogue.whichPrice(instrument).toString(), {
    parse_mode: "HTML",
    reply_markup: addStop(new InlineKeyboard().text("At market", "dlg:p:market").row()),
  });
  for (;;) {
    const answer = await nextAnswer(asked);
    if (answer === null) return null;
    if (answer === "dlg:p:market") return words;
    const parsed = parseOrderText(`X 1 ${/^(?:[\d₹]|rs\b|inr\b)/i.test(answer) ? `@ ${answer}` : answer}`);
    const hasNoOtherWords = parsed.ok && parsed.words.symbolText === "X";
    if (hasNoOtherWords && (parsed.words.type !== "MARKET" || saysMarket(answer)))
      return withPrice(words, parsed.words, answer);
    await ctx.reply(text.orderTextProblem("bad-price", answer).toString(), { parse_mode: "HTML" });
  }
}

const saysDay = (answer: string): boolean => /\bday\b/i.test(answer);
const saysMarket = (answer: string): boolean => /^(?:(?:@|at)\s*)?(?:market|mkt)\b/i.test(answer);

/** Adds the price answer. Its other words count too: "@ 812 mis" must not become a delivery order. */
const withPrice = (words: OrderWords, answered: OrderWords, answer: string): OrderWords => ({
  ...withKept(answered, words, { isAtMarket: false, isForDay: saysDay(answer) }),
  symbolText: words.symbolText,
  quantity: words.quantity,
});

/** The typed words, completed with the kept ones. */
function withKept(typed: OrderWords, kept: KeptWords, { isAtMarket, isForDay }: Said): OrderWords {
  const price = isAtMarket ? null : (typed.price ?? kept.price ?? null);
  const triggerPrice = typed.triggerPrice ?? kept.triggerPrice ?? null;
  return {
    ...typed,
    type: typeOf({ price, triggerPrice }),
    price,
    triggerPrice,
    product: typed.product ?? kept.product,
    accounts: typed.accounts ?? kept.accounts,
    validity: typed.validity === "DAY" && !isForDay ? kept.validity : typed.validity,
    isAmo: typed.isAmo || kept.isAmo,
  };
}
