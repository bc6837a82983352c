import MiniSearch from "minisearch";

/** Known words that a misspelt word may stand for, likeliest first. */
export type Spelling = (word: string) => readonly string[];

const BUILD_CHUNK = 1_000;
const MAX_WORDS = 3;
const MIN_LENGTH = 4;
/** Edit distance allowed: one per five letters, at most two. Two swapped letters count as two edits. */
const maxEdits = (word: string): number => Math.min(2, Math.round(word.length / 5));

/**
 * Fuzzy search over single words, not over names: a word like "industries" is in a thousand names, and scoring them all
 * would take most of the time.
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
          .search(word, { fuzzy: maxEdits(word) })
          .slice(0, MAX_WORDS)
          .map((found) => String(found["word"]));
}
