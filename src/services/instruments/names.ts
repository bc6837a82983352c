import MiniSearch from "minisearch";
import { squash, wordsOfIndex } from "../../domain/instrument-text.ts";
import type { Company } from "./companies.ts";

/** Shares and indices by what people call them. */
export interface Names {
  /** The company of exactly this ticker, else those whose ticker or whole name is the same but for blanks and signs. */
  exactly(text: string): readonly Company[];
  /** Every word begins a word of the ticker or name. Best first. */
  beginningWith(text: string, limit: number): readonly Company[];
  /** The same with typing slips. */
  resembling(text: string, limit: number): readonly Company[];
}

interface Entry {
  readonly id: number;
  readonly ticker: string;
  readonly name: string;
}

const BUILD_CHUNK = 500;
const MAX_WORDS = 6;
/** A slip for every five letters, two at most. */
const fuzziness = (term: string): number | false =>
  term.length < 4 ? false : Math.min(2, Math.round(term.length / 5));
const LEGAL_FORM = new Set(["ltd", "limited", "the"]);

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "" && !LEGAL_FORM.has(word));
const plainName = (text: string): string => wordsOf(text).join("");

export async function createNames(companies: readonly Company[]): Promise<Names> {
  const index = new MiniSearch<Entry>({
    fields: ["ticker", "name"],
    tokenize: (text) => text.split(" "),
    processTerm: (term) => (term === "" ? null : term),
    searchOptions: { combineWith: "AND", boost: { ticker: 2 } },
  });
  const entries = companies.map((company, id) => entryOf(company, id));
  await index.addAllAsync(entries, { chunkSize: BUILD_CHUNK });
  const byTicker = new Map(companies.map((company) => [company.ticker, company]));
  const bySquashed = groupBy(companies, (company) => [
    squash(company.ticker),
    ...company.names.map((name) => plainName(name).toUpperCase()),
  ]);
  const byPopularity = companies.toSorted((a, b) => rank(a) - rank(b));

  function ranked(text: string, found: readonly { readonly id: number }[], limit: number): Company[] {
    const squashed = squash(text);
    return found
      .flatMap(({ id }) => companies[id] ?? [])
      .map((company) => ({ company, order: rank(company) + (squash(company.ticker).startsWith(squashed) ? 0 : 50) }))
      .sort((a, b) => a.order - b.order || (a.company.ticker < b.company.ticker ? -1 : 1))
      .slice(0, limit)
      .map(({ company }) => company);
  }

  return {
    exactly(text) {
      const ticker = byTicker.get(text.toUpperCase());
      return ticker ? [ticker] : (bySquashed.get(squash(text)) ?? bySquashed.get(plainName(text).toUpperCase()) ?? []);
    },
    beginningWith(text, limit) {
      const words = wordsOf(text).slice(0, MAX_WORDS);
      // One letter begins a tenth of all names: the best ones in order, without scoring thousands.
      if (words.length === 1 && words[0]?.length === 1) return beginningWithLetter(byPopularity, words[0], limit);
      return words.length === 0 ? [] : ranked(text, index.search(words.join(" "), { prefix: true }), limit);
    },
    resembling(text, limit) {
      const words = wordsOf(text).slice(0, MAX_WORDS);
      if (words.length === 0) return [];
      const found = index.search(words.join(" "), { prefix: true, fuzzy: fuzziness });
      // Here the score tells how far the slip goes, so it comes before popularity.
      return found.slice(0, limit).flatMap(({ id }: { id: number }) => companies[id] ?? []);
    },
  };
}

function entryOf(company: Company, id: number): Entry {
  const ticker = wordsOf(company.ticker);
  const names = [...company.names, ...wordsOfIndex(company.ticker)].flatMap(wordsOf);
  return {
    id,
    ticker: [...new Set([squash(company.ticker).toLowerCase(), ...ticker])].join(" "),
    name: [...new Set(names)].join(" "),
  };
}

/** Popularity first, then the shorter ticker. */
const rank = (company: Company): number => company.popularity * 100 + Math.min(company.ticker.length, 49);

function beginningWithLetter(companies: readonly Company[], letter: string, limit: number): Company[] {
  const start = letter.toUpperCase();
  const found: Company[] = [];
  for (const company of companies) {
    if (found.length === limit) break;
    if (company.ticker.startsWith(start)) found.push(company);
  }
  return found;
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
