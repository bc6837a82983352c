import type { Conversation } from "@grammyjs/conversations";
import { InlineKeyboard } from "grammy";
import type { Message } from "grammy/types";
import type { BotDeps } from "../src/bot/commands.ts";
import { answering } from "../src/bot/failure.ts";
import { callbackData, keyFromArgument } from "../src/bot/callbacks.ts";
import type { BareContext, SaudaContext } from "../src/bot/context.ts";
import { type OrderAsk, showTicket } from "../src/bot/order-flow.ts";
import { choiceKeyboard, unclear } from "../src/bot/symbols.ts";
import * as text from "../src/bot/text.ts";
import type { InstrumentKey } from "../src/domain/ids.ts";
import type { Instrument } from "../src/domain/instrument.ts";
import { parseOrderText, typeOf, type OrderWords } from "../src/domain/order-text.ts";
import type { Side } from "../src/domain/order.ts";

// Steps: 1 instrument, 2 quantity (with anything else in words), 3 price. Ends with a ticket; nothing is placed here.
// Left by: a ticket shown, an index, any command, "Stop", or ten minutes of silence.

export interface PlaceOrderStart {
  readonly side: Side;
  readonly key: InstrumentKey | null;
  /** Of the ticket that is edited, or said before the dialogue: they stay unless others are said. No price is asked for beside one. */
  readonly kept?: KeptWords;
  /** Of an exit that is edited: it closes no more than is open, and no limit of the user's holds it back. */
  readonly origin?: "exit";
}

type KeptWords = Pick<OrderWords, "accounts" | "product" | "validity" | "isAmo"> &
  Partial<Pick<OrderWords, "price" | "triggerPrice">>;

type Talk = Conversation<SaudaContext, BareContext>;

interface Asking {
  readonly talk: Talk;
  readonly ctx: BareContext;
  readonly nextAnswer: ReturnType<typeof answersIn>;
}

const STOP = "dlg:stop";

export const placeOrder =
  (deps: BotDeps) =>
  async (talk: Talk, ctx: BareContext, start: PlaceOrderStart): Promise<void> => {
    const asking: Asking = { talk, ctx, nextAnswer: answersIn(talk) };
    const instrument = start.key === null ? await askInstrument(deps, asking) : await known(deps, talk, start.key);
    if (!instrument) return;
    if (instrument.kind === "index") {
      await ctx.reply(text.orders.index(instrument).toString(), { parse_mode: "HTML" });
      return;
    }
    const said = await askQuantity(asking, start.side, instrument);
    if (!said) return;
    const words = start.kept ? withKept(said.words, start.kept, said.isAtMarket) : said.words;
    const isPriced = said.isAtMarket || words.type !== "MARKET";
    const priced = isPriced ? words : await askPrice(asking, instrument, words);
    if (!priced) return;
    const ask: OrderAsk = { side: start.side, instrument, words: priced, origin: start.origin ?? "chat" };
    await talk.external((outside) => answering(outside, deps, () => showTicket(deps, outside, ask)));
  };

const known = (deps: BotDeps, talk: Talk, key: InstrumentKey): Promise<Instrument | null> =>
  talk.external(async () => (await deps.instruments.byKey(key)) ?? null);

async function askInstrument(deps: BotDeps, { talk, ctx, nextAnswer }: Asking): Promise<Instrument | null> {
  const asked = await ctx.reply(text.dialogue.whichInstrument().toString(), {
    parse_mode: "HTML",
    reply_markup: stopKeyboard(),
  });
  for (;;) {
    const answer = await nextAnswer(asked);
    if (answer === null) return null;
    if (answer.startsWith("dlg:i:")) {
      const picked = await known(deps, talk, keyFromArgument(answer.slice("dlg:i:".length)));
      if (picked) return picked;
      continue;
    }
    const found = await talk.external(() => deps.instruments.resolve(answer));
    if (found.kind === "one") return found.instrument;
    const choices = found.kind === "many" ? found.candidates : found.suggestions;
    await ctx.reply(unclear(answer, found).toString(), {
      parse_mode: "HTML",
      reply_markup: choiceKeyboard(choices, "dlg:i"),
    });
  }
}

interface Said {
  readonly words: OrderWords;
  /** It names the market price, which is the words' also where nothing is said of one. */
  readonly isAtMarket: boolean;
}

/** Takes "10", "2 lots", or the rest of an order: "10 @ 810 mis". */
async function askQuantity({ ctx, nextAnswer }: Asking, side: Side, instrument: Instrument): Promise<Said | null> {
  const asked = await ctx.reply(text.dialogue.howMany(side, instrument).toString(), {
    parse_mode: "HTML",
    reply_markup: quantityKeyboard(instrument, side),
  });
  for (;;) {
    const answer = await nextAnswer(asked);
    if (answer === null) return null;
    const parsed = parseOrderText(`X ${answer.replace(/^dlg:q:/, "")}`);
    if (parsed.ok && parsed.words.quantity !== null && parsed.words.symbolText === "X")
      return { words: parsed.words, isAtMarket: /\b(?:market|mkt)\b/i.test(answer) };
    const problem = parsed.ok
      ? text.orderTextProblem("bad-quantity", answer)
      : text.orderTextProblem(parsed.problem, parsed.at);
    await ctx.reply(problem.toString(), { parse_mode: "HTML" });
  }
}

/** Shares of small companies are traded in lots too. */
function quantityKeyboard({ lotSize }: Instrument, side: Side): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  const choices = lotSize > 1 ? ["1 lot", "2 lots", "5 lots"] : ["1", "10", "50", "100"];
  for (const choice of choices) keyboard.text(choice, callbackData("dlg:q", choice));
  if (side === "SELL") keyboard.text("all", callbackData("dlg:q", "all"));
  return keyboard.row().text("Stop", STOP);
}

async function askPrice(
  { ctx, nextAnswer }: Asking,
  instrument: Instrument,
  words: OrderWords,
): Promise<OrderWords | null> {
  const asked = await ctx.reply(text.dialogue.whichPrice(instrument).toString(), {
    parse_mode: "HTML",
    reply_markup: new InlineKeyboard().text("At market", "dlg:p:market").row().text("Stop", STOP),
  });
  for (;;) {
    const answer = await nextAnswer(asked);
    if (answer === null) return null;
    if (answer === "dlg:p:market") return words;
    const parsed = parseOrderText(`X 1 ${/^(?:[\d₹]|rs\b|inr\b)/i.test(answer) ? `@ ${answer}` : answer}`);
    const isOnlyThat = parsed.ok && parsed.words.symbolText === "X";
    if (isOnlyThat && (parsed.words.type !== "MARKET" || saysMarket(answer))) return withPrice(words, parsed.words);
    await ctx.reply(text.orderTextProblem("bad-price", answer).toString(), { parse_mode: "HTML" });
  }
}

/** As the question words it. */
const saysMarket = (answer: string): boolean => /^(?:(?:@|at)\s*)?(?:market|mkt)\b/i.test(answer);

/** What is said with the price counts too: "@ 812 mis" must not become delivery. */
const withPrice = (words: OrderWords, said: OrderWords): OrderWords => ({
  ...withKept(said, words),
  symbolText: words.symbolText,
  quantity: words.quantity,
});

function withKept(said: OrderWords, kept: KeptWords, isAtMarket = false): OrderWords {
  const price = isAtMarket ? null : (said.price ?? kept.price ?? null);
  const triggerPrice = said.triggerPrice ?? kept.triggerPrice ?? null;
  return {
    ...said,
    type: typeOf({ price, triggerPrice }),
    price,
    triggerPrice,
    product: said.product ?? kept.product,
    accounts: said.accounts ?? kept.accounts,
    validity: said.validity === "DAY" ? kept.validity : said.validity,
    isAmo: said.isAmo || kept.isAmo,
  };
}

/**
 * Waits for the next text, or button tapped under the question or below it; null when the user stops. Other buttons go
 * their own way: one of an earlier question, tapped twice or late, answers nothing. Nor does an update that was taken
 * already: after a crash it comes again.
 */
export function answersIn(talk: Talk): (asked: Pick<Message, "message_id">) => Promise<string | null> {
  let taken: number | null = null;
  return async (asked) => {
    for (;;) {
      const next = await talk.wait({ maxMilliseconds: DIALOGUE_TTL_MS });
      const { update_id: id } = next.update;
      if (id === taken) continue;
      const data = next.callbackQuery?.data;
      if (data === STOP) {
        await next.editMessageText(text.dialogue.stopped().toString(), { parse_mode: "HTML" });
        return null;
      }
      const under = next.callbackQuery?.message?.message_id ?? 0;
      const tapped = data?.startsWith("dlg:") && under >= asked.message_id ? data : undefined;
      const answer = tapped ?? next.message?.text?.trim() ?? "";
      if (answer === "") return talk.skip({ next: true });
      taken = id;
      return answer;
    }
  };
}

const stopKeyboard = (): InlineKeyboard => new InlineKeyboard().text("Stop", STOP);

const DIALOGUE_TTL_MS = 10 * 60_000;
