import { describe, expect, it } from "vitest";
import { csv } from "../../src/lib/csv.ts";

describe("comma-separated values", () => {
  it("are quoted where they contain a comma, a quote or a line break", () => {
    expect(csv([["a,b", 'say "no"', "two\nlines", null, 1.5]])).toBe('\uFEFF"a,b","say ""no""","two\nlines",,1.5\r\n');
  });

  it("are never a formula to a spreadsheet, whatever text a broker sends", () => {
    expect(csv([["=HYPERLINK(1)", "+1", "-1", "@x", -1]])).toBe("\uFEFF'=HYPERLINK(1),'+1,'-1,'@x,-1\r\n");
  });
});
