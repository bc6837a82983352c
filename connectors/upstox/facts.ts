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
/** Half of the 50 a second that are allowed: however close together they arrive, two bursts are not too many. */
const READS = [{ count: 25, perMs: 1_000 }, ...LONG_WINDOWS];
/** Upstox meters each API of each user; a class here is several of them, so that it is never the wider. */
export const RATE_LIMITS = {
  // Of 10 a second, with room for calls to arrive closer together than they left.
  order: [{ count: 9, perMs: 1_100 }, ...LONG_WINDOWS],
  book: READS,
  account: READS,
  quote: READS,
  candle: READS,
  login: READS,
} as const satisfies Record<string, readonly RateWindow[]>;
