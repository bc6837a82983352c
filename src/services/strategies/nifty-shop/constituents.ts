import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const tickers = z.array(z.string().regex(/^[A-Z0-9&-]+$/));

/** assets/indices/*.json: a list that holds from a date, and what changed since. */
export const constituentsSchema = z.object({
  index: z.string(),
  /** Up to this date the changes are known; later ones may be missing. */
  knownUntil: date,
  start: z.object({ from: date, members: tickers }),
  changes: z.array(z.object({ from: date, out: tickers, in: tickers })),
});
export type ConstituentsFile = z.output<typeof constituentsSchema>;

export interface Constituents {
  /** Tickers that were in the index on the date, by today's names. Throws before the first known date. */
  membersOn(date: string): readonly string[];
  /** Every ticker that was in it on some day of the range. */
  everIn(from: string, to: string): readonly string[];
  readonly knownUntil: string;
}

/** Throws when a change takes out what is not in, or puts in what is. */
export function createConstituents(file: ConstituentsFile): Constituents {
  const lists = [{ from: file.start.from, members: [...file.start.members].sort() }];
  for (const change of file.changes) {
    const members = new Set(lists.at(-1)?.members);
    for (const ticker of change.out)
      if (!members.delete(ticker)) throw new RangeError(`${change.from}: ${ticker} was not in ${file.index}`);
    for (const ticker of change.in) {
      if (members.has(ticker)) throw new RangeError(`${change.from}: ${ticker} was in ${file.index} already`);
      members.add(ticker);
    }
    lists.push({ from: change.from, members: [...members].sort() });
  }

  function membersOn(date: string): readonly string[] {
    const list = lists.findLast(({ from }) => from <= date);
    if (!list) throw new RangeError(`the members of ${file.index} are known from ${file.start.from}, not on ${date}`);
    return list.members;
  }

  return {
    membersOn,
    everIn(from, to) {
      const within = lists.filter((list) => list.from > from && list.from <= to).flatMap(({ members }) => members);
      return [...new Set([...membersOn(from), ...within])].sort();
    },
    knownUntil: file.knownUntil,
  };
}

const NIFTY_50 = join(import.meta.dirname, "../../../../assets/indices/nifty50.json");

/** The shipped list of the Nifty 50. */
export const loadNifty50 = (): Constituents =>
  createConstituents(constituentsSchema.parse(JSON.parse(readFileSync(NIFTY_50, "utf8"))));
