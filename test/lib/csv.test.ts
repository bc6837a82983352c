import { describe, expect, it } from "vitest";
import { csv } from "../../src/lib/csv.ts";

describe("comma-separated values", () => {
  it("quote what would break a cell or a line", () => {
    expect(csv([["a,b", 'say "no"', "two\nlines", null, 1.5]])).toBe('\uFEFF"a,b","say ""no""","two\nlines",,1.5\r\n');
  });

  it("are never run by a spreadsheet, whatever a broker says", () => {
    expect(csv([["=HYPERLINK(1)", "+1", "-1", "@x", -1]])).toBe("\uFEFF'=HYPERLINK(1),'+1,'-1,'@x,-1\r\n");
  });
});
