import {
  indexNamed,
  readInstrumentText,
  type ContractWords,
  type InstrumentText,
} from "../../domain/instrument-text.ts";
import type { InstrumentKey, TradingSymbol } from "../../domain/ids.ts";
import { indexKey, instrumentKey, isDerivative, type Instrument } from "../../domain/instrument.ts";
import { companiesOf, exchangeOf, isNameless, tickerOf, type Company } from "./companies.ts";
import { createContracts, type ContractMatches } from "./contracts.ts";
import type { Master } from "./master.ts";
import { createNames } from "./names.ts";
import type { Resolution } from "./types.ts";

/** Search over a fixed set of masters, best first. */
export interface Finder {
  byKey(key: InstrumentKey): Instrument | undefined;
  search(text: string, limit: number): readonly Instrument[];
  resolve(text: string): Resolution;
  hasFutures(share: Instrument): boolean | null;
}

const MAX_CANDIDATES = 8;
/** How many underlyings to try when the name is not exact. */
const MAX_UNDERLYINGS = 2;
const NONE: Resolution = { kind: "none", suggestions: [] };
/** BSE shares can be named by scrip code: 500325 is Reliance. */
const BSE_CODE = /^\d{6}$/;
/** Kite writes the segment (`NFO:`) where our symbols have the exchange. */
const PREFIXES: Readonly<Record<string, string>> = { NFO: "NSE", BFO: "BSE" };

/** The contracts found for a phrase, and how well the phrase named the underlying. */
interface Derivatives {
  readonly found: readonly ContractMatches[];
  readonly named: "exactly" | "loosely" | "wrongly";
}

/**
 * `today` is the IST date and `firstExpiry` the earliest expiry that still trades, both YYYY-MM-DD. Building takes a
 * fraction of a second and yields to the event loop meanwhile.
 */
export async function createFinder(
  masters: readonly Master[],
  today: () => string,
  firstExpiry: () => string,
): Promise<Finder> {
  const names = await createNames(await companiesOf(masters));
  const contracts = createContracts(masters, today, firstExpiry);

  function byKey(key: InstrumentKey): Instrument | undefined {
    return withName(first(masters, (master) => master.byKey(key)?.instrument));
  }

  const bySymbol = (symbol: string): Instrument | undefined =>
    withName(first(masters, (master) => master.bySymbol(symbol as TradingSymbol)?.instrument));

  /** Takes the company's name from another master if the best one has only the ticker. */
  function withName(found: Instrument | undefined): Instrument | undefined {
    if (found === undefined || isDerivative(found)) return found;
    const ticker = tickerOf(found);
    if (!isNameless(found.name, ticker)) return found;
    const name = first(masters, (master) => {
      const same = master.byKey(found.key)?.instrument;
      return same && !isDerivative(same) && !isNameless(same.name, ticker) ? same.name : undefined;
    });
    return name === undefined ? found : { ...found, name };
  }

  /** Matches the text as our symbol (with or without exchange), a BSE scrip code, or a broker's own contract symbol. */
  function byWrittenSymbol(text: string): Instrument | undefined {
    const upper = text.trim().toUpperCase();
    if (BSE_CODE.test(upper)) return byKey(instrumentKey("BSE", upper));
    const [prefix, rest] = upper.includes(":") ? upper.split(":", 2) : [null, upper];
    const symbols = prefix
      ? [`${PREFIXES[prefix] ?? prefix}:${rest}`]
      : [`NSE:${rest}`, `NSE:${rest}-EQ`, `NSE:${rest}-INDEX`, `BSE:${rest}-INDEX`];
    const found = bySymbol(text.trim()) ?? first(symbols, bySymbol);
    if (found || prefix) return found;
    const contract = bySymbol(`BSE:${rest}`);
    return contract && isDerivative(contract) ? contract : (venueContract(text.trim()) ?? venueContract(upper));
  }

  const venueContract = (symbol: string): Instrument | undefined =>
    first(
      masters,
      (master) => (master.byVenueSymbol("NFO", symbol) ?? master.byVenueSymbol("BFO", symbol))?.instrument,
    );

  function indexOf(read: InstrumentText): Instrument | undefined {
    const index = indexNamed(read.name);
    const found = index && byKey(indexKey(index.name));
    return found && isOn(found, read.exchange) ? found : undefined;
  }

  function derivatives(read: InstrumentText): Derivatives {
    const { underlyings, named } = underlyingsOf(read.contracts[0]?.name ?? "");
    const found = underlyings.flatMap((underlying) =>
      read.contracts.map((words) => contracts.find(underlying, words, read.exchange)),
    );
    return { found, named };
  }

  /**
   * By exact ticker or index, else by the beginning of a company's name ("state bank 1000 ce"), else by a misspelling.
   */
  function underlyingsOf(name: string): { underlyings: readonly string[]; named: Derivatives["named"] } {
    const exact = contracts.underlyings(name);
    if (exact.length > 0) return { underlyings: exact, named: exact.length === 1 ? "exactly" : "loosely" };
    const underlyingsLike = (companies: readonly Company[]): string[] =>
      companies.flatMap(({ ticker }) => contracts.underlyings(ticker)).slice(0, MAX_UNDERLYINGS);
    const beginning = underlyingsLike(names.beginningWith(name, MAX_CANDIDATES));
    if (beginning.length > 0) return { underlyings: beginning, named: "loosely" };
    return { underlyings: underlyingsLike(names.resembling(name, MAX_CANDIDATES)), named: "wrongly" };
  }

  function search(text: string, limit: number): readonly Instrument[] {
    const read = readInstrumentText(text, today());
    const exact = byWrittenSymbol(text);
    const isContract = read.contracts.some(({ kind, expiry }) => kind !== null || expiry !== null);
    const named = (): Instrument[] => byName(read, limit);
    const derived = (): Instrument[] => {
      const { found } = derivatives(read);
      return [...found.flatMap(({ matches }) => matches), ...found.flatMap(({ near }) => near)];
    };
    const results = collect(limit);
    results.add(exact ? [exact] : []);
    results.add(isContract ? derived : named);
    results.add(isContract ? named : derived);
    if (!isContract) results.add(() => futuresOf(read));
    results.addIfEmpty(() => listingsOf(names.resembling(read.name, limit), read.exchange));
    return results.list();
  }

  function byName(read: InstrumentText, limit: number): Instrument[] {
    const index = indexOf(read);
    const exact = names.exactly(read.name);
    const others = names.beginningWith(read.name, limit).filter((company) => !exact.includes(company));
    return [
      ...(index ? [index] : []),
      ...exact.flatMap((company) => listingsOf([company], read.exchange)),
      ...listingsOf(others, read.exchange),
    ];
  }

  const futuresOf = (read: InstrumentText): Instrument[] =>
    contracts.underlyings(read.name).flatMap((underlying) => contracts.futures(underlying, read.exchange));

  function resolve(text: string): Resolution {
    const exact = byWrittenSymbol(text);
    if (exact) return one(exact);
    const read = readInstrumentText(text, today());
    const index = indexOf(read);
    if (index) return one(index);
    const companies = names.exactly(read.name);
    if (companies.length > 0) {
      const listed = resolveListings(companies, read.exchange);
      if (listed) return listed;
    }
    return (read.contracts.length > 0 ? resolveContract(read) : null) ?? resolveName(read);
  }

  function resolveContract(read: InstrumentText): Resolution | null {
    const { found, named } = derivatives(read);
    const withMatches = found.filter(({ matches }) => matches.length > 0);
    const matches = distinct(withMatches.flatMap(({ matches }) => matches));
    const near = distinct(found.flatMap(({ near }) => near));
    if (found.length === 0) return null;
    if (matches.length === 0 || named === "wrongly") return none([...matches, ...near]);
    const [only] = matches;
    const isClear =
      named === "exactly" && withMatches.every((each) => each.isClear) && !isMonthOrDay(read.contracts, found);
    return only && matches.length === 1 && isClear ? one(only) : many(matches);
  }

  function resolveName(read: InstrumentText): Resolution {
    const found = listingsOf(names.beginningWith(read.name, MAX_CANDIDATES), read.exchange);
    if (found.length > 0) return many(found);
    return none(listingsOf(names.resembling(read.name, MAX_CANDIDATES), read.exchange));
  }

  const hasFutures = (share: Instrument): boolean | null =>
    share.kind === "equity" ? contracts.hasFutures(tickerOf(share)) : null;

  return { byKey, search, resolve, hasFutures };
}

/** "26 nov" matched November 2026 because nothing expires on the 26th, but the 26th may have been meant: not clear. */
const isMonthOrDay = (readings: readonly ContractWords[], found: readonly ContractMatches[]): boolean =>
  readings.some(
    (month, at) =>
      found[at]?.matches.length !== 0 &&
      readings.some((day, other) => found[other]?.matches.length === 0 && isDayInMonth(day, month)),
  );

const isDayInMonth = (day: ContractWords, month: ContractWords): boolean =>
  day.expiry?.kind === "day" &&
  month.expiry?.kind === "month" &&
  day.expiry.date.startsWith(month.expiry.month) &&
  day.strike === month.strike;

/** One company resolves to NSE's EQ listing, else to its only listing, NSE preferred. With several, the user picks. */
function resolveListings(companies: readonly Company[], exchange: "NSE" | "BSE" | null): Resolution | null {
  const listings = companies.flatMap((company) => company.listings.filter((listing) => isOn(listing, exchange)));
  const onNse = listings.filter((listing) => exchangeOf(listing) === "NSE");
  const best = onNse.length > 0 ? onNse : listings;
  const [only] = best;
  if (only === undefined) return null;
  const share =
    companies.length === 1 ? best.find((each) => each.kind === "equity" && each.series === "EQ") : undefined;
  return share ? one(share) : best.length === 1 ? one(only) : many(listings);
}

/** The best listing of every company, then the other listings: each company appears before any appears twice. */
function listingsOf(companies: readonly Company[], exchange: "NSE" | "BSE" | null): Instrument[] {
  const listed = companies.map(({ listings }) => listings.filter((listing) => isOn(listing, exchange)));
  return [...listed.flatMap(([best]) => best ?? []), ...listed.flatMap(([, ...others]) => others)];
}

const isOn = (instrument: Instrument, exchange: "NSE" | "BSE" | null): boolean =>
  exchange === null || exchangeOf(instrument) === exchange;

const one = (instrument: Instrument): Resolution => ({ kind: "one", instrument });
const many = (found: readonly Instrument[]): Resolution => ({
  kind: "many",
  candidates: distinct(found).slice(0, MAX_CANDIDATES),
});
const none = (suggestions: readonly Instrument[]): Resolution =>
  suggestions.length === 0 ? NONE : { kind: "none", suggestions: suggestions.slice(0, MAX_CANDIDATES) };

function distinct(instruments: readonly Instrument[]): Instrument[] {
  const results = collect(Infinity);
  results.add(instruments);
  return results.list();
}

function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Collects results without duplicates; earlier ones win. Two entries are the same if the key matches (yesterday's
 * master may have an old symbol) or the symbol matches (masters may disagree on a token). Lazy sources run only while
 * there is room.
 */
function collect(limit: number) {
  const found = new Map<string, Instrument>();
  const keys = new Set<InstrumentKey>();
  const add = (more: readonly Instrument[] | (() => readonly Instrument[])): void => {
    if (found.size >= limit) return;
    for (const instrument of typeof more === "function" ? more() : more) {
      if (found.has(instrument.symbol) || keys.has(instrument.key)) continue;
      found.set(instrument.symbol, instrument);
      keys.add(instrument.key);
    }
  };
  return {
    add,
    addIfEmpty: (more: () => readonly Instrument[]) => (found.size === 0 ? add(more) : undefined),
    list: () => [...found.values()].slice(0, Math.max(0, limit)),
  };
}
