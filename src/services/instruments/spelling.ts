import MiniSearch from "minisearch";

/** The known words that a misspelt one may stand for, likeliest first. */
export type Spelling = (word: string) => readonly string[];

const BUILD_CHUNK = 1_000;
const MAX_WORDS = 3;
const MIN_LENGTH = 4;
/** A slip for every five letters, two at most: letters that changed places count as two. */
const slips = (word: string): number => Math.min(2, Math.round(word.length / 5));

/**
 * Fuzzy search over the words and not over the names: a word like "industries" is in a thousand names, whose scoring
 * would take most of the time, and one that is spelt right needs no search at all.
 */
export async function createSpelling(words: Iterable<string>): Promise<Spelling> {
  const index = new MiniSearch<{ readonly id: number; readonly word: string }>({
    fields: ["word"],
    storeFields: ["word"],
    tokenize: (text) => [text],
    processTerm: (term) => term,
  });
  const entries = [...new Set(words)]
    .filter((word) => word.length >= MIN_LENGTH && /^\p{L}/u.test(word))
    .map((word, id) => ({ id, word }));
  await index.addAllAsync(entries, { chunkSize: BUILD_CHUNK });
  return (word) =>
    word.length < MIN_LENGTH
      ? []
      : index
          .search(word, { fuzzy: slips(word) })
          .slice(0, MAX_WORDS)
          .map((found) => String(found["word"]));
}
