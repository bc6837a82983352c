import { randomBytes } from "node:crypto";

/** Random, unguessable, URL-safe: 12 bytes are 16 characters. */
export const randomToken = (bytes = 12): string => randomBytes(bytes).toString("base64url");

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Random letters and digits, for places that take nothing else. */
export function randomAlphanumeric(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // 252 is the largest multiple of 36 in a byte: the rest would favour the first letters.
      if (byte < 252 && text.length < length) text += ALPHABET[byte % 36];
    }
  }
  return text;
}
