import { z } from "zod";
import { SIDES, ORDER_TYPES } from "../../src/domain/order.ts";
import { Secret } from "../../src/lib/secret.ts";
import { ORDER_ID } from "../base.ts";

/** Replies of API v2 and v3, https://upstox.com/developer/api-documentation/. Unknown extra fields pass. */

const rupees = z.number();
const count = z.number().int();
const text = z.string().min(1);

/** Both casings are sent; the camel case is deprecated. */
const errorSchema = z
  .object({ error_code: z.string().optional(), errorCode: z.string().optional(), message: z.string().catch("") })
  .transform((row) => ({ code: row.error_code ?? row.errorCode, message: row.message }));
export const refusalSchema = z.object({ status: z.literal("error"), errors: z.array(errorSchema) });
export const envelopeSchema = z.object({ status: z.literal("success"), data: z.unknown() });

/** POST /v2/login/authorization/token: the one reply without an envelope. */
export const tokenSchema = z.object({
  user_id: text,
  access_token: text.transform((value) => new Secret(value)),
});

/** GET /v2/user/profile. `ddpi` is newer than `poa`. */
export const profileSchema = z.object({
  user_id: text,
  user_name: z.string(),
  poa: z.boolean().optional(),
  ddpi: z.boolean().optional(),
});

const PRODUCTS = ["D", "I", "MTF", "CO"] as const;
const listed = { instrument_token: text, trading_symbol: text };
const traded = { ...listed, product: z.enum(PRODUCTS) };

/** GET /v3/user/get-funds-and-margin. Sub-totals may be missing. */
const total = z.object({ total: rupees.nullish() }).nullish();
export const fundsSchema = z.object({
  available_to_trade: z.object({
    total: rupees,
    cash_available_to_trade: z.object({ total: rupees.nullish(), margin_used: total }).nullish(),
    pledge_available_to_trade: z
      .object({ total: rupees.nullish(), margin_from_pledge: total, margin_used: total })
      .nullish(),
  }),
});

/** GET /v2/portfolio/long-term-holdings */
export const holdingSchema = z.object({
  ...traded,
  isin: z.string().nullish(),
  quantity: count,
  t1_quantity: count,
  cnc_used_quantity: count,
  collateral_quantity: count,
  average_price: rupees.nullable(),
  last_price: rupees.nullable(),
  close_price: rupees.nullable(),
});

/** GET /v2/portfolio/short-term-positions */
export const positionSchema = z.object({
  ...traded,
  /** Negative when short. */
  quantity: count,
  multiplier: z.number().positive(),
  last_price: rupees.nullable(),
  day_buy_quantity: count,
  day_buy_value: rupees,
  day_sell_quantity: count,
  day_sell_value: rupees,
  overnight_quantity: count,
  overnight_buy_quantity: count,
  overnight_buy_amount: rupees,
  overnight_sell_quantity: count,
  overnight_sell_amount: rupees,
});

/** GET /v2/order/retrieve-all. Closed sets: a row with an unknown status, product or type is reported as unread. */
export const STATUSES = [
  "put order req received",
  "validation pending",
  "open pending",
  "open",
  "trigger pending",
  "modify validation pending",
  "modify pending",
  "modified",
  "not modified",
  "cancel pending",
  "not cancelled",
  "complete",
  "cancelled",
  "rejected",
  "after market order req received",
  "modify after market order req received",
  "cancelled after market order",
] as const;
export const orderSchema = z.object({
  ...traded,
  order_id: text,
  exchange_order_id: z.string().nullable(),
  tag: z.string().nullable(),
  status: z.enum(STATUSES),
  status_message: z.string().nullable(),
  status_message_raw: z.string().nullish(),
  order_type: z.enum(ORDER_TYPES),
  transaction_type: z.enum(SIDES),
  validity: z.string(),
  quantity: count,
  disclosed_quantity: count,
  filled_quantity: count,
  average_price: rupees,
  price: rupees,
  trigger_price: rupees,
  is_amo: z.boolean(),
  order_timestamp: z.string().nullable(),
});

/** POST /v3/order/place. Without slicing there must be exactly one id. */
export const placedSchema = z.object({ order_ids: z.array(z.string().regex(ORDER_ID)).length(1) });
/** PUT /v3/order/modify and DELETE /v3/order/cancel */
export const changedSchema = z.object({ order_id: text });

/** GET /v2/order/trades/get-trades-for-day. `quantity` is the traded quantity. */
export const tradeSchema = z.object({
  ...traded,
  trade_id: text,
  order_id: text,
  transaction_type: z.enum(SIDES),
  quantity: count,
  average_price: rupees,
  exchange_timestamp: z.string().nullable(),
});

/** POST /v2/charges/margin */
export const marginSchema = z.object({ final_margin: rupees });
/** GET /v2/charges/brokerage */
export const chargesSchema = z.object({ charges: z.object({ total: rupees }) });

/** GET /v2/market-quote/quotes, keyed by names (`NSE_EQ:SBIN`) that are not the requested keys and may be reused. */
const level = z.object({ price: rupees, quantity: count, orders: count });
const some = rupees.nullish();
const quoteSchema = z.object({
  instrument_token: text,
  last_price: some,
  ohlc: z.object({ open: some, high: some, low: some }).nullish(),
  depth: z.object({ buy: z.array(level), sell: z.array(level) }).nullish(),
  volume: some,
  oi: some,
  net_change: some,
  total_buy_quantity: some,
  total_sell_quantity: some,
  lower_circuit_limit: some,
  upper_circuit_limit: some,
  /** Epoch ms, as a string. */
  last_trade_time: z.string().nullish(),
});
/** An empty collection is `[]`, so none may be no object. */
export const quotesSchema = z.preprocess(
  (data) => (Array.isArray(data) && data.length === 0 ? {} : data),
  z.record(z.string(), quoteSchema),
);

/** GET /v3/historical-candle: time with its zone, open, high, low, close, volume, open interest. */
const candleSchema = z
  .tuple([z.iso.datetime({ offset: true }), rupees, rupees, rupees, rupees, count])
  .rest(z.unknown());
export const candlesSchema = z.object({ candles: z.array(candleSchema) });

/** A row of the master, https://assets.upstox.com/market-quote/instruments/exchange/complete.json.gz */
export const masterRowSchema = z.object({
  segment: z.string(),
  name: z.string(),
  instrument_key: text,
  instrument_type: z.string(),
  exchange_token: z.string(),
  trading_symbol: text,
  isin: z.string().optional(),
  lot_size: z.number().optional(),
  freeze_quantity: z.number().optional(),
  /** Paise. */
  tick_size: z.number().optional(),
  underlying_symbol: z.string().optional(),
  /** Epoch ms, in the last second of the day. */
  expiry: z.number().optional(),
  strike_price: z.number().optional(),
});

/** The postback of a GTT has another `update_type`. */
export const postbackSchema = z.object({ update_type: z.literal("order"), order_id: text });

export type ListedRaw = Pick<OrderRaw, "instrument_token" | "trading_symbol">;
export type ProductRaw = (typeof PRODUCTS)[number];
export type FundsRaw = z.output<typeof fundsSchema>;
export type ProfileRaw = z.output<typeof profileSchema>;
export type HoldingRaw = z.output<typeof holdingSchema>;
export type PositionRaw = z.output<typeof positionSchema>;
export type OrderRaw = z.output<typeof orderSchema>;
export type TradeRaw = z.output<typeof tradeSchema>;
export type QuoteRaw = z.output<typeof quoteSchema>;
export type CandleRaw = z.output<typeof candleSchema>;
export type MasterRowRaw = z.output<typeof masterRowSchema>;
