import { describe, expect, it } from "vitest";
import { cellsOf, linesOf } from "../../connectors/csv.ts";

/** A text as bytes in pieces of a size, which may cut a character or a line end. */
async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function linesIn(text: string, size: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(inPieces(text, size))) lines.push(line);
  return lines;
}

describe("the lines of a file", () => {
  it("are the same however the bytes are cut", async () => {
    const text = "token,name\r\n1,₹ Fund\n\n2,Bank\r\n3,Last";
    for (const size of [1, 2, 3, 7, 100])
      expect(await linesIn(text, size)).toEqual(["token,name", "1,₹ Fund", "2,Bank", "3,Last"]);
  });

  it("leave out blank lines", async () => {
    expect(await linesIn("1\n  \n2\n", 4)).toEqual(["1", "2"]);
  });

  it("are bounded where the file has no line ends", async () => {
    const lines = await linesIn("x".repeat(100_000), 10_000);
    expect(Math.max(...lines.map(({ length }) => length))).toBe(4_096);
  });
});

describe("the cells of a line", () => {
  it("may be quoted, and then contain commas and quotes", () => {
    expect(cellsOf('1,"A ""B"", C",,x')).toEqual(["1", 'A "B", C', "", "x"]);
  });

  it("may be empty", () => {
    expect(cellsOf("1,,2")).toEqual(["1", "", "2"]);
    expect(cellsOf('"A, B",,')).toEqual(["A, B", "", ""]);
    expect(cellsOf(',"A, B"')).toEqual(["", "A, B"]);
  });
});
