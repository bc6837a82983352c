import { brokerName } from "../../src/domain/ids.ts";
import type { Product } from "../../src/domain/order.ts";

export const FYERS = brokerName("fyers");

export const ROOTS = {
  FYERS_API_ROOT: "https://api-t1.fyers.in",
  FYERS_INSTRUMENTS_ROOT: "https://public.fyers.in",
} as const;

export const PRODUCTS: readonly Product[] = ["CNC", "INTRADAY", "MARGIN", "MTF"];

/**
 * Fyers counts all REST calls of a user together: 10 a second, 200 a minute, and a block for the day after the minute's
 * limit was exceeded four times. `rest` is that limit with a margin. Reads also count against `read`, which leaves room
 * for orders, and those of candles against `candle`, which leaves room for other reads: a backtest asks for hundreds.
 */
export const RATE_LIMITS = {
  rest: [
    { count: 8, perMs: 1_000 },
    { count: 180, perMs: 60_000 },
  ],
  read: [
    { count: 6, perMs: 1_000 },
    { count: 150, perMs: 60_000 },
  ],
  candle: [{ count: 100, perMs: 60_000 }],
} as const;
