import type { Market } from "./masters.ts";

/** Queries as people type them, over an invented market; always the same for the same market. */
export function queriesOver({ shares, contracts }: Market, count: number): string[] {
  const random = createRandom(20_261_123);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const share = () => pick(shares);
  const underlying = (): string => pick([...INDICES, pick(contracts).underlying, "reliance", "sbin"]).toLowerCase();
  const strike = (): number => 20_000 + Math.floor(random() * 120) * 50;
  const type = (): string => pick(["ce", "pe", "call", "put"]);
  const kinds: readonly (() => string)[] = [
    // The beginning of a ticker, as it is typed.
    () =>
      share()
        .ticker.toLowerCase()
        .slice(0, 1 + Math.floor(random() * 5)),
    () => share().ticker.toLowerCase(),
    () => `NSE:${share().ticker}-EQ`,
    () => share().name.toLowerCase(),
    () => beginnings(share().name, pick([1, 2])),
    () => pick(KNOWN),
    () => misspelt(share().ticker.toLowerCase(), random),
    () => misspelt(share().name.toLowerCase(), random),
    () => pick(MISSPELT),
    () => `${underlying()} ${strike()} ${type()}`,
    () => `${underlying()} ${strike()} ${type()} ${pick(["next week", "this week", "monthly", "nov", "dec"])}`,
    () => `${underlying()} ${pick(["nov", "dec", "jan", "next month"])} fut`,
    () => `${underlying()} ${pick(["fut", "options", "ce", "24 nov"])}`,
    () => `${underlying()} ${1 + Math.floor(random() * 28)} ${pick(["nov", "dec"])} ${strike()} ${type()}`,
    () => nonsense(random),
  ];
  const found = new Set<string>();
  while (found.size < count) found.add(`${pick(kinds)()}${random() < 0.1 ? " " : ""}`);
  return [...found];
}

const INDICES = ["NIFTY", "BANKNIFTY", "FINNIFTY", "SENSEX", "bank nifty"];
const KNOWN = [
  "sbin",
  "state bank",
  "reliance industries",
  "infosys",
  "m&m",
  "bajaj auto",
  "tata ste",
  "motors",
  "chem",
];
const MISSPELT = ["relaince", "infosis", "bajja auto", "state bnk", "mahindar", "tata stell", "relianse 1500 ce"];

/** "rama ind" of "RAMASU INDUSTRIES LTD". */
const beginnings = (name: string, words: number): string =>
  name
    .toLowerCase()
    .split(" ")
    .slice(0, words)
    .map((word) => word.slice(0, 4))
    .join(" ");

/** Swaps two letters, or drops, doubles or replaces one. */
function misspelt(word: string, random: () => number): string {
  const at = 1 + Math.floor(random() * Math.max(1, word.length - 2));
  const letter = word[at] ?? "";
  const [before, after] = [word.slice(0, at), word.slice(at + 1)];
  switch (Math.floor(random() * 4)) {
    case 0:
      return `${before}${after.slice(0, 1)}${letter}${after.slice(1)}`;
    case 1:
      return before + after;
    case 2:
      return before + letter + letter + after;
    default:
      return `${before}${String.fromCodePoint(97 + Math.floor(random() * 26))}${after}`;
  }
}

const nonsense = (random: () => number): string =>
  Array.from(
    { length: 3 + Math.floor(random() * 12) },
    () => "abcdefghijklmnopqrstuvwxyz 0123456789"[Math.floor(random() * 37)],
  ).join("");

/** Lehmer's generator: the same numbers on every machine. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
