import { z } from "zod";
import { eachRow } from "../../src/lib/rows.ts";
import { Secret } from "../../src/lib/secret.ts";
import { ORDER_ID } from "../base.ts";

/** Times are "YYYY-MM-DD HH:MM:SS" IST without a zone, or empty; prices are rupees as JSON numbers. */
const time = z.string().nullish();
/** A string: 15 to 19 digits exceed 2^53, so a JSON number would have lost digits. */
const orderId = z.string().min(1);

const secret = z
  .string()
  .min(1)
  .transform((value) => new Secret(value));

/** https://kite.trade/docs/connect/v3/user/#authentication-and-token-exchange */
export const sessionSchema = z.object({ user_id: z.string().min(1), access_token: secret, login_time: z.string() });

/** https://kite.trade/docs/connect/v3/user/#user-profile */
export const profileSchema = z.object({
  user_id: z.string().min(1),
  user_name: z.string(),
  meta: z.object({ demat_consent: z.string().optional() }).nullish(),
});

/**
 * https://kite.trade/docs/connect/v3/user/#funds-and-margins. Either segment may be absent; `commodity` is not used.
 */
export const marginsSchema = z
  .object({
    equity: z
      .object({
        net: z.number(),
        available: z.object({ cash: z.number(), collateral: z.number() }),
        utilised: z.object({ debits: z.number() }),
      })
      .optional(),
    commodity: z.unknown().optional(),
  })
  .refine(({ equity, commodity }) => equity !== undefined || commodity !== undefined, {
    path: ["equity"],
    message: "expected a segment",
  });

const listed = { tradingsymbol: z.string().min(1), exchange: z.string(), instrument_token: z.number().int() };

/** https://kite.trade/docs/connect/v3/portfolio/#holdings */
const holdingSchema = z.object({
  ...listed,
  isin: z.string(),
  product: z.string(),
  quantity: z.number().int(),
  t1_quantity: z.number().int(),
  collateral_quantity: z.number().int(),
  average_price: z.number(),
  last_price: z.number(),
  close_price: z.number(),
  pnl: z.number(),
  mtf: z.object({ quantity: z.number().int(), average_price: z.number() }).optional(),
});

/** https://kite.trade/docs/connect/v3/portfolio/#positions */
const positionSchema = z.object({
  ...listed,
  product: z.string(),
  quantity: z.number().int(),
  multiplier: z.number(),
  average_price: z.number(),
  last_price: z.number(),
  pnl: z.number(),
  m2m: z.number(),
  buy_quantity: z.number().int(),
  buy_value: z.number(),
  sell_quantity: z.number().int(),
  sell_value: z.number(),
});
export const positionsSchema = z.object({ net: eachRow(positionSchema) });

/** https://kite.trade/docs/connect/v3/orders/#retrieving-orders */
const orderSchema = z.object({
  ...listed,
  order_id: orderId,
  exchange_order_id: z.string().nullable(),
  status: z.string(),
  status_message: z.string().nullable(),
  order_timestamp: time,
  variety: z.string().min(1),
  order_type: z.string(),
  transaction_type: z.string(),
  validity: z.string(),
  product: z.string(),
  quantity: z.number().int(),
  price: z.number(),
  trigger_price: z.number(),
  average_price: z.number(),
  filled_quantity: z.number().int(),
  tag: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
});

/** https://kite.trade/docs/connect/v3/orders/#retrieving-all-trades. `order_timestamp` has no date here. */
const tradeSchema = z.object({
  ...listed,
  trade_id: z.string().min(1),
  order_id: orderId,
  product: z.string(),
  transaction_type: z.string(),
  quantity: z.number().int(),
  average_price: z.number(),
  fill_timestamp: time,
});

/** The reply to placing, modifying and cancelling. */
export const orderIdSchema = z.object({ order_id: orderId.regex(ORDER_ID) });

const level = z.object({ price: z.number(), quantity: z.number(), orders: z.number() });
/** https://kite.trade/docs/connect/v3/market-quotes/. Indices lack trade time, volume and depth. */
const quoteSchema = z.object({
  timestamp: time,
  last_trade_time: time,
  last_price: z.number(),
  volume: z.number().optional(),
  buy_quantity: z.number().optional(),
  sell_quantity: z.number().optional(),
  oi: z.number().optional(),
  lower_circuit_limit: z.number().optional(),
  upper_circuit_limit: z.number().optional(),
  ohlc: z.object({ open: z.number(), high: z.number(), low: z.number(), close: z.number() }),
  depth: z.object({ buy: z.array(level), sell: z.array(level) }).optional(),
});
/** Keyed by the requested name; unknown instruments are absent. */
export const quotesSchema = z.record(z.string(), quoteSchema);

/** https://kite.trade/docs/connect/v3/historical/: time (with zone), open, high, low, close, volume. */
const candleSchema = z.tuple([z.string(), z.number(), z.number(), z.number(), z.number(), z.number()], z.unknown());
export const candlesSchema = z.object({ candles: z.array(candleSchema) });

/** https://kite.trade/docs/connect/v3/margins/#order-margins */
export const orderMarginsSchema = z.array(
  z.object({ total: z.number(), charges: z.object({ total: z.number() }).nullish() }),
);

/** https://kite.trade/docs/connect/v3/postbacks/ */
export const postbackSchema = z.object({ order_id: orderId, order_timestamp: z.string(), checksum: z.string() });

export const holdingsSchema = eachRow(holdingSchema);
export const ordersSchema = eachRow(orderSchema);
export const tradesSchema = eachRow(tradeSchema);
/** For replies whose data is not used. */
export const anySchema = z.unknown();

export const errorEnvelopeSchema = z.object({ message: z.string().catch(""), error_type: z.string() });
export const successEnvelopeSchema = z.object({ status: z.literal("success"), data: z.unknown() });

export type ProfileRaw = z.infer<typeof profileSchema>;
export type MarginsRaw = z.infer<typeof marginsSchema>;
export type HoldingRaw = z.infer<typeof holdingSchema>;
export type PositionRaw = z.infer<typeof positionSchema>;
export type OrderRaw = z.infer<typeof orderSchema>;
export type TradeRaw = z.infer<typeof tradeSchema>;
export type QuoteRaw = z.infer<typeof quoteSchema>;
export type CandleRaw = z.infer<typeof candleSchema>;
export type OrderMarginRaw = z.infer<typeof orderMarginsSchema>[number];
