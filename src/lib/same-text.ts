import { createHash, timingSafeEqual } from "node:crypto";

/** Compares in constant time; hashing first hides the lengths too. */
export const isSameText = (given: string, expected: string): boolean =>
  timingSafeEqual(digest(given), digest(expected));

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
