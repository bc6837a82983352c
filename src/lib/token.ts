import { randomBytes } from "node:crypto";

/** A random, unguessable, URL-safe token: 12 bytes give 16 characters. */
export const randomToken = (bytes = 12): string => randomBytes(bytes).toString("base64url");

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Random lower-case letters and digits, for fields that allow nothing else. */
export function randomAlphanumeric(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // 252 is the largest multiple of 36 in a byte; higher bytes would favour the first characters.
      if (byte < 252 && text.length < length) text += ALPHABET[byte % 36];
    }
  }
  return text;
}
