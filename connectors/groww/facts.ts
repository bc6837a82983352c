import { brokerName } from "../../src/domain/ids.ts";
import type { RateWindow } from "../../src/lib/rate-limit.ts";

export const GROWW = brokerName("groww");

export const ROOTS = {
  GROWW_API_ROOT: "https://api.groww.in",
  GROWW_INSTRUMENTS_URL: "https://growwapi-assets.groww.in/instruments/instrument.csv",
} as const;

/**
 * Groww limits each kind of call as a whole. We stay below that, because calls may arrive closer together than they
 * left. Not documented: the limits of candles, of which about ten at once were seen refused, and of logins.
 */
export const RATE_LIMITS = {
  order: [
    { count: 9, perMs: 1_100 },
    { count: 250, perMs: 60_000 },
  ],
  live: [
    { count: 9, perMs: 1_100 },
    { count: 300, perMs: 60_000 },
  ],
  candle: [{ count: 5, perMs: 1_100 }],
  account: [
    { count: 18, perMs: 1_100 },
    { count: 500, perMs: 60_000 },
  ],
  login: [{ count: 1, perMs: 1_100 }],
} as const satisfies Record<string, readonly RateWindow[]>;
