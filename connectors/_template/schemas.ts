import { z } from "zod";
import { SEGMENTS } from "../../src/domain/instrument.ts";
import { PRODUCTS, ORDER_TYPES, SIDES } from "../../src/domain/order.ts";
import { ORDER_ID } from "../base.ts";

/** Acme's replies, each with the page that documents it. Unknown extra fields pass. */

const rupees = z.number();
const count = z.number().int();
const listed = { instrument: z.string(), symbol: z.string() };

export const refusalSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
export const envelopeSchema = z.object({ data: z.unknown() });

/** https://docs.acme.example/login */
export const tokenSchema = z.object({ token: z.string().min(1), account: z.string().min(1), expires_at: z.string() });
export const profileSchema = z.object({ account: z.string(), name: z.string() });

/** https://docs.acme.example/portfolio */
export const fundsSchema = z.object({ available: rupees, used: rupees, cash: rupees, collateral: rupees });
export const holdingSchema = z.object({
  ...listed,
  isin: z.string().nullable(),
  product: z.enum(["CNC", "MTF"]),
  quantity: count,
  t1: count,
  sellable: count,
  pledged: count,
  average: rupees,
  last: rupees.nullable(),
  close: rupees.nullable(),
  pnl: rupees.nullable(),
});
export const positionSchema = z.object({
  ...listed,
  segment: z.enum(SEGMENTS),
  product: z.enum(PRODUCTS),
  /** Negative when short. */
  net: count,
  average: rupees,
  last: rupees.nullable(),
  pnl: rupees,
  realised: rupees,
  day_pnl: rupees,
  buy_quantity: count,
  buy_value: rupees,
  sell_quantity: count,
  sell_value: rupees,
});

/** https://docs.acme.example/orders. A row with an unknown status, product or type is reported as unread. */
export const STATUSES = ["new", "open", "waiting", "done", "cancelled", "rejected", "expired"] as const;
export const orderSchema = z.object({
  ...listed,
  id: z.string().min(1),
  exchange_id: z.string().nullable(),
  tag: z.string().nullable(),
  side: z.enum(SIDES),
  type: z.enum(ORDER_TYPES),
  product: z.enum(PRODUCTS),
  validity: z.string(),
  quantity: count,
  filled: count,
  average: rupees,
  price: rupees,
  trigger: rupees,
  status: z.enum(STATUSES),
  message: z.string().nullable(),
  after_market: z.boolean(),
  placed_at: z.string(),
});
export const orderIdSchema = z.object({ id: z.string().regex(ORDER_ID) });
export const costSchema = z.object({ margin: rupees, charges: rupees });
export const tradeSchema = z.object({
  ...listed,
  id: z.string(),
  order_id: z.string(),
  side: z.enum(SIDES),
  product: z.enum(PRODUCTS),
  quantity: count,
  price: rupees,
  at: z.string(),
});

/** https://docs.acme.example/market-data */
const none = rupees.nullable();
export const quoteSchema = z.object({
  last: rupees,
  open: none,
  high: none,
  low: none,
  close: none,
  bid: none,
  ask: none,
  volume: count.nullable(),
  open_interest: count.nullable(),
  lower_circuit: none,
  upper_circuit: none,
  at: z.string(),
});
const levelSchema = z.object({ price: rupees, quantity: count, orders: count });
export const depthSchema = z.object({
  bids: z.array(levelSchema),
  asks: z.array(levelSchema),
  total_bids: count,
  total_asks: count,
  last: rupees,
});
export const candleSchema = z.tuple([z.string(), rupees, rupees, rupees, rupees, count]);

export type HoldingRaw = z.output<typeof holdingSchema>;
export type PositionRaw = z.output<typeof positionSchema>;
export type OrderRaw = z.output<typeof orderSchema>;
export type TradeRaw = z.output<typeof tradeSchema>;
export type QuoteRaw = z.output<typeof quoteSchema>;
export type DepthRaw = z.output<typeof depthSchema>;
export type CandleRaw = z.output<typeof candleSchema>;
export type FundsRaw = z.output<typeof fundsSchema>;
