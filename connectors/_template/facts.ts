import { brokerName } from "../../src/domain/ids.ts";
import type { RateWindow } from "../../src/lib/rate-limit.ts";

export const ACME = brokerName("acme");

export const ROOTS = { ACME_API_ROOT: "https://api.acme.example" } as const;

/**
 * Acme allows an account 10 calls a second of each kind. We stay below that, because calls may arrive closer together
 * than they left. https://docs.acme.example/limits
 */
export const RATE_LIMITS = {
  read: [{ count: 9, perMs: 1_100 }],
  order: [{ count: 9, perMs: 1_100 }],
  login: [{ count: 5, perMs: 1_000 }],
} as const satisfies Record<string, readonly RateWindow[]>;
