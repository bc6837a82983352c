import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKeyring, DecryptionError, generateKey, parseKey } from "../../src/lib/crypto.ts";

const key = parseKey(generateKey());
const keyring = createKeyring({ current: key });

describe("a keyring", () => {
  it("gives back any text under the associated data that it was encrypted with", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (text, place) => {
        expect(keyring.decrypt(keyring.encrypt(text, place), place)).toBe(text);
      }),
    );
  });

  it("writes a version, the key's id and three base64url parts, and never the same token twice", () => {
    const token = keyring.encrypt("same text", "place");
    expect(token).toMatch(/^v1\.[0-9a-f]{8}(\.[\w-]+){3}$/);
    expect(token.split(".")[1]).toBe(key.id);
    expect(keyring.encrypt("same text", "place")).not.toBe(token);
  });

  it("refuses a token in which any character was changed, dropped or doubled", () => {
    const token = keyring.encrypt("a PIN of 4 digits", "users/1/pin");
    for (let i = 0; i < token.length; i += 1) {
      const [before, at, after] = [token.slice(0, i), token[i]!, token.slice(i + 1)];
      const other = at === "A" ? "B" : "A";
      for (const changed of [before + other + after, before + after, before + at + at + after])
        expect(() => keyring.decrypt(changed, "users/1/pin")).toThrow(DecryptionError);
    }
  });

  it("refuses a token that was moved to another place", () => {
    const token = keyring.encrypt("text", "users/1/pin");
    expect(() => keyring.decrypt(token, "users/2/pin")).toThrow(DecryptionError);
  });

  it("refuses a token of a key that it lacks, with an error that says so without any content", () => {
    const stranger = createKeyring({ current: parseKey(generateKey()) });
    const token = stranger.encrypt("hunter2", "place");
    expect(() => keyring.decrypt(token, "place")).toThrow(/^written under a key that is not in the keyring$/);
  });

  it("refuses a token that names our key but was made with another", () => {
    const forged = createKeyring({ current: { id: key.id, key: parseKey(generateKey()).key } }).encrypt("x", "place");
    expect(() => keyring.decrypt(forged, "place")).toThrow(DecryptionError);
  });

  it("refuses what is not a token", () => {
    for (const text of ["", "plain text", "v1", "v1.....", "v2.0.0.0.0", `v1.${key.id}...`])
      expect(() => keyring.decrypt(text, "place")).toThrow(/^not an encrypted value$/);
  });

  it("decrypts with a previous key and encrypts with the current one", () => {
    const [old, current] = [key, parseKey(generateKey())];
    const rotated = createKeyring({ current, previous: [old] });
    expect(rotated.decrypt(keyring.encrypt("text", "place"), "place")).toBe("text");
    const token = rotated.encrypt("text", "place");
    expect(createKeyring({ current }).decrypt(token, "place")).toBe("text");
    expect(() => keyring.decrypt(token, "place")).toThrow(DecryptionError);
  });
});

describe("a key", () => {
  it("is 32 random bytes with an id that follows from them", () => {
    const [one, other] = [generateKey(), generateKey()];
    expect(Buffer.from(one, "base64")).toHaveLength(32);
    expect(one).not.toBe(other);
    expect(parseKey(` ${one}\n`).id).toBe(parseKey(one).id);
    expect(parseKey(one).id).not.toBe(parseKey(other).id);
    expect(one).not.toContain(parseKey(one).id);
  });

  it("is refused in any other length or alphabet, without being repeated", () => {
    for (const bad of ["", "swordfish", generateKey().slice(4), `${generateKey()}AAAA`, `!${generateKey()}`])
      expect(() => parseKey(bad)).toThrow(/^a key is 32 bytes in base64$/);
  });

  it("does not show its bytes when printed", () => {
    const text = generateKey();
    const printed = JSON.stringify(parseKey(text));
    expect(printed).not.toContain(text.slice(0, 8));
  });
});
