import { lowerBound } from "../../lib/lower-bound.ts";

export interface WordIndex {
  /** Numbers of the lines in which every given word is the beginning of some word; ascending, at most `most`. */
  find(words: readonly string[], most: number): number[];
  /** Whether any indexed word begins with this word. */
  has(word: string): boolean;
}

/** Indexes lines of words by word prefix. */
export function createWordIndex(lines: readonly (readonly string[])[]): WordIndex {
  const texts = lines.map((words) => ` ${words.join(" ")}`);
  const linesOf = new Map<string, number[]>();
  for (const [line, text] of texts.entries()) {
    for (const word of text.split(" ")) {
      const known = linesOf.get(word);
      if (known) known.push(line);
      else linesOf.set(word, [line]);
    }
  }
  linesOf.delete("");
  const sorted = [...linesOf.keys()].sort();
  /** `starts[i]` is where the lines of word `i` begin in `all`; the extra last entry is the end. */
  const starts = new Uint32Array(sorted.length + 1);
  for (const [at, word] of sorted.entries()) starts[at + 1] = (starts[at] ?? 0) + (linesOf.get(word)?.length ?? 0);
  const all = Uint32Array.from(sorted.flatMap((word) => linesOf.get(word) ?? []));

  /** The lines of all words with this beginning, grouped by word. */
  function startingWith(beginning: string): Uint32Array {
    const first = firstNotBefore(sorted, beginning);
    const end = firstNotBefore(sorted, `${beginning}\u{10ffff}`);
    return all.subarray(starts[first], starts[end]);
  }

  return {
    has: (word) => startingWith(word).length > 0,
    find(words, most) {
      const [rarest, ...others] = words
        .map((word) => ({ word, lines: startingWith(word) }))
        .sort((a, b) => a.lines.length - b.lines.length);
      if (!rarest) return [];
      const wanted = others.map(({ word }) => ` ${word}`);
      const isIn = new Uint8Array(texts.length);
      for (const line of rarest.lines) isIn[line] = 1;
      const found: number[] = [];
      for (let line = isIn.indexOf(1); line >= 0 && found.length < most; line = isIn.indexOf(1, line + 1)) {
        if (wanted.every((word) => texts[line]?.includes(word) === true)) found.push(line);
      }
      return found;
    },
  };
}

const firstNotBefore = (sorted: readonly string[], word: string): number =>
  lowerBound(sorted.length, (at) => (sorted[at] ?? "") < word);
