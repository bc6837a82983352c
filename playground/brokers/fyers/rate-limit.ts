import { istDate } from "../../../src/domain/market.ts";

const PER_SECOND = 10;
const PER_MINUTE = 200;
/** One more blocks the user for the rest of the day. */
const MINUTE_BREACHES_A_DAY = 3;

/** Counts all REST calls of the user together. Returns how many ms to wait, or null when the call is allowed. */
export function createRateLimit(now: () => number): () => number | null {
  let calls: number[] = [];
  let day = "";
  const breachedMinutes = new Set<number>();

  return () => {
    const at = now();
    if (istDate(at) !== day) {
      day = istDate(at);
      breachedMinutes.clear();
    }
    if (breachedMinutes.size > MINUTE_BREACHES_A_DAY) return 60_000;
    calls = calls.filter((call) => at - call < 60_000);
    const inSecond = calls.filter((call) => at - call < 1_000);
    if (calls.length >= PER_MINUTE) {
      breachedMinutes.add(Math.floor(at / 60_000));
      return 60_000 - (at - (calls[0] ?? at));
    }
    if (inSecond.length >= PER_SECOND) return 1_000 - (at - (inSecond[0] ?? at));
    calls.push(at);
    return null;
  };
}
