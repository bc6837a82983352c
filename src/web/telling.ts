import { nothingAfter } from "../lib/nothing-after.ts";

const TELLING_MS = 5_000;

/** Waits until the chat has been told, but not for long: Telegram may hold a message up for a minute. It still arrives. */
export const toldInTime = (telling: Promise<void>): Promise<unknown> =>
  Promise.race([telling, nothingAfter(TELLING_MS)]);
