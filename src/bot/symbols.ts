import { InlineKeyboard } from "grammy";
import type { InstrumentKey } from "../domain/ids.ts";
import { isDerivative, ticker, type Instrument } from "../domain/instrument.ts";
import type { Listed } from "../domain/portfolio.ts";
import { callbackData, keyArgument, keyFromArgument } from "./callbacks.ts";
import type { Resolution } from "../services/instruments/types.ts";
import type { BotDeps } from "./commands.ts";
import type { Html } from "./html.ts";
import { Refusal } from "./refusal.ts";
import { dateText, strikeText } from "./render/amounts.ts";
import * as text from "./text.ts";
import type { SaudaContext } from "./context.ts";
import { send } from "./view.ts";

const MAX_CHOICES = 6;
const LABEL_LENGTH = 44;
/** The room for typed words in a choice button's data, beside its verb and an instrument's key. */
const MAX_TYPED_BYTES = 30;

/** One button for each choice, with `verb`, the given arguments and the instrument's key as its data. */
export function choiceKeyboard(
  choices: readonly Instrument[],
  verb: string,
  ...args: readonly string[]
): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  for (const instrument of choices.slice(0, MAX_CHOICES)) {
    keyboard.text(choiceLabel(instrument), callbackData(verb, ...args, keyArgument(instrument.key))).row();
  }
  return keyboard;
}

/** Whether a choice button can carry typed words. A colon, as in "on zerodha:10", would split them into two arguments. */
export const fitsChoiceButton = (typed: string): boolean =>
  Buffer.byteLength(typed) <= MAX_TYPED_BYTES && !typed.includes(":");

/** Short enough for one line on a phone: a share's ticker, exchange and name; a contract's underlying, strike and expiry. */
function choiceLabel(instrument: Instrument): string {
  const exchange = instrument.symbol.slice(0, instrument.symbol.indexOf(":"));
  if (!isDerivative(instrument))
    return `${ticker(instrument.symbol)} · ${exchange} · ${instrument.name}`.slice(0, LABEL_LENGTH);
  const what = instrument.kind === "future" ? "FUT" : `${strikeText(instrument.strike)} ${instrument.optionType}`;
  return `${instrument.underlying} ${what} · ${dateText(instrument.expiry)}`;
}

/** The instrument that a button names; refuses when it is not listed any more, like an expired contract. */
export async function instrumentFrom(deps: BotDeps, argument: string | undefined): Promise<Instrument> {
  const instrument = await deps.instruments.byKey(keyFromArgument(argument ?? ""));
  if (!instrument) throw new Refusal(text.instrumentGone());
  return instrument;
}

/** The one instrument that a text means. Else asks with buttons and returns null; refuses when there is nothing to offer. */
export async function resolveOrAsk(
  deps: BotDeps,
  ctx: SaudaContext,
  symbolText: string,
  verb: string,
  ...args: readonly string[]
): Promise<Instrument | null> {
  const found = await deps.instruments.resolve(symbolText);
  if (found.kind === "one") return found.instrument;
  await askWhich(ctx, symbolText, found, verb, ...args);
  return null;
}

/** Asks with buttons which instrument a text means; refuses when there is nothing to offer. */
export async function askWhich(
  ctx: SaudaContext,
  symbolText: string,
  found: Exclude<Resolution, { kind: "one" }>,
  verb: string,
  ...args: readonly string[]
): Promise<void> {
  const choices = found.kind === "many" ? found.candidates : found.suggestions;
  const html = unresolvedText(symbolText, found);
  if (choices.length === 0) throw new Refusal(html);
  await send(ctx, { html, keyboard: choiceKeyboard(choices, verb, ...args) });
}

/** The reply to a text that matches no instrument or several. */
export function unresolvedText(symbolText: string, found: Exclude<Resolution, { kind: "one" }>): Html {
  if (found.kind === "many") return text.orders.pickSymbol(symbolText, found.candidates.length);
  return found.lacksList
    ? text.orders.noList(symbolText)
    : text.orders.unknownSymbol(symbolText, found.suggestions.length > 0);
}

/** What a text may mean; suggestions do not count. */
export const meantBy = (found: Resolution): readonly Instrument[] =>
  found.kind === "one" ? [found.instrument] : found.kind === "many" ? found.candidates : [];

/** The rows (positions, orders) that a text names: by ticker, else by any words that /sell takes, like "nifty 26000 ce". */
export async function rowsNamed<T>(
  { instruments }: Pick<BotDeps, "instruments">,
  rows: readonly T[],
  wanted: string,
  rowOf: (row: T) => Listed,
): Promise<readonly T[]> {
  const named = bestMatches(rows, wanted.toUpperCase(), rowOf);
  if (named.length > 0 || rows.length === 0) return named;
  const keys = new Set<InstrumentKey | null>(meantBy(await instruments.resolve(wanted)).map(({ key }) => key));
  return rows.filter((row) => keys.has(rowOf(row).key));
}

/** Rows with exactly this symbol or ticker, else those whose ticker starts with it: "SBIN" is the share, not its options. */
function bestMatches<T>(rows: readonly T[], wanted: string, rowOf: (row: T) => Listed): readonly T[] {
  const exact = rows.filter((row) => rowOf(row).symbol === wanted || ticker(rowOf(row).symbol) === wanted);
  if (exact.length > 0) return exact;
  const squeezed = wanted.replaceAll(/\s+/g, "");
  return rows.filter((row) => ticker(rowOf(row).symbol).startsWith(squeezed));
}
