import { brokerName } from "../../src/domain/ids.ts";
import type { Product } from "../../src/domain/order.ts";
import type { RateWindow } from "../../src/lib/rate-limit.ts";

export const ANGELONE = brokerName("angelone");

export const ROOTS = {
  ANGELONE_API_ROOT: "https://apiconnect.angelone.in",
  ANGELONE_LOGIN_ROOT: "https://smartapi.angelone.in",
  ANGELONE_INSTRUMENTS_URL: "https://margincalculator.angelone.in/OpenAPI_File/files/OpenAPIScripMaster.json",
} as const;

export const PRODUCTS: readonly Product[] = ["CNC", "INTRADAY", "MARGIN", "MTF"];

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const within = (second: number, minute: number, hour: number): readonly RateWindow[] => [
  { count: second, perMs: A_SECOND },
  { count: minute, perMs: MINUTE },
  { count: hour, perMs: HOUR },
];
/** With a margin: calls may arrive closer together than they left, and an order over the limit ends as unknown. */
const A_SECOND = 1_100;
const ONE_A_SECOND: readonly RateWindow[] = [{ count: 1, perMs: A_SECOND }];

/** Per client code, https://smartapi.angelone.in/docs. */
export const RATE_LIMITS = {
  login: ONE_A_SECOND,
  profile: [
    { count: 3, perMs: A_SECOND },
    { count: 1000, perMs: HOUR },
  ],
  funds: [{ count: 2, perMs: A_SECOND }],
  orders: within(9, 500, 1000),
  orderBook: ONE_A_SECOND,
  tradeBook: ONE_A_SECOND,
  positions: ONE_A_SECOND,
  holdings: ONE_A_SECOND,
  orderDetails: within(10, 500, 5000),
  // The documentation says 1 a second on one page and 10 on another.
  quotes: ONE_A_SECOND,
  candles: within(3, 180, 5000),
  margin: within(10, 500, 5000),
  // Not documented: taken to be the margin calculator's.
  charges: within(10, 500, 5000),
} as const satisfies Record<string, readonly RateWindow[]>;
