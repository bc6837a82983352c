const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** Whitespace, and the three bytes of a UTF-8 byte-order mark. */
const IGNORED = new Set([0x20, 0x0a, 0x0d, 0x09, 0xef, 0xbb, 0xbf]);
const MAX_OBJECT_BYTES = 64 * 1024;

/** The bytes are not an array of objects, or ended before the array did. */
export class JsonArrayError extends Error {
  override readonly name = "JsonArrayError";
}

/**
 * Yields the text of each object in a JSON array as bytes arrive, with at most one chunk and one object in memory.
 * Works on bytes, so a chunk may end inside a multi-byte character.
 */
export async function* objectsOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const scanner = createScanner();
  for await (const piece of pieces) yield* scanner.read(piece);
  scanner.end();
}

function createScanner() {
  let depth = 0; // 1 is inside the array, 2 inside one of its objects
  let isInString = false;
  let isEscaped = false;
  let hasEnded = false;
  let held: Buffer[] = [];
  let heldBytes = 0;

  function hold(bytes: Buffer): void {
    heldBytes += bytes.byteLength;
    if (heldBytes > MAX_OBJECT_BYTES) throw new JsonArrayError("an object is too large");
    held.push(Buffer.from(bytes));
  }

  function release(rest: Buffer): string {
    const text = (held.length === 0 ? rest : Buffer.concat([...held, rest])).toString("utf8");
    held = [];
    heldBytes = 0;
    return text;
  }

  function enter(byte: number): void {
    if (depth === 0 && (byte !== OPEN_ARRAY || hasEnded)) throw new JsonArrayError("not a JSON array");
    depth += 1;
  }

  function* read(piece: Uint8Array): Generator<string> {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let start = depth > 1 ? 0 : -1;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInString = false;
      } else if (byte === QUOTE) {
        if (depth === 0) throw new JsonArrayError("not a JSON array");
        isInString = true;
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (depth === 1) start = at;
        enter(byte);
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        depth -= 1;
        if (depth === 1 && start >= 0) {
          yield release(bytes.subarray(start, at + 1));
          start = -1;
        } else if (depth === 0) hasEnded = true;
        else if (depth < 0) throw new JsonArrayError("not a JSON array");
      } else if (depth === 0 && !IGNORED.has(byte)) throw new JsonArrayError("not a JSON array");
    }
    if (start >= 0) hold(bytes.subarray(start));
  }

  return {
    read,
    end(): void {
      if (!hasEnded) throw new JsonArrayError("ended before the array did");
    },
  };
}
