import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecryptionError } from "../../src/lib/crypto.ts";
import { Secret } from "../../src/lib/secret.ts";
import { createCodec, type Codec, type PlainDocument } from "../../src/store/codec.ts";
import { newKeyring, revealed, sample, sampleSpec, type Sample } from "./sample.ts";

const keyring = newKeyring();
const codec = createCodec(sampleSpec("samples"), keyring);
const roundTrip = (document: Sample, by: Codec<Sample> = codec): unknown => {
  const stored = JSON.parse(JSON.stringify(by.encode(document))) as PlainDocument;
  return revealed(by.decode(stored, 3));
};

/** Random plain values with one secret somewhere inside. */
const aroundASecret: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constant(new Secret("hunter2")),
    fc.tuple(fc.array(fc.jsonValue()), tie("value")).map(([others, inner]) => [...others, inner]),
    fc
      .tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), tie("value"))
      .map(([others, name, inner]) => Object.fromEntries([...Object.entries(others), [name, inner]])),
  ),
})).value;

describe("the codec", () => {
  it("refuses a secret in a field that is not encrypted, wherever it hides, without printing it", () => {
    fc.assert(
      fc.property(aroundASecret, fc.constantFrom("body", "owner", "tag", "extra"), (value, field) => {
        const document = { ...sample("a"), [field]: value };
        expect(() => codec.encode(document)).toThrow(TypeError);
        expect(() => codec.encode(document)).not.toThrow(/hunter2/);
      }),
    );
  });

  it("keeps a secret anywhere inside an encrypted field, and never stores it in the clear", () => {
    fc.assert(
      fc.property(aroundASecret, (keys) => {
        expect(JSON.stringify(codec.encode(sample("a", { keys })))).not.toContain("hunter2");
        const expected = JSON.parse(JSON.stringify(revealed(keys))) as unknown;
        expect(JSON.stringify(roundTrip(sample("a", { keys })))).toContain(JSON.stringify(expected));
      }),
    );
  });

  it("tells a secret from a plain object that looks like one", () => {
    const keys = { $secret: "text", $$secret: "more", inner: { $secret: new Secret("hunter2") } };
    expect(roundTrip(sample("a", { keys }))).toEqual({ ...sample("a", { keys: revealed(keys) }), version: 3 });
  });

  it("binds a ciphertext to its collection, document and field", () => {
    const { keys } = codec.encode(sample("a", { keys: "k" }));
    expect(codec.decode({ ...sample("a"), keys }, 1).keys).toBe("k");
    expect(() => codec.decode({ ...sample("b"), keys }, 1)).toThrow(DecryptionError);
    const elsewhere = createCodec(sampleSpec("others"), keyring);
    expect(() => elsewhere.decode({ ...sample("a"), keys }, 1)).toThrow(DecryptionError);
    const another = createCodec<Sample>({ ...sampleSpec("samples"), encrypted: ["body"] }, keyring);
    expect(() => another.decode({ ...sample("a"), body: keys }, 1)).toThrow(DecryptionError);
  });

  it("refuses an encrypted field that somebody stored in the clear", () => {
    expect(() => codec.decode({ ...sample("a"), keys: "typed in by hand" }, 1)).toThrow(DecryptionError);
  });

  it("leaves out undefined fields and keeps an encrypted null", () => {
    const document = { ...sample("a"), tag: undefined, body: { gone: undefined, list: [undefined] }, keys: null };
    expect(Object.keys(codec.encode(document as unknown as Sample))).not.toContain("tag");
    expect(roundTrip(document as unknown as Sample)).toEqual({
      ...sample("a", { body: { list: [null] }, keys: null }),
      version: 3,
    });
  });

  it("replaces lone surrogates and minus zero, so that both engines return the same", () => {
    const stored = roundTrip(sample("a", { body: ["cut \ud83d", -0], keys: "cut \ud83d" }));
    expect(stored).toEqual({ ...sample("a", { body: ["cut \ufffd", 0], keys: "cut \ufffd" }), version: 3 });
  });

  it.each([
    ["NaN", Number.NaN],
    ["an infinity", Number.POSITIVE_INFINITY],
    ["a date", new Date(0)],
    ["a big integer", 1n],
    ["a map", new Map()],
    ["bytes", Buffer.from("x")],
    ["a function", () => 1],
  ])("refuses %s, in the clear and encrypted", (_, value) => {
    expect(() => codec.encode(sample("a", { body: { deep: [value] } }))).toThrow(/^samples\.body holds what JSON/);
    expect(() => codec.encode(sample("a", { keys: { deep: [value] } }))).toThrow(/^samples\.keys holds what JSON/);
  });

  it("refuses an id that is no text, a fractional time, a list or fraction in an index, and reserved field names", () => {
    const odd = (fields: object): Sample => ({ ...sample("a"), ...fields });
    expect(() => codec.encode(odd({ _id: "" }))).toThrow(/_id/);
    expect(() => codec.encode(odd({ _id: 7 }))).toThrow(/_id/);
    expect(() => codec.encode(odd({ expiresAt: 1.5 }))).toThrow(/expiresAt/);
    expect(() => codec.encode(odd({ tag: ["t"] }))).toThrow(/tag is in an index/);
    expect(() => codec.encode(odd({ rank: 0.5 }))).toThrow(/rank is in an index/);
    expect(() => codec.encode(odd({ uniqueKeys: {} }))).toThrow(/uniqueKeys/);
    expect(() => codec.encode(odd({ expireAt: 5 }))).toThrow(/expireAt/);
  });
});
