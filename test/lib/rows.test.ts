import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eachRow, rowsWhere } from "../../src/lib/rows.ts";

const schema = z.object({ id: z.string(), tag: z.string().nullish(), status: z.enum(["open", "done"]) });
const read = (rows: unknown) => eachRow(schema).parse(rows);

describe("a list that is read row by row", () => {
  it("keeps each row in its place, whatever stands beside it", () => {
    const good = fc.record({ id: fc.string(), status: fc.constantFrom("open", "done") });
    fc.assert(
      fc.property(fc.array(fc.oneof(good, fc.anything())), (rows) => {
        const whole = rows.map((row) => schema.safeParse(row).data);
        expect(read(rows).map((each) => (each.ok ? each.row : undefined))).toEqual(whole);
      }),
    );
  });

  it("tells of a row that is not as documented the fields that are, and names the first that is not", () => {
    expect(read([{ id: "1", tag: null, status: "parked" }, "?"])).toEqual([
      { ok: false, partial: { id: "1", tag: null }, field: "0.status" },
      { ok: false, partial: { tag: undefined }, field: "1" },
    ]);
  });

  it("is no list where something else came", () => {
    expect(eachRow(schema).safeParse({ id: "1" }).success).toBe(false);
  });

  it("wants a row that does not tell by what it would be chosen", () => {
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
