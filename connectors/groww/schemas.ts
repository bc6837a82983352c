import { z } from "zod";
import { SIDES } from "../../src/domain/order.ts";
import { eachRow } from "../../src/lib/rows.ts";
import { Secret } from "../../src/lib/secret.ts";
import { ORDER_ID } from "../base.ts";

/** Replies of the Trade API, https://groww.in/trade-api/docs/curl. Unknown extra fields pass. */

const rupees = z.number();
const count = z.number().int();
const text = z.string().min(1);
const some = rupees.nullish();

/** Refusals have the documented shape or another one, seen when the session is not accepted. */
const documentedSchema = z
  .object({ status: z.literal("FAILURE"), error: z.object({ code: text, message: z.string().catch("") }) })
  .transform(({ error }) => error);
const seenSchema = z
  .object({ code: text, errorMessage: z.object({ message: z.string().catch("") }) })
  .transform(({ code, errorMessage }) => ({ code, message: errorMessage.message }));
export const refusalSchema = z.union([documentedSchema, seenSchema]);
export const envelopeSchema = z.object({ status: z.literal("SUCCESS"), payload: z.unknown() });

/** POST /v1/token/api/access: the one reply without an envelope. `expiry` is IST without a zone. */
export const tokenSchema = z.object({
  token: text.transform((value) => new Secret(value)),
  expiry: text,
  isActive: z.literal(true),
});

/** GET /v1/user/detail. Without the user's name. */
export const userSchema = z.object({
  ucc: text,
  ddpi_enabled: z.boolean(),
  active_segments: z.array(z.string()).nullish(),
});

const EXCHANGES = ["NSE", "BSE", "MCX"] as const;
export const SEGMENTS = ["CASH", "FNO", "COMMODITY"] as const;
export const PRODUCTS = ["CNC", "MIS", "NRML"] as const;
export const ORDER_TYPES = ["LIMIT", "MARKET", "SL", "SL_M"] as const;
const listed = { exchange: z.enum(EXCHANGES), segment: z.enum(SEGMENTS), trading_symbol: text };
const traded = { ...listed, product: z.enum(PRODUCTS) };

/** GET /v1/margins/detail/user. `clear_cash` is before used margin is deducted. */
export const fundsSchema = z.object({
  clear_cash: rupees,
  net_margin_used: rupees,
  collateral_available: rupees,
  equity_margin_details: z.object({ cnc_balance_available: rupees }),
});

/** GET /v1/holdings/user. Without exchange and last price. */
export const holdingSchema = z.object({
  isin: text,
  trading_symbol: text,
  quantity: count,
  average_price: rupees.nullable(),
  pledge_quantity: count,
  groww_locked_quantity: z.number(),
  t1_quantity: count,
  demat_free_quantity: count,
});
export const holdingsSchema = z.object({ holdings: eachRow(holdingSchema) });

/** GET /v1/positions/user. Credit is buys, debit is sells. Without last price and unrealised profit. */
export const positionSchema = z.object({
  ...traded,
  /** Negative when short. */
  quantity: count,
  net_price: rupees,
  credit_quantity: count,
  credit_price: rupees,
  debit_quantity: count,
  debit_price: rupees,
  carry_forward_credit_quantity: count,
  carry_forward_credit_price: rupees,
  carry_forward_debit_quantity: count,
  carry_forward_debit_price: rupees,
  net_carry_forward_quantity: count,
  realised_pnl: rupees,
});
export const positionsSchema = z.object({ positions: eachRow(positionSchema) });

/** GET /v1/order/list. Closed sets: a row with an unknown status, product, type or side is reported as unread. */
export const STATUSES = [
  "NEW",
  "ACKED",
  "APPROVED",
  "OPEN",
  "TRIGGER_PENDING",
  "MODIFICATION_REQUESTED",
  "CANCELLATION_REQUESTED",
  "EXECUTED",
  "DELIVERY_AWAITED",
  "COMPLETED",
  "CANCELLED",
  "REJECTED",
  "FAILED",
] as const;
export const orderSchema = z.object({
  ...traded,
  groww_order_id: text,
  order_status: z.enum(STATUSES),
  remark: z.string().nullish(),
  quantity: count,
  price: rupees.nullable(),
  trigger_price: rupees.nullable(),
  filled_quantity: count,
  average_fill_price: rupees.nullable(),
  amo_status: z.string().nullish(),
  validity: z.string(),
  order_type: z.enum(ORDER_TYPES),
  transaction_type: z.enum(SIDES),
  created_at: text,
  exchange_time: z.string().nullish(),
  order_reference_id: z.string().nullish(),
});
/** Rows are validated later: the number of all of them tells whether another page follows. */
export const orderPageSchema = z.object({ order_list: z.array(z.unknown()) });
export const orderBookSchema = eachRow(orderSchema);

/** GET /v1/order/status/reference/{order_reference_id} */
export const referenceSchema = z.object({ groww_order_id: text });

/** POST /v1/order/create. The status is an open set here: later ones are read from the book. */
export const placedSchema = z.object({
  groww_order_id: z.string().regex(ORDER_ID),
  order_reference_id: text,
  order_status: z.string(),
  remark: z.string().nullish(),
});
/** POST /v1/order/modify and POST /v1/order/cancel */
export const changedSchema = z.object({ groww_order_id: text });

/** GET /v1/order/trades/{groww_order_id}. `groww_trade_id` can be empty. */
export const tradeSchema = z.object({
  ...traded,
  groww_order_id: text,
  exchange_trade_id: text,
  trade_status: z.literal("EXECUTED"),
  transaction_type: z.enum(SIDES),
  quantity: count,
  price: rupees,
  trade_date_time: text,
});
export const tradePageSchema = z.object({ trade_list: eachRow(tradeSchema) });

/** POST /v1/margins/detail/orders */
export const costSchema = z.object({ total_requirement: rupees, brokerage_and_charges: rupees.nullish() });

/** GET /v1/live-data/ltp, by `NSE_SBIN`. */
export const ltpSchema = z.record(z.string(), rupees.nullable());

/** An object, or a string that looks like one: `{open: 1006.1,high: 1015.8,low: 1003.25,close: 1004.6}`. */
const ohlcSchema = z.preprocess(
  (value) => (typeof value === "string" ? fieldsIn(value) : value),
  z.object({ open: some, high: some, low: some }).nullish(),
);
/** A string without fields is returned as it is, and fails validation. */
function fieldsIn(value: string): unknown {
  const fields = [...value.matchAll(/(open|high|low|close)\s*:\s*(-?\d+(?:\.\d+)?)/g)];
  return fields.length === 0 ? value : Object.fromEntries(fields.map(([, name, number]) => [name, Number(number)]));
}

/** GET /v1/live-data/quote. Depth levels have no number of orders. */
const level = z.object({ price: rupees, quantity: count });
export const quoteSchema = z.object({
  last_price: some,
  day_change: some,
  ohlc: ohlcSchema,
  depth: z.object({ buy: z.array(level).nullish(), sell: z.array(level).nullish() }).nullish(),
  bid_price: some,
  offer_price: some,
  volume: some,
  open_interest: some,
  total_buy_quantity: some,
  total_sell_quantity: some,
  lower_circuit_limit: some,
  upper_circuit_limit: some,
  /** Epoch s or ms. */
  last_trade_time: some,
});

/** GET /v1/historical/candles: IST without a zone, open, high, low, close, volume, open interest. */
const candleSchema = z.tuple([text, rupees.nullable(), rupees, rupees, rupees, count.nullable()]).rest(z.unknown());
export const candlesSchema = z.object({ candles: z.array(candleSchema).nullable() });

export type ListedRaw = Pick<OrderRaw, "exchange" | "segment" | "trading_symbol">;
export type SegmentRaw = (typeof SEGMENTS)[number];
export type ProductRaw = (typeof PRODUCTS)[number];
export type OrderTypeRaw = (typeof ORDER_TYPES)[number];
export type UserRaw = z.output<typeof userSchema>;
export type FundsRaw = z.output<typeof fundsSchema>;
export type HoldingRaw = z.output<typeof holdingSchema>;
export type HeldRaw = Pick<HoldingRaw, "isin" | "trading_symbol">;
export type PositionRaw = z.output<typeof positionSchema>;
export type OrderRaw = z.output<typeof orderSchema>;
export type TradeRaw = z.output<typeof tradeSchema>;
export type QuoteRaw = z.output<typeof quoteSchema>;
export type CandleRaw = z.output<typeof candleSchema>;
