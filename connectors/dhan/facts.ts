import { brokerName } from "../../src/domain/ids.ts";
import type { RateWindow } from "../../src/lib/rate-limit.ts";

export const DHAN = brokerName("dhan");

export const ROOTS = {
  DHAN_API_ROOT: "https://api.dhan.co",
  DHAN_AUTH_ROOT: "https://auth.dhan.co",
  DHAN_INSTRUMENTS_URL: "https://images.dhan.co/api-data/api-scrip-master.csv",
} as const;

const SECOND = 1_000;
/** With a margin: calls may arrive closer together than they left, and an order over the limit ends as unknown. */
const A_SECOND = 1_100;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Per user, as of 21 March 2026: https://dhanhq.co/docs/v2/#rate-limit */
export const RATE_LIMITS = {
  order: [
    { count: 10, perMs: A_SECOND },
    { count: 250, perMs: 60 * SECOND },
    { count: 1000, perMs: HOUR },
    { count: 7000, perMs: DAY },
  ],
  data: [{ count: 5, perMs: A_SECOND }],
  quote: [{ count: 1, perMs: A_SECOND }],
  other: [{ count: 20, perMs: A_SECOND }],
  consent: [{ count: 25, perMs: DAY }],
} as const satisfies Record<string, readonly RateWindow[]>;
