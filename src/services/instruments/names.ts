import { squash, wordsOfIndex } from "../../domain/instrument-text.ts";
import { lowerBound } from "../../lib/lower-bound.ts";
import type { Company } from "./companies.ts";
import { createSpelling } from "./spelling.ts";
import { createWordIndex } from "./word-index.ts";

/** Finds shares and indices by ticker or name. */
export interface Names {
  /** The company with this ticker, else those whose ticker or full name matches without blanks and punctuation. */
  exactly(text: string): readonly Company[];
  /** Companies in which every given word is the beginning of a word of the ticker or name. Best first. */
  beginningWith(text: string, limit: number): readonly Company[];
  /** The same, allowing misspellings. */
  resembling(text: string, limit: number): readonly Company[];
}

interface Entry {
  readonly id: number;
  readonly ticker: string;
  readonly name: string;
  /** Popularity first, then the shorter ticker; lower is better. */
  readonly rank: number;
}

const RANKS_PER_CLASS = 100;
const HALF_RANK = RANKS_PER_CLASS / 2;
const MAX_WORDS = 6;
/** How many of the most popular matches are ranked against each other. */
const MAX_COMPARED = 200;
/** How many corrected versions of a text are tried, likeliest first. */
const MAX_SPELLINGS = 8;
const LEGAL_FORM = new Set(["ltd", "limited", "the"]);

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "" && !LEGAL_FORM.has(word));
const plainName = (text: string): string => wordsOf(text).join("");

export async function createNames(companies: readonly Company[]): Promise<Names> {
  const entries = companies.map((company, id) => entryOf(company, id));
  const spelling = await createSpelling(
    entries.flatMap(({ ticker, name }) => [...ticker.split(" "), ...name.split(" ")]),
  );
  const byTicker = new Map(companies.map((company) => [company.ticker, company]));
  const bySquashed = groupBy(companies, (company) => [
    squash(company.ticker),
    ...company.names.map((name) => plainName(name).toUpperCase()),
  ]);
  const byRank = entries.toSorted((a, b) => a.rank - b.rank);
  const index = createWordIndex(byRank.map(({ ticker, name }) => [ticker, name]));
  const tickersBeginningWith = createTickerIndex(entries);

  /** The text itself, then with words corrected. A word that begins no name is only tried corrected. */
  function spellings(words: readonly string[]): readonly string[][] {
    let texts: string[][] = [[]];
    for (const word of words) {
      const right = index.has(word) ? [word] : [];
      const options = [...right, ...spelling(word).filter((other) => other !== word)];
      texts = texts.flatMap((text) => options.map((option) => [...text, option])).slice(0, MAX_SPELLINGS);
    }
    return texts;
  }

  return {
    exactly(text) {
      const ticker = byTicker.get(text.toUpperCase());
      return ticker ? [ticker] : (bySquashed.get(squash(text)) ?? bySquashed.get(plainName(text).toUpperCase()) ?? []);
    },
    beginningWith(text, limit) {
      const words = wordsOf(text).slice(0, MAX_WORDS);
      if (words.length === 0) return [];
      const most = Math.max(limit, MAX_COMPARED);
      const tickers = tickersBeginningWith(squash(text), most);
      const others = index.find(words, most).flatMap((line) => byRank[line] ?? []);
      return [...tickers.map((entry) => ({ entry, order: entry.rank })), ...others.map(rankedByName)]
        .sort((a, b) => a.order - b.order || (a.entry.ticker < b.entry.ticker ? -1 : 1))
        .slice(0, limit * 2)
        .flatMap(({ entry }) => companies[entry.id] ?? [])
        .filter((company, at, all) => all.indexOf(company) === at)
        .slice(0, limit);
    },
    resembling(text, limit) {
      const words = wordsOf(text).slice(0, MAX_WORDS);
      const found = new Set<number>();
      if (words.length === 0) return [];
      for (const spelt of spellings(words)) {
        if (found.size >= limit) break;
        for (const line of index.find(spelt, limit)) found.add(line);
      }
      return [...found].slice(0, limit).flatMap((line) => companies[byRank[line]?.id ?? -1] ?? []);
    },
  };
}

/** At equal popularity, a match of the ticker's beginning ranks before a match in the name. */
const rankedByName = (entry: Entry) => ({ entry, order: entry.rank + HALF_RANK });

/** Looks up entries whose squashed ticker begins with a text, best first. */
function createTickerIndex(entries: readonly Entry[]): (start: string, most: number) => Entry[] {
  const sorted = entries
    .map((entry) => ({ entry, ticker: entry.ticker.split(" ", 1)[0] ?? "" }))
    .sort((a, b) => (a.ticker < b.ticker ? -1 : 1));
  return (start, most) => {
    if (start === "") return [];
    const wanted = start.toLowerCase();
    const found: Entry[] = [];
    let at = lowerBound(sorted.length, (place) => (sorted[place]?.ticker ?? "") < wanted);
    for (; sorted[at]?.ticker.startsWith(wanted) === true; at += 1) {
      const entry = sorted[at]?.entry;
      if (entry) found.push(entry);
    }
    return found.sort((a, b) => a.rank - b.rank).slice(0, most);
  };
}

function entryOf(company: Company, id: number): Entry {
  const ticker = wordsOf(company.ticker);
  const names = [...company.names, ...wordsOfIndex(company.ticker)].flatMap(wordsOf);
  return {
    id,
    ticker: [...new Set([squash(company.ticker).toLowerCase(), ...ticker])].join(" "),
    name: [...new Set(names)].join(" "),
    rank: company.popularity * RANKS_PER_CLASS + Math.min(company.ticker.length, HALF_RANK - 1),
  };
}

function groupBy(
  companies: readonly Company[],
  keysOf: (company: Company) => readonly string[],
): Map<string, Company[]> {
  const groups = new Map<string, Company[]>();
  for (const company of companies) {
    for (const key of new Set(keysOf(company))) {
      const group = groups.get(key);
      if (key !== "" && group) group.push(company);
      else if (key !== "") groups.set(key, [company]);
    }
  }
  return groups;
}
