import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eachRow, rowsWhere } from "../../src/lib/rows.ts";

const schema = z.object({ id: z.string(), tag: z.string().nullish(), status: z.enum(["open", "done"]) });
const read = (rows: unknown) => eachRow(schema).parse(rows);

describe("a list that is read row by row", () => {
  it("keeps each valid row in its place, whatever the other rows are", () => {
    const good = fc.record({ id: fc.string(), status: fc.constantFrom("open", "done") });
    fc.assert(
      fc.property(fc.array(fc.oneof(good, fc.anything())), (rows) => {
        const whole = rows.map((row) => schema.safeParse(row).data);
        expect(read(rows).map((each) => (each.ok ? each.row : undefined))).toEqual(whole);
      }),
    );
  });

  it("returns the valid fields of a row that is not as documented, and names the first invalid one", () => {
    expect(read([{ id: "1", tag: null, status: "parked" }, "?"])).toEqual([
      { ok: false, partial: { id: "1", tag: null }, field: "0.status" },
      { ok: false, partial: { tag: undefined }, field: "1" },
    ]);
  });

  it("is refused when it is not a list", () => {
    expect(eachRow(schema).safeParse({ id: "1" }).success).toBe(false);
  });

  it("includes a row when the field that it would be chosen by is invalid", () => {
    const rows = read([
      { id: "1", status: "open" },
      { id: "2", status: "parked" },
      { id: 3, status: "open" },
    ]);
    const chosen = (id: string) => rowsWhere(rows, ["id"], (row) => row.id === id).map((each) => rows.indexOf(each));
    expect([chosen("1"), chosen("2"), chosen("3")]).toEqual([[0, 2], [1, 2], [2]]);
    expect(rowsWhere(rows, ["tag"], ({ tag }) => tag === "mine")).toEqual([]);
  });
});
