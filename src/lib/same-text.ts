import { createHash, timingSafeEqual } from "node:crypto";

/** In constant time, whatever the lengths. */
export const isSameText = (given: string, expected: string): boolean =>
  timingSafeEqual(digest(given), digest(expected));

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
