import { matchingExpiries, indexNamed, squash, type ContractWords } from "../../domain/instrument-text.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { chainName, optionsAround, optionsAt, type Chain, type ChainExpiry } from "./chains.ts";
import type { Master } from "./master.ts";

export interface ContractMatches {
  /** The contracts asked for; nearest expiry first, then by strike. */
  readonly matches: readonly Instrument[];
  /** The words leave no choice: a single match is certainly what was meant. */
  readonly isClear: boolean;
  /** Alternatives: the same contract in other expiries and, without a match, neighbouring strikes. */
  readonly near: readonly Instrument[];
}

/** Futures and options of all masters by underlying. */
export interface Contracts {
  /** The underlyings that the text names exactly, ignoring blanks and punctuation. */
  underlyings(name: string): readonly string[];
  find(underlying: string, words: ContractWords, exchange: "NSE" | "BSE" | null): ContractMatches;
  /** Nearest expiry first. */
  futures(underlying: string, exchange: "NSE" | "BSE" | null): readonly Instrument[];
  /** Whether the ticker has futures; null when no loaded master has NSE derivatives. */
  hasFutures(ticker: string): boolean | null;
}

interface Source {
  readonly master: Master;
  readonly chain: Chain;
}

const NOTHING: ContractMatches = { matches: [], isClear: false, near: [] };
/** Options listed per expiry when no strike was given. */
const OPTIONS_WITHOUT_STRIKE = 12;
const MAX_EXPIRIES = 6;
const NEAR_STRIKES = 4;

/**
 * `masters` is sorted best first. Words such as "next week" count from `today`. Contracts that expire before
 * `firstExpiry` are never found.
 */
export function createContracts(masters: readonly Master[], today: () => string, firstExpiry: () => string): Contracts {
  const sources = new Map<string, Source[]>();
  const bySquashed = new Map<string, Set<string>>();
  for (const master of masters) {
    for (const [name, chain] of master.chains) {
      const known = sources.get(name);
      if (known) known.push({ master, chain });
      else sources.set(name, [{ master, chain }]);
      const squashed = squash(chain.underlying);
      bySquashed.set(squashed, (bySquashed.get(squashed) ?? new Set()).add(chain.underlying));
    }
  }

  /** The sources per exchange, NSE before BSE, limited to `exchange` if given. */
  function sourcesOf(underlying: string, exchange: "NSE" | "BSE" | null): readonly Source[][] {
    const segments = exchange === null ? ["NFO", "BFO"] : [exchange === "NSE" ? "NFO" : "BFO"];
    return segments.flatMap((segment) => {
      const found = sources.get(chainName(segment, underlying));
      return found ? [found] : [];
    });
  }

  return {
    underlyings(name) {
      const index = indexNamed(name)?.underlying;
      return index ? [index] : [...(bySquashed.get(squash(name)) ?? [])];
    },
    find(underlying, words, exchange) {
      let nearest = NOTHING;
      for (const listed of sourcesOf(underlying, exchange)) {
        const found = findIn(listed, words, { today: today(), firstExpiry: firstExpiry() });
        if (found.matches.length > 0) return found;
        if (nearest.near.length === 0) nearest = found;
      }
      return nearest;
    },
    futures(underlying, exchange) {
      const listed = sourcesOf(underlying, exchange)[0] ?? [];
      return expiriesIn(listed, "future", firstExpiry()).flatMap((date) => futuresOn(listed, date));
    },
    hasFutures(ticker) {
      if (!masters.some(({ chains }) => chains.values().some(({ segment }) => segment === "NFO"))) return null;
      return [...(bySquashed.get(squash(ticker)) ?? [])].some((underlying) =>
        sourcesOf(underlying, null).some((listed) => expiriesIn(listed, "future", firstExpiry()).length > 0),
      );
    },
  };
}

function findIn(
  listed: readonly Source[],
  words: ContractWords,
  { today, firstExpiry }: { readonly today: string; readonly firstExpiry: string },
): ContractMatches {
  const kind = words.kind ?? (words.strike === null ? "future" : "option");
  const dates = expiriesIn(listed, kind, firstExpiry);
  const meant = words.expiry ? matchingExpiries(words.expiry, dates, today) : { expiries: dates, isSure: true };
  const find = (date: string): Instrument[] =>
    kind === "future" ? futuresOn(listed, date) : optionsOn(listed, date, words);
  const matches = meant.expiries.slice(0, MAX_EXPIRIES).flatMap(find);
  const isComplete = words.kind === "future" || (words.optionType !== null && words.strike !== null);
  const others = dates.filter((date) => !meant.expiries.includes(date)).slice(0, MAX_EXPIRIES);
  const strikes =
    kind === "option" && words.strike !== null ? strikesNextTo(listed, meant.expiries[0] ?? dates[0], words) : [];
  return {
    matches,
    isClear: isComplete && meant.isSure && meant.expiries.length === 1,
    near: matches.length > 0 ? others.flatMap(find) : [...others.flatMap(find), ...strikes],
  };
}

/** Expiry dates over all masters, ascending, from `firstExpiry` on. */
function expiriesIn(listed: readonly Source[], kind: "future" | "option", firstExpiry: string): string[] {
  const dates = listed.flatMap(({ chain }) =>
    chain.expiries
      .filter(({ date, futures, options }) => date >= firstExpiry && (kind === "future" ? futures : options).length > 0)
      .map(({ date }) => date),
  );
  return [...new Set(dates)].sort();
}

const futuresOn = (listed: readonly Source[], date: string): Instrument[] =>
  rowsOn(listed, date, ({ futures }) => [...futures]);

function optionsOn(listed: readonly Source[], date: string, { strike, optionType }: ContractWords): Instrument[] {
  return rowsOn(listed, date, ({ options }, { columns }) =>
    strike === null
      ? optionsAround(columns, options, { strike, type: optionType, count: OPTIONS_WITHOUT_STRIKE })
      : optionsAt(columns, options, strike, optionType),
  );
}

function strikesNextTo(listed: readonly Source[], date: string | undefined, words: ContractWords): Instrument[] {
  if (date === undefined) return [];
  const around = { strike: words.strike, type: words.optionType, count: NEAR_STRIKES };
  return rowsOn(listed, date, ({ options }, { columns }) => optionsAround(columns, options, around));
}

/** The picked rows of an expiry from every master; for a symbol listed twice, the better master's row. */
function rowsOn(
  listed: readonly Source[],
  date: string,
  pick: (expiry: ChainExpiry, master: Master) => readonly number[],
): Instrument[] {
  const bySymbol = new Map<string, Instrument>();
  for (const { master, chain } of listed) {
    const expiry = chain.expiries.find((each) => each.date === date);
    for (const row of expiry ? pick(expiry, master) : []) {
      const { instrument } = master.at(row);
      if (!bySymbol.has(instrument.symbol)) bySymbol.set(instrument.symbol, instrument);
    }
  }
  return [...bySymbol.values()].sort((a, b) => strikeOf(a) - strikeOf(b) || (a.symbol < b.symbol ? -1 : 1));
}

const strikeOf = (instrument: Instrument): number => (instrument.kind === "option" ? instrument.strike : 0);
