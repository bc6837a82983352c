import { brokerName } from "../../src/domain/ids.ts";
import type { RateWindow } from "../../src/lib/rate-limit.ts";

export const ZERODHA = brokerName("zerodha");

export const ROOTS = {
  ZERODHA_API_ROOT: "https://api.kite.trade",
  ZERODHA_LOGIN_ROOT: "https://kite.zerodha.com",
} as const;

/** With a margin: calls may arrive closer together than they left, and an order over the limit ends as unknown. */
const A_SECOND = 1_100;
/** https://kite.trade/docs/connect/v3/exceptions/#api-rate-limit. Orders are limited per account. */
export const RATE_LIMITS = {
  quote: [{ count: 1, perMs: A_SECOND }],
  historical: [{ count: 3, perMs: A_SECOND }],
  order: [
    { count: 10, perMs: A_SECOND },
    { count: 400, perMs: 60_000 },
  ],
  other: [{ count: 10, perMs: A_SECOND }],
} as const satisfies Record<string, readonly RateWindow[]>;
