import { readInstrumentText } from "../../domain/instrument-text.ts";
import { ticker } from "../../domain/instrument.ts";
import { istDate } from "../../domain/market.ts";
import { priceFromRupees } from "../../domain/money.ts";
import { wordsAfter, type OrderWords } from "../../domain/order-text.ts";
import type { Resolution } from "../../services/instruments/types.ts";
import type { BotDeps } from "../commands.ts";
import { lines } from "../html.ts";
import { Refusal } from "../refusal.ts";
import { meantBy, unresolvedText } from "../symbols.ts";
import * as text from "../text.ts";

/** An order as typed, and what was read of it. */
export interface Typed {
  readonly verb: string;
  readonly asked: string;
  readonly words: OrderWords;
}

type NoInstrument = Extract<Resolution, { kind: "none" }>;

/**
 * "nifty put 26000": a strike, not 26,000 units. Only where such a strike is listed and the quantity says neither lots nor
 * units.
 */
export async function refuseStrikeAsQuantity({ instruments, clock }: BotDeps, typed: Typed): Promise<void> {
  const { symbolText, quantity } = typed.words;
  if (quantity?.kind !== "units" || /\s(?:shares?|units?|qty|nos)\b/i.test(typed.asked)) return;
  const readings = readInstrumentText(symbolText, istDate(clock.now())).contracts;
  if (!readings.some(({ kind, strike }) => kind !== "future" && strike === null)) return;
  const options = meantBy(await instruments.resolve(`${symbolText} ${quantity.count}`));
  const strike = priceFromRupees(quantity.count);
  if (options.length === 0 || options.some((each) => each.kind !== "option" || each.strike !== strike)) return;
  const proposed = withCount(typed, quantity.count, (last) => `${last} 1 lot`);
  throw new Refusal(text.orders.strikeOrQuantity(proposed, quantity.count));
}

/** Refuses an order whose instrument text names none, only one by its beginning, or nothing that could be offered instead. */
export async function refuseUnclear(deps: BotDeps, typed: Typed, none: NoInstrument): Promise<void> {
  refuseExchangeBehind(typed);
  await refuseTwoNumbers(deps, typed);
  await refuseUnknownWords(deps, typed, none);
  if (none.suggestions.length === 0) throw new Refusal(unresolvedText(typed.words.symbolText, none));
}

/** "SBIN 10 bse": read as a name, because an exchange is a part of one. */
function refuseExchangeBehind({ verb, asked, words: { symbolText } }: Typed): void {
  const [, named, exchange] = /^(.*\s\d\S*)\s(nse|bse)$/i.exec(symbolText) ?? [];
  if (named === undefined || exchange === undefined) return;
  const proposed = [`/${verb}`, exchange, named, wordsAfter(symbolText, asked)].join(" ").trim();
  throw new Refusal(text.orders.exchangeFirst(proposed));
}

/** "SBIN 10 1000" and "10 SBIN 1000": which number is the price is not guessed. */
async function refuseTwoNumbers({ instruments }: BotDeps, typed: Typed): Promise<void> {
  const { symbolText, quantity, price } = typed.words;
  const [, name = ""] = /^(?:\d[\d,]* )?(.+?)(?: \d[\d,]*)?$/.exec(symbolText) ?? [];
  if (name === symbolText || quantity?.kind !== "units" || price !== null) return;
  const named = await instruments.resolve(name);
  if (named.kind !== "one" || named.instrument.kind === "index") return;
  const proposed = withCount(typed, quantity.count, (last) => `@ ${last}`);
  throw new Refusal(text.orders.twoNumbers(proposed, quantity.count));
}

/** "sbin 10 target": the instrument is known, the words behind it are not. A contract's words are, listed or not. */
async function refuseUnknownWords(deps: BotDeps, { verb, words }: Typed, none: NoInstrument): Promise<void> {
  if (none.suggestions.length > 0 || none.lacksList === true) return;
  const { instruments, clock } = deps;
  if (readInstrumentText(words.symbolText, istDate(clock.now())).contracts.length > 0) return;
  const tokens = words.symbolText.split(" ");
  for (let length = tokens.length - 1; length > 0; length -= 1) {
    const found = await instruments.resolve(tokens.slice(0, length).join(" "));
    if (found.kind !== "one") continue;
    const behind = tokens.slice(length);
    const unread = behind.filter((token) => !/^[\d.,@]+$/.test(token));
    const named = (unread.length > 0 ? unread : behind).join(" ");
    throw new Refusal(
      lines(text.orders.unknownWords(ticker(found.instrument.symbol), named), text.orders.example(verb)),
    );
  }
}

/** The command as typed, with the word for its quantity written anew. */
function withCount({ verb, asked, words }: Typed, count: number, written: (word: string) => string): string {
  const tokens = asked.split(/\s+/);
  const isCount = (token: string, at: number): boolean =>
    at >= words.symbolText.split(" ").length &&
    Number(token.replaceAll(",", "")) === count &&
    !/^(?:sl|sl-?m|stop|(?:stop-?)?loss|trigger)$/i.test(tokens[at - 1] ?? "");
  const at = tokens.findIndex(isCount);
  const ordered = at === -1 ? [words.symbolText, written(String(count))] : tokens.with(at, written(tokens[at] ?? ""));
  return `/${verb} ${ordered.join(" ")}`;
}
