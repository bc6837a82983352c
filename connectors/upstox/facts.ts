import { brokerName } from "../../src/domain/ids.ts";
import type { RateWindow } from "../../src/lib/rate-limit.ts";

export const UPSTOX = brokerName("upstox");

export const ROOTS = {
  UPSTOX_API_ROOT: "https://api.upstox.com",
  UPSTOX_ORDER_ROOT: "https://api-hft.upstox.com",
  UPSTOX_INSTRUMENTS_URL: "https://assets.upstox.com/market-quote/instruments/exchange/complete.json.gz",
} as const;

const LONG_WINDOWS: readonly RateWindow[] = [
  { count: 500, perMs: 60_000 },
  { count: 2_000, perMs: 30 * 60_000 },
];
/** Half of the allowed 50 a second: even if two seconds' calls arrive in the same second they are not too many. */
const READS = [{ count: 25, perMs: 1_000 }, ...LONG_WINDOWS];
/** Upstox limits each API of each user. A class here covers several APIs, so it is never the more generous. */
export const RATE_LIMITS = {
  // Allowed: 10 a second. Calls may arrive closer together than they left.
  order: [{ count: 9, perMs: 1_100 }, ...LONG_WINDOWS],
  book: READS,
  account: READS,
  quote: READS,
  candle: READS,
  login: READS,
} as const satisfies Record<string, readonly RateWindow[]>;
