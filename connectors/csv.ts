/** Longer than any line of a master file. */
const MAX_LINE_CHARS = 4_096;

/** The non-blank lines of a file, as its bytes arrive. A rest without a line end is cut, so that memory stays bounded. */
export async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of bytes) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_CHARS) {
      lines.push(rest.slice(0, MAX_LINE_CHARS));
      rest = "";
    }
    yield* lines.filter(hasText);
  }
  rest += decoder.decode();
  if (hasText(rest)) yield rest;
}

const hasText = (line: string): boolean => line.trim() !== "";

/** The cells of a line. A cell that contains a comma is quoted; a quote in it is doubled. */
export function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(",");
  return [...line.matchAll(/(?<=^|,)(?:"((?:[^"]|"")*)"|([^,]*))(?=,|$)/g)].map(
    ([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain,
  );
}
