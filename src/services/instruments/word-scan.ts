/** Numbers of the lines in which every word begins a word, ascending, at most `most`. */
export type WordScan = (words: readonly string[], most: number) => number[];

/**
 * All lines are one text: looking for " chem" in 20,000 names takes a tenth of a millisecond, whereas an inverted index
 * first gathers and scores the thousands of names that a short beginning is in. Words must hold no blanks.
 */
export function createWordScan(lines: readonly (readonly string[])[]): WordScan {
  const texts = lines.map((words) => ` ${words.join(" ")}\n`);
  const text = texts.join("");
  const starts = new Uint32Array(lines.length + 1);
  for (const [line, { length }] of texts.entries()) starts[line + 1] = (starts[line] ?? 0) + length;

  function lineAt(position: number, from: number): number {
    let low = from;
    let high = lines.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= position) low = middle;
      else high = middle;
    }
    return low;
  }

  return (words, most) => {
    // The longest word is in the fewest lines.
    const [rarest, ...others] = words.toSorted((a, b) => b.length - a.length).map((word) => ` ${word}`);
    const found: number[] = [];
    if (rarest === undefined) return found;
    let line = 0;
    for (let at = text.indexOf(rarest); at >= 0 && found.length < most; at = text.indexOf(rarest, starts[line + 1])) {
      line = lineAt(at, line);
      const whole = texts[line] ?? "";
      if (others.every((word) => whole.includes(word))) found.push(line);
    }
    return found;
  };
}
