import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const tickers = z.array(z.string().regex(/^[A-Z0-9&-]+$/));

/** Format of assets/indices/*.json: the members on a start date, and the changes since. */
export const constituentsSchema = z.object({
  index: z.string(),
  /** Changes after this date may be missing. */
  knownUntil: date,
  start: z.object({ from: date, members: tickers }),
  changes: z.array(z.object({ from: date, out: tickers, in: tickers })),
});
export type ConstituentsFile = z.output<typeof constituentsSchema>;

export interface Constituents {
  /** Tickers in the index on the date, by their current names. Throws for a date before the first known one. */
  membersOn(date: string): readonly string[];
  /** Every ticker that was in the index on some day of the range. */
  everIn(from: string, to: string): readonly string[];
  readonly knownUntil: string;
}

/** Throws when a change removes a ticker that is not a member, or adds one that is. */
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
