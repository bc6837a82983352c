import { z } from "zod";

/**
 * A list of which only the wanted rows are checked: another one may be of a kind that nobody knows. A row that does not
 * even say which one it is counts as wanted, so that it fails loudly.
 */
export const onlyWanted = <M extends z.ZodType, L extends z.ZodType>(
  marks: M,
  isWanted: (marks: z.output<M>) => boolean,
  list: L,
) =>
  z.preprocess(
    (rows) =>
      Array.isArray(rows)
        ? rows.filter((row) => {
            const said = marks.safeParse(row);
            return !said.success || isWanted(said.data);
          })
        : rows,
    list,
  );
