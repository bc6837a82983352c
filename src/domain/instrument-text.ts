// Over 300 lines because it is one grammar: words, dates and how they select from a list of expiries.
import type { IndexName, OptionType } from "./instrument.ts";
import { monthlyExpiries } from "./instrument.ts";
import { addDays, weekday } from "./market.ts";
import type { Price } from "./money.ts";
import { priceFromRupees } from "./money.ts";

/** The expiry as worded. Turning it into a date takes the list of expiries: see `matchingExpiries`. */
export type ExpiryWords =
  /** YYYY-MM-DD */
  | { readonly kind: "day"; readonly date: string }
  /** YYYY-MM: any expiry of that month. */
  | { readonly kind: "month"; readonly month: string }
  /** 0: the nearest expiry, 1: the one after. */
  | { readonly kind: "week"; readonly ahead: 0 | 1 }
  /** 0: the month's last expiry, 1: the next month's. */
  | { readonly kind: "monthly"; readonly ahead: 0 | 1 };

/** One reading of "nifty 24 nov 26000 pe". Parts that were not given are null. */
export interface ContractWords {
  /** The underlying: lower case, single spaces. */
  readonly name: string;
  readonly kind: "future" | "option" | null;
  readonly optionType: OptionType | null;
  readonly strike: Price | null;
  readonly expiry: ExpiryWords | null;
}

export interface InstrumentText {
  readonly exchange: "NSE" | "BSE" | null;
  /** Everything but the exchange: lower case, single spaces. */
  readonly name: string;
  /** Possible readings as a contract: none for a plain name, several when a number may be a day, a year or a strike. */
  readonly contracts: readonly ContractWords[];
}

export interface IndexWords {
  readonly name: IndexName;
  /** Name under which its futures and options are listed; null when it has none. */
  readonly underlying: string | null;
}

const INDEX_WORDS: readonly (IndexWords & { readonly words: readonly string[] })[] = [
  { name: "NIFTY50", underlying: "NIFTY", words: ["nifty", "nifty 50", "nifty50", "nifty index"] },
  { name: "NIFTYBANK", underlying: "BANKNIFTY", words: ["banknifty", "bank nifty", "nifty bank", "niftybank"] },
  {
    name: "FINNIFTY",
    underlying: "FINNIFTY",
    words: ["finnifty", "fin nifty", "nifty fin", "nifty fin service", "nifty financial services"],
  },
  {
    name: "MIDCPNIFTY",
    underlying: "MIDCPNIFTY",
    words: ["midcpnifty", "midcap nifty", "nifty midcap", "nifty midcap select", "nifty mid select"],
  },
  {
    name: "NIFTYNXT50",
    underlying: "NIFTYNXT50",
    words: ["niftynxt50", "nifty next 50", "nifty next50", "nifty nxt 50", "nifty nxt50"],
  },
  { name: "SENSEX", underlying: "SENSEX", words: ["sensex", "sensex 30"] },
  { name: "BANKEX", underlying: "BANKEX", words: ["bankex"] },
  { name: "INDIAVIX", underlying: null, words: ["indiavix", "india vix", "vix"] },
];
const INDEX_BY_WORDS = new Map(
  INDEX_WORDS.flatMap(({ words, name, underlying }) => words.map((each) => [each, { name, underlying }] as const)),
);
const MAX_INDEX_WORDS = 3;

/** The index that people call by this name: "bank nifty". */
export const indexNamed = (name: string): IndexWords | undefined => INDEX_BY_WORDS.get(name);
/** All names of an index, for the search index. */
export const wordsOfIndex = (name: string): readonly string[] =>
  INDEX_WORDS.find((index) => index.name === name)?.words ?? [];

/** Letters and digits only, upper case, so that "bajaj auto" equals BAJAJ-AUTO. */
export const squash = (text: string): string => text.toUpperCase().replaceAll(/[^\p{L}\p{N}]/gu, "");

const MAX_LENGTH = 120;
const MONTH = String.raw`jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?`;
const MONTH_STARTS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH_WORD = new RegExp(`^(?:${MONTH})$`);
const DAY_AND_MONTH = new RegExp(String.raw`^(\d{1,2})(?:st|nd|rd|th)?[-/.]?(${MONTH})[-/.']?(\d{4}|\d{2})?$`);
const MONTH_AND_NUMBER = new RegExp(String.raw`^(${MONTH})[-/.']?(\d{4}|\d{1,2})$`);
const STRIKE_AND_TYPE = /^(\d{1,7}(?:\.\d{1,2})?)(ce|pe)$/;
const NAME_STRIKE_AND_TYPE = /^([a-z][a-z&-]*)(\d{1,7}(?:\.\d{1,2})?)(ce|pe)$/;
/**
 * A monthly option's symbol. An exact match is found before parsing, so this serves only to suggest nearby contracts.
 */
const COMPACT = new RegExp(
  String.raw`^([a-z][a-z&-]*)(\d{2})(${MONTH_STARTS.join("|")})(\d{1,7}(?:\.\d{1,2})?)(ce|pe)$`,
);
const ORDINAL = /^(\d{1,2})(?:st|nd|rd|th)$/;
const NUMBER = /^\d{1,7}(?:\.\d{1,2})?$/;
const ISO_DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const INDIAN_DAY = /^(\d{1,2})[-/](\d{1,2})(?:[-/](\d{4}|\d{2}))?$/;
const PREFIX = /^(nse|bse|nfo|bfo)\s*:\s*/;

type Term =
  | { readonly kind: "word" | "noise" | "future" }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "month"; readonly month: number }
  | { readonly kind: "expiry"; readonly expiry: ExpiryWords }
  | { readonly kind: "type"; readonly optionType: OptionType | null };

const WORDS: ReadonlyMap<string, Term> = new Map<string, Term>([
  ...["fut", "futs", "future", "futures"].map((word): [string, Term] => [word, { kind: "future" }]),
  ...["ce", "call", "calls"].map((word): [string, Term] => [word, { kind: "type", optionType: "CE" }]),
  ...["pe", "put", "puts"].map((word): [string, Term] => [word, { kind: "type", optionType: "PE" }]),
  ...["opt", "option", "options"].map((word): [string, Term] => [word, { kind: "type", optionType: null }]),
  ...["expiry", "exp", "expiring", "strike", "contract"].map((word): [string, Term] => [word, { kind: "noise" }]),
  ...["week", "weekly"].map((word): [string, Term] => [word, { kind: "expiry", expiry: { kind: "week", ahead: 0 } }]),
  ...["month", "monthly"].map((word): [string, Term] => [
    word,
    { kind: "expiry", expiry: { kind: "monthly", ahead: 0 } },
  ]),
]);
const AHEAD: Readonly<Record<string, 0 | 1>> = { this: 0, current: 0, near: 0, next: 1 };

/**
 * Parses an instrument's name as typed. `today` is the date in India, YYYY-MM-DD. Pure syntax: no lookup, never throws.
 */
export function readInstrumentText(text: string, today: string): InstrumentText {
  const plain = text.slice(0, MAX_LENGTH).trim().toLowerCase().replaceAll("₹", " ");
  const prefix = PREFIX.exec(plain);
  const tokens = plain
    .slice(prefix?.[0].length ?? 0)
    .split(/\s+/)
    .filter((token) => token !== "");
  const named = prefix ? { exchange: exchangeOf(prefix[1] ?? ""), tokens } : takeExchange(tokens, today);
  return {
    exchange: named.exchange,
    name: named.tokens.join(" "),
    contracts: readContracts(named.tokens.flatMap(splitToken), today),
  };
}

const exchangeOf = (word: string): "NSE" | "BSE" => (word.startsWith("n") ? "NSE" : "BSE");

/** The exchange in "sbin bse" or "bse sbin". BSE alone, or in "bse jan fut", is the company BSE Ltd. */
function takeExchange(
  tokens: readonly string[],
  today: string,
): Pick<InstrumentText, "exchange"> & { tokens: readonly string[] } {
  const isExchange = (token: string | undefined): boolean => token === "nse" || token === "bse";
  const later = tokens.findIndex((token, index) => index > 0 && isExchange(token));
  const following = tokens.slice(1).flatMap((token) => splitToken(token, 1));
  const leads = isExchange(tokens[0]) && following.length > 0 && readTerm(following, 0, today).term.kind === "word";
  const at = later > 0 ? later : leads ? 0 : -1;
  if (at < 0 || indexNamed(tokens.join(" "))) return { exchange: null, tokens };
  return { exchange: exchangeOf(tokens[at] ?? ""), tokens: tokens.toSpliced(at, 1) };
}

/**
 * Splits "24nov26" into day, month and year, "25000ce" into strike and type, "nifty25000ce" into name, strike and type.
 */
function splitToken(token: string, index: number): string[] {
  const plain = token.replaceAll(/(?<=\d),(?=\d)/g, "");
  const glued = index === 0 ? (COMPACT.exec(plain) ?? NAME_STRIKE_AND_TYPE.exec(plain)) : firstMatch(plain);
  return glued ? glued.slice(1).filter((part) => part !== undefined && part !== "") : [plain];
}

const firstMatch = (token: string): RegExpExecArray | null =>
  DAY_AND_MONTH.exec(token) ?? MONTH_AND_NUMBER.exec(token) ?? STRIKE_AND_TYPE.exec(token) ?? ORDINAL.exec(token);

function readContracts(tokens: readonly string[], today: string): ContractWords[] {
  const nameLength = lengthOfName(tokens, today);
  const terms = readTerms(tokens.slice(nameLength), today);
  if (terms.length === 0 || terms.some(({ kind }) => kind === "word")) return [];
  const name = tokens.slice(0, nameLength).join(" ");
  return readTermsAsContract(terms, today).map((contract) => ({ name, ...contract }));
}

/**
 * Number of tokens in the name. The first always belongs to it ("may" is not a month there); "nifty 50" is one name.
 */
function lengthOfName(tokens: readonly string[], today: string): number {
  for (let length = Math.min(MAX_INDEX_WORDS, tokens.length); length > 1; length -= 1) {
    if (indexNamed(tokens.slice(0, length).join(" "))) return length;
  }
  let length = Math.min(1, tokens.length);
  while (length < tokens.length && readTerm(tokens, length, today).term.kind === "word") length += 1;
  return length;
}

function readTerms(tokens: readonly string[], today: string): Term[] {
  const terms: Term[] = [];
  for (let index = 0; index < tokens.length;) {
    const { term, length } = readTerm(tokens, index, today);
    if (term.kind !== "noise") terms.push(term);
    index += length;
  }
  return terms;
}

function readTerm(tokens: readonly string[], index: number, today: string): { term: Term; length: number } {
  const token = tokens[index] ?? "";
  const following = WORDS.get(tokens[index + 1] ?? "");
  const ahead = Object.hasOwn(AHEAD, token) ? AHEAD[token] : undefined;
  if (ahead !== undefined && following?.kind === "expiry" && "ahead" in following.expiry) {
    return { term: { kind: "expiry", expiry: { kind: following.expiry.kind, ahead } }, length: 2 };
  }
  return { term: WORDS.get(token) ?? dateTerm(token, today) ?? { kind: "word" }, length: 1 };
}

function dateTerm(token: string, today: string): Term | undefined {
  if (token === "today") return { kind: "expiry", expiry: { kind: "day", date: today } };
  if (token === "tomorrow") return { kind: "expiry", expiry: { kind: "day", date: addDays(today, 1) } };
  if (MONTH_WORD.test(token)) return { kind: "month", month: MONTH_STARTS.indexOf(token.slice(0, 3)) + 1 };
  if (NUMBER.test(token)) return { kind: "number", text: token };
  const [, isoYear, isoMonth, isoDay] = ISO_DAY.exec(token) ?? [];
  const [, day, month, year] = INDIAN_DAY.exec(token) ?? [];
  const date = isoYear
    ? dayOf(isoYear, Number(isoMonth), isoDay ?? "", today)
    : day
      ? dayOf(year ?? null, Number(month), day, today)
      : null;
  return date === null ? undefined : { kind: "expiry", expiry: { kind: "day", date } };
}

function readTermsAsContract(terms: readonly Term[], today: string): Omit<ContractWords, "name">[] {
  const types = terms.filter((term) => term.kind === "type");
  const isFuture = terms.some(({ kind }) => kind === "future");
  const dates = terms.filter(({ kind }) => kind === "month" || kind === "expiry");
  if (types.length > 1 || dates.length > 1 || (isFuture && types.length > 0)) return [];
  const kind = isFuture ? ("future" as const) : types.length > 0 ? ("option" as const) : null;
  const optionType = types[0]?.optionType ?? null;
  return readNumbers(terms, today)
    .filter(({ strike }) => !isFuture || strike === null)
    .map((reading) => ({ kind, optionType, ...reading }));
}

/** Every way to read the numbers as day, year and strike, using each number once. */
function readNumbers(terms: readonly Term[], today: string): Pick<ContractWords, "strike" | "expiry">[] {
  const numbers = terms.flatMap((term, index) => (term.kind === "number" ? [index] : []));
  const at = terms.findIndex((term) => term.kind === "month");
  const month = terms[at];
  const text = (index: number | null): string | null => {
    const term = index === null ? undefined : terms[index];
    return term?.kind === "number" ? term.text : null;
  };
  if (month?.kind !== "month") {
    const expiry = terms.find((term) => term.kind === "expiry")?.expiry ?? null;
    return numbers.length > 1 ? [] : [{ strike: strikeOf(text(numbers[0] ?? null)), expiry }];
  }
  // Positions of day and year around the month at `at`:
  // "24 nov", "24 nov 26", "nov 24", "nov 24 26", "nov", "26 nov" (a year), "nov 26" (a year).
  const picks: readonly (readonly [day: number | null, year: number | null])[] = [
    [at - 1, null],
    [at - 1, at + 1],
    [at + 1, null],
    [at + 1, at + 2],
    [null, null],
    [null, at - 1],
    [null, at + 1],
  ];
  return picks.flatMap(([day, year]) => {
    const picked = [day, year].filter((index) => index !== null);
    const left = numbers.filter((index) => !picked.includes(index));
    if (left.length > 1 || picked.some((index) => text(index) === null)) return [];
    const expiry = expiryOf(text(year), month.month, text(day), today);
    return expiry ? [{ strike: strikeOf(text(left[0] ?? null)), expiry }] : [];
  });
}

const strikeOf = (text: string | null): Price | null => (text === null ? null : priceFromRupees(text));

function expiryOf(year: string | null, month: number, day: string | null, today: string): ExpiryWords | null {
  if (day !== null) {
    const date = dayOf(year, month, day, today);
    return date === null ? null : { kind: "day", date };
  }
  const whole = year === null ? nextYearOf(today, (candidate) => monthOf(candidate, month)) : yearOf(year, today);
  return whole === null ? null : { kind: "month", month: monthOf(whole, month) };
}

const monthOf = (year: number, month: number): string => `${year}-${String(month).padStart(2, "0")}`;

/** The date in the given year, or its next occurrence without one; null when there is no such day. */
function dayOf(year: string | null, month: number, day: string, today: string): string | null {
  const dateIn = (candidate: number): string => `${monthOf(candidate, month)}-${day.padStart(2, "0")}`;
  const whole = year === null ? nextYearOf(today, dateIn) : yearOf(year, today);
  if (whole === null || !/^\d{1,2}$/.test(day)) return null;
  const date = dateIn(whole);
  const at = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== date ? null : date;
}

/** This year, or next year when this year's date has passed. ISO dates sort as text. */
function nextYearOf(today: string, inYear: (year: number) => string): number {
  const year = Number(today.slice(0, 4));
  const candidate = inYear(year);
  return candidate < today.slice(0, candidate.length) ? year + 1 : year;
}

/** A number is a year only if contracts can be listed for it: from last year to six years ahead. */
function yearOf(text: string, today: string): number | null {
  if (!/^(\d{2}|\d{4})$/.test(text)) return null;
  const year = text.length === 2 ? 2000 + Number(text) : Number(text);
  const first = Number(today.slice(0, 4)) - 1;
  return year >= first && year <= first + 7 ? year : null;
}

const WEEK_DAYS = 7;
/** A holiday moves an expiry one day earlier, which leaves eight days to the next one. */
const MOVED_DAYS = 1;

const sundayOf = (date: string): string => addDays(date, (WEEK_DAYS - weekday(date)) % WEEK_DAYS);

/**
 * The listed expiries (ascending, none before today) that the words may mean, nearest first. `isSure` is false when they
 * fit only loosely: "next week" for an underlying that has no weekly expiries.
 */
export function matchingExpiries(
  words: ExpiryWords,
  listed: readonly string[],
  today: string,
): { readonly expiries: readonly string[]; readonly isSure: boolean } {
  switch (words.kind) {
    case "day":
      return { expiries: listed.filter((expiry) => expiry === words.date), isSure: true };
    case "month":
      return { expiries: listed.filter((expiry) => expiry.startsWith(words.month)), isSure: true };
    case "week": {
      const expiry = listed[words.ahead];
      if (expiry === undefined) return { expiries: [], isSure: true };
      // Once this week's expiry has passed, "next week" is ambiguous: next calendar week, or the expiry after the nearest.
      if (words.ahead === 1 && (listed[0] ?? "") > sundayOf(today))
        return { expiries: listed.slice(0, 2), isSure: true };
      return { expiries: [expiry], isSure: expiry <= addDays(today, WEEK_DAYS * (words.ahead + 1) + MOVED_DAYS) };
    }
    case "monthly": {
      const monthlies = [...monthlyExpiries(listed)].sort();
      // Once this month's last expiry has passed, "next month" is ambiguous in the same way.
      const isAmbiguous = words.ahead === 1 && monthlies[0]?.slice(0, 7) !== today.slice(0, 7);
      return { expiries: monthlies.slice(isAmbiguous ? 0 : words.ahead, words.ahead + 1), isSure: true };
    }
  }
}
