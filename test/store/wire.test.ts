import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromWire, toWire } from "../../src/store/mongo/wire.ts";
import type { PlainDocument } from "../../src/store/codec.ts";
import { sample, sampleSpec } from "./sample.ts";

const spec = sampleSpec("samples");
const plain = (fields: object): PlainDocument => ({ ...sample("a"), ...fields });
const HOUR_MS = 60 * 60 * 1000;

describe("a document for MongoDB", () => {
  it("has no field name that MongoDB would read as a path or an operator, and is the same after reading it back", () => {
    const names = fc.oneof(
      fc.string(),
      fc.constantFrom("$set", "a.b", "%2e", "%", "nul\0", "__proto__", "", "..", "$"),
    );
    fc.assert(
      fc.property(fc.dictionary(names, fc.dictionary(names, fc.jsonValue())), (body) => {
        const wire = toWire(spec, plain({ body }), { version: 4, now: 0 });
        expect(JSON.stringify(namesIn(wire))).not.toMatch(/[.$]|\\u0000/);
        expect(JSON.stringify(fromWire(wire))).toBe(JSON.stringify({ plain: plain({ body }), version: 4 }));
      }),
    );
  });

  it("has a key for each unique index of which it has all fields", () => {
    const keysOf = (fields: object): unknown => toWire(spec, plain(fields), { version: 1, now: 0 }).uniqueKeys;
    expect(keysOf({})).toBeUndefined();
    expect(keysOf({ tag: "t", slot: null })).toEqual({ byTag: '["t"]' });
    expect(keysOf({ tag: "t", slot: 1 })).toEqual({ byTag: '["t"]', bySlot: '["asha",1]' });
  });

  it("has its TTL time by the real clock, plus an hour, even when the bot's clock is pretended", () => {
    const pretended = Date.UTC(2001, 0, 1);
    const before = Date.now();
    const wire = toWire(spec, plain({ expiresAt: pretended + 5_000 }), { version: 1, now: pretended });
    expect(wire.expireAt!.getTime()).toBeGreaterThanOrEqual(before + 5_000 + HOUR_MS);
    expect(wire.expireAt!.getTime()).toBeLessThanOrEqual(Date.now() + 5_000 + HOUR_MS);
    expect(wire.expiresAt).toBe(pretended + 5_000);
  });
});

function namesIn(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null || value instanceof Date) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(namesIn)];
}
