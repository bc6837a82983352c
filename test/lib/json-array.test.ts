import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { objectsOf } from "../../src/lib/json-array.ts";

async function* pieces(whole: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < whole.length; at += size) yield await Promise.resolve(whole.subarray(at, at + size));
}

describe("a long JSON array", () => {
  it("is read object by object, however the bytes are split into chunks", async () => {
    const value = fc.record({
      token: fc.string(),
      name: fc.string({ unit: "grapheme" }),
      nested: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.array(fc.string()))),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(value), fc.integer({ min: 1, max: 40 }), fc.boolean(), async (rows, size, isPretty) => {
        const bytes = Buffer.from(JSON.stringify(rows, null, isPretty ? 1 : 0));
        const seen: unknown[] = [];
        for await (const text of objectsOf(pieces(bytes, size))) seen.push(JSON.parse(text));
        expect(seen).toEqual(JSON.parse(bytes.toString("utf8")));
      }),
      { numRuns: 200 },
    );
  });

  it("gives up on an object that never ends", async () => {
    const endless = Buffer.from(`[{"name":"${"x".repeat(200_000)}`);
    const readAll = async (): Promise<void> => {
      for await (const text of objectsOf(pieces(endless, 4096))) expect(text).toBe("never reached");
    };
    await expect(readAll()).rejects.toThrow("too large");
  });
});
