import type { OrderType, Product, Validity } from "./order.ts";
import type { Price } from "./money.ts";
import { priceFromRupees } from "./money.ts";

export type QuantityWords =
  | { readonly kind: "units" | "lots"; readonly count: number }
  /** The whole holding or position. */
  | { readonly kind: "all" };

/** The accounts after "on": all, or some by name, each with its own quantity if one was given. */
export type AccountWords =
  | { readonly kind: "all" }
  | {
      readonly kind: "named";
      readonly parts: readonly { readonly label: string; readonly quantity: QuantityWords | null }[];
    };

/** An order as typed, before any lookup. Parts that were left out are null. */
export interface OrderWords {
  /** Everything before the quantity: "SBIN", "nifty 25000 ce". */
  readonly symbolText: string;
  /** For each account without a quantity of its own. */
  readonly quantity: QuantityWords | null;
  readonly type: OrderType;
  readonly price: Price | null;
  readonly triggerPrice: Price | null;
  /** "slm" was said: a stop that must have no limit price. */
  readonly isSlm: boolean;
  readonly product: Product | null;
  readonly validity: Validity;
  readonly isAmo: boolean;
  readonly accounts: AccountWords | null;
}

export type OrderTextProblem =
  | "no-symbol"
  | "bad-quantity"
  | "bad-price"
  | "bad-trigger"
  | "no-account"
  | "twice"
  | "slm-price"
  | "too-long";
export type ParsedOrder =
  | { readonly ok: true; readonly words: OrderWords }
  | { readonly ok: false; readonly problem: OrderTextProblem; readonly at: string };

const PRODUCT_WORDS: ReadonlyMap<string, Product> = new Map([
  ["cnc", "CNC"],
  ["delivery", "CNC"],
  ["mis", "INTRADAY"],
  ["intraday", "INTRADAY"],
  ["nrml", "MARGIN"],
  ["margin", "MARGIN"],
  ["normal", "MARGIN"],
  ["carry", "MARGIN"],
  ["mtf", "MTF"],
]);
/** A word before its value: the value is the token after it. */
const PRICE_WORDS = new Set(["@", "at", "limit", "price"]);
const MARKET_WORDS = new Set(["market", "mkt"]);
const TRIGGER_WORDS = new Set(["sl", "slm", "trigger", "stop"]);
const UNIT_WORD = /^(?:shares?|units?|qty|nos)$/;
const ACCOUNT_WORDS = new Set(["on", "via"]);
const MAX_LENGTH = 120;
const MAX_QUANTITY = 10_000_000;
/** 10 crore rupees: above any listed price. The value of the whole order has its own limit, where the order is planned. */
const MAX_RUPEES = 100_000_000;

type Draft = { -readonly [K in keyof OrderWords]: OrderWords[K] } & { seen: Set<string> };
class Problem {
  readonly problem: OrderTextProblem;
  readonly at: string;
  constructor(problem: OrderTextProblem, at: string) {
    this.problem = problem;
    this.at = at;
  }
}

/**
 * Parses the text after /buy or /sell: `SBIN 10 @ 810 mis`, `nifty 25000 ce 2 lots sl 120 on zerodha`. Never throws.
 */
export function parseOrderText(text: string): ParsedOrder {
  if (text.length > MAX_LENGTH) return { ok: false, problem: "too-long", at: text.slice(0, 20) };
  const draft: Draft = {
    symbolText: "",
    quantity: null,
    type: "MARKET",
    price: null,
    triggerPrice: null,
    isSlm: false,
    product: null,
    validity: "DAY",
    isAmo: false,
    accounts: null,
    seen: new Set(),
  };
  try {
    const rest = readModifiers(tokenise(text), draft);
    const named = readQuantity(rest, draft);
    draft.symbolText = (named === rest ? named : readPricesBefore(named, draft)).join(" ");
    if (draft.symbolText === "") throw new Problem("no-symbol", text.trim());
    refuseContradictions(draft);
  } catch (problem) {
    if (problem instanceof Problem) return { ok: false, problem: problem.problem, at: problem.at };
    throw problem;
  }
  const { seen: _, ...words } = draft;
  return { ok: true, words: { ...words, type: typeOf(draft) } };
}

function refuseContradictions({ price, isSlm, quantity, accounts, seen }: Draft): void {
  if (price !== null && seen.has("market")) throw new Problem("twice", "price");
  if (price !== null && isSlm) throw new Problem("slm-price", "slm");
  if (price === null && seen.has("limit")) throw new Problem("bad-price", "limit");
  // No account would be left to take the common one.
  if (quantity !== null && hasQuantity({ quantity: null, accounts })) throw new Problem("twice", "quantity");
}

/** Whether every account has a quantity: one for all, or `on zerodha:10,fyers:5`. */
export const hasQuantity = ({ quantity, accounts }: Pick<OrderWords, "quantity" | "accounts">): boolean =>
  quantity !== null || (accounts?.kind === "named" && accounts.parts.every((part) => part.quantity !== null));

/** Rewrites "Rs. 810", "₹ 810", "810/-" and "810 rs" to "₹810", so that an amount of money is never taken for a quantity. */
export const markRupees = (text: string): string =>
  text
    .replaceAll(/(\d[\d,.]{0,15})\/-/g, "₹$1")
    .replaceAll(/(?:(?:₹|(?<![\p{L}\d])(?:rs\.?|inr))\s*)+(?=\d)/giu, "₹")
    .replaceAll(/(?<![₹\d,.])(\d[\d,.]{0,15})\s*(?:rs\.?|inr|rupees?)(?![\p{L}\d])/giu, "₹$1")
    .replaceAll(/₹(?!\d)/g, " ");

const STOP_LOSS = /(?<![\p{L}\d-])stop[ -]?loss(?![\p{L}\d-])/giu;
const SL_M = /(?<![\p{L}\d-])sl-m(?![\p{L}\d-])/giu;
const STOP_AT = /(?<=\s)(slm?|stop|trigger)\s+(?:@|at|price)\s+(?=₹?\d)/gi;

/** Treats "@810" like "@ 810", "on a, b" like "on a,b", and "stop loss at 800" like "sl 800"; drops a full stop at the end. */
const tokenise = (text: string): string[] =>
  markRupees(text)
    .replace(/[\s.]+$/, "")
    .replaceAll("@", " @ ")
    .replaceAll(/\s+/g, " ")
    .replaceAll(STOP_LOSS, "sl")
    .replaceAll(SL_M, "slm")
    .replaceAll(STOP_AT, "$1 ")
    .replace(/(\s(?:on|via)\s+)(.*)$/i, (_, on: string, rest: string) => on + rest.replaceAll(/\s*([,:])\s*/g, "$1"))
    .trim()
    .split(" ")
    .filter((token) => token !== "");

/** The words of an order after those for its instrument, which `parseOrderText` read as `symbolText`. */
export const wordsAfter = (symbolText: string, text: string): string =>
  tokenise(text).slice(symbolText.split(" ").length).join(" ");

/** Takes modifiers off the end, in any order, until a token is not one; returns the tokens that are left. */
function readModifiers(tokens: string[], draft: Draft): string[] {
  let left = tokens;
  for (;;) {
    const taken = takeModifier(left, draft);
    if (taken === 0) return left;
    left = left.slice(0, left.length - taken);
  }
}

/**
 * A price before the quantity ("sbin @ 810 10"): left in the name, it would be looked up as a strike. Other modifiers stay,
 * because their words may be part of the name: "nse ioc 10".
 */
function readPricesBefore(tokens: readonly string[], draft: Draft): readonly string[] {
  const isPrice = tokens.length > 2 && /^₹?\d/.test(tokens.at(-1) ?? "") && takePrice(tokens, draft) > 0;
  return isPrice ? readPricesBefore(tokens.slice(0, -2), draft) : tokens;
}

/** Reads a price or trigger at the end; returns the number of tokens it took, 0 or 2. */
function takePrice(tokens: readonly string[], draft: Draft): number {
  const last = tokens.at(-1)?.toLowerCase() ?? "";
  const before = tokens.at(-2)?.toLowerCase() ?? "";
  // "limit" may also follow its price: "@ 810 limit mis".
  const isPriced = PRICE_WORDS.has(before) && (before !== "limit" || /^₹?\d/.test(last));
  if (isPriced) return take(draft, "price", 2, () => (draft.price = readPrice(last, "bad-price")));
  if (!TRIGGER_WORDS.has(before)) return 0;
  if (before === "slm") draft.isSlm = true;
  return take(draft, "trigger", 2, () => (draft.triggerPrice = readPrice(last, "bad-trigger")));
}

/** Reads one modifier at the end; returns the number of tokens it took. */
function takeModifier(tokens: readonly string[], draft: Draft): number {
  if (tokens.length < 2) return 0;
  const last = tokens.at(-1)?.toLowerCase() ?? "";
  const before = tokens.at(-2)?.toLowerCase() ?? "";
  if (PRICE_WORDS.has(before) && before !== "limit" && MARKET_WORDS.has(last))
    return take(draft, "market", 2, () => undefined);
  const priced = takePrice(tokens, draft);
  if (priced > 0) return priced;
  if (ACCOUNT_WORDS.has(before)) return take(draft, "account", 2, () => (draft.accounts = readAccounts(last)));
  if (last === "@" || last === "at") throw new Problem("bad-price", last);
  if (last === "sl" || last === "slm" || last === "trigger") throw new Problem("bad-trigger", last);
  if (ACCOUNT_WORDS.has(last)) throw new Problem("no-account", last);
  const product = PRODUCT_WORDS.get(last);
  if (product !== undefined) return take(draft, "product", 1, () => (draft.product = product));
  if (last === "ioc" || last === "day")
    return take(draft, "validity", 1, () => (draft.validity = last === "ioc" ? "IOC" : "DAY"));
  if (last === "amo") return take(draft, "amo", 1, () => (draft.isAmo = true));
  if (MARKET_WORDS.has(last)) return take(draft, "market", 1, () => undefined);
  if (last === "limit") return take(draft, "limit", 1, () => undefined);
  return 0;
}

function take(draft: Draft, what: string, tokens: number, apply: () => void): number {
  if (draft.seen.has(what)) throw new Problem("twice", what);
  draft.seen.add(what);
  apply();
  return tokens;
}

/** Commas only where they group digits, in India or elsewhere: "10,5" is two numbers or a decimal, never 105. */
export const isGrouped = (whole: string): boolean => /^(?:\d+|\d{1,3}(?:,\d{2,3})*,\d{3})$/.test(whole);

function readPrice(text: string, problem: OrderTextProblem): Price {
  const rupees = text.replace(/^₹/, "");
  const [, whole = ""] = /^([\d,]+)(?:\.\d{1,4})?$/.exec(rupees) ?? [];
  if (!isGrouped(whole)) throw new Problem(problem, text);
  if (Number(rupees.replaceAll(",", "")) > MAX_RUPEES) throw new Problem(problem, text);
  const price = priceFromRupees(rupees);
  if (price <= 0) throw new Problem(problem, text);
  return price;
}

/** `all`, `zerodha`, `zerodha,fyers`, `zerodha:10,fyers:2lots`. */
function readAccounts(text: string): AccountWords {
  if (text === "all") return { kind: "all" };
  const parts = text.split(",").map((part) => {
    const [label = "", count, ...rest] = part.split(":");
    if (label === "" || rest.length > 0) throw new Problem("no-account", text);
    return { label, quantity: count === undefined ? null : readQuantityToken(count) };
  });
  const labels = new Set(parts.map((part) => part.label));
  if (labels.size < parts.length) throw new Problem("twice", "account");
  return { kind: "named", parts };
}

function readQuantityToken(text: string): QuantityWords {
  if (text === "all") return { kind: "all" };
  const lots = /^([\d,]+)lots?$/.exec(text);
  return lots ? { kind: "lots", count: readCount(lots[1] ?? "") } : { kind: "units", count: readCount(text) };
}

/** Takes the quantity off the end: `10`, `1,000`, `10 shares`, `2 lots`, `2lots`, `all`. A lone number is a symbol. */
function readQuantity(tokens: readonly string[], draft: Draft): readonly string[] {
  const last = tokens.at(-1)?.toLowerCase() ?? "";
  const before = tokens.at(-2) ?? "";
  if (tokens.length > 2 && /^lots?$/.test(last)) {
    draft.quantity = { kind: "lots", count: readCount(before) };
    return tokens.slice(0, -2);
  }
  if (tokens.length > 2 && UNIT_WORD.test(last) && /^\d/.test(before)) {
    draft.quantity = { kind: "units", count: readCount(before) };
    return tokens.slice(0, -2);
  }
  if (tokens.length > 1 && (last === "all" || /^[-+₹]?[\d.,]+(lots?)?$/.test(last))) {
    draft.quantity = readQuantityToken(last);
    return tokens.slice(0, -1);
  }
  return tokens;
}

const LEADING_QUANTITY = /^(all|[\d,]+)(?:\s*(lots?)|\s+(?:shares?|units?|qty|nos))?\s+(?:of\s+)?(.+)$/i;

/**
 * Rewrites `10 sbin at 800` to `sbin 10 at 800`; null when the text does not start with a quantity. Only for names that
 * match nothing as typed, because there are companies called 20 Microns and 360 One.
 */
export function moveQuantityToEnd(text: string): string | null {
  const plain = text.trim().replaceAll(/\s+/g, " ");
  const parsed = parseOrderText(plain);
  if (!parsed.ok || parsed.words.quantity !== null || !plain.startsWith(parsed.words.symbolText)) return null;
  const [, count, lots = "", name] = LEADING_QUANTITY.exec(parsed.words.symbolText) ?? [];
  return name === undefined
    ? null
    : `${name} ${count} ${lots}${plain.slice(parsed.words.symbolText.length)}`.replaceAll(/\s+/g, " ");
}

function readCount(text: string): number {
  const plain = text.replace(/,$/, "");
  const digits = plain.replaceAll(",", "");
  const count = Number(digits);
  if (!isGrouped(plain) || !/^\d{1,8}$/.test(digits) || count === 0 || count > MAX_QUANTITY)
    throw new Problem("bad-quantity", text);
  return count;
}

export function typeOf({ price, triggerPrice }: Pick<OrderWords, "price" | "triggerPrice">): OrderType {
  if (triggerPrice !== null) return price === null ? "SL-M" : "SL";
  return price === null ? "MARKET" : "LIMIT";
}
