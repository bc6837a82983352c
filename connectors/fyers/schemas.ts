import { z } from "zod";
import { eachRow } from "../../src/lib/rows.ts";

/** Replies of API v3, https://myapi.fyers.in/docsv3. Extra fields pass; codes that affect orders are closed sets. */
const productSchema = z.enum(["CNC", "INTRADAY", "MARGIN", "MTF", "CO", "BO"]);
const orderTypeSchema = z.literal([1, 2, 3, 4]);
const sideSchema = z.literal([1, -1]);
const statusSchema = z.literal([1, 2, 4, 5, 6, 7]);
const whenSchema = z.union([z.string(), z.number()]);
const qtySchema = z.number().int();
/** How an empty list is sent is not documented, so both `[]` and null are accepted. */
const orNone = <T>(list: z.ZodType<T[]>) => list.nullable().transform((rows) => rows ?? []);

export type OrderTypeRaw = z.infer<typeof orderTypeSchema>;
export type StatusRaw = z.infer<typeof statusSchema>;

/** Every reply. Some data replies have no `code`; all that we use have `s`. */
export const envelopeSchema = z.object({
  s: z.string(),
  code: z.number().optional(),
  message: z.string().optional(),
  /** In order replies. In a refusal it means that the order exists, as rejected. */
  id: z.string().optional(),
});

/** POST /validate-authcode and /validate-refresh-token. The refresh token is no longer always sent. */
export const tokenSchema = z.object({ access_token: z.string().min(1), refresh_token: z.string().optional() });

/** GET /profile */
export const profileSchema = z.object({
  data: z.object({ fy_id: z.string().min(1), name: z.string(), ddpi_enabled: z.boolean().nullish() }),
});
export type ProfileRaw = z.infer<typeof profileSchema>;

/** GET /funds: rows in no documented order, identified by `id`. */
export const fundsSchema = z.object({
  fund_limit: z.array(z.object({ id: z.number(), title: z.string(), equityAmount: z.number() })),
});
export type FundsRaw = z.infer<typeof fundsSchema>;

const holdingSchema = z.object({
  holdingType: z.string(),
  quantity: qtySchema,
  remainingQuantity: qtySchema,
  qty_t1: qtySchema,
  collateralQuantity: qtySchema,
  costPrice: z.number(),
  ltp: z.number(),
  pl: z.number(),
  fyToken: z.string(),
  exchange: z.number(),
  segment: z.number(),
  symbol: z.string(),
  isin: z.string().nullish(),
});
export type HoldingRaw = z.infer<typeof holdingSchema>;
/** GET /holdings. May include mutual funds, in an undocumented shape. */
export const holdingsSchema = z.object({ holdings: orNone(eachRow(holdingSchema)) });

const positionSchema = z.object({
  symbol: z.string(),
  fyToken: z.string(),
  exchange: z.number(),
  segment: z.number(),
  productType: productSchema,
  side: z.literal([1, -1, 0]),
  netQty: qtySchema,
  netAvg: z.number(),
  buyQty: qtySchema,
  buyVal: z.number(),
  sellQty: qtySchema,
  sellVal: z.number(),
  cfBuyQty: qtySchema,
  cfSellQty: qtySchema,
  dayBuyQty: qtySchema,
  daySellQty: qtySchema,
  realized_profit: z.number(),
  unrealized_profit: z.number(),
  pl: z.number(),
  ltp: z.number(),
  qtyMulti_com: z.number(),
});
export type PositionRaw = z.infer<typeof positionSchema>;
/** GET /positions */
export const positionsSchema = z.object({ netPositions: orNone(eachRow(positionSchema)) });

const orderSchema = z.object({
  id: z.string().min(1),
  exchOrdId: z.string().nullish(),
  symbol: z.string(),
  fyToken: z.string(),
  exchange: z.number(),
  segment: z.number(),
  qty: qtySchema,
  filledQty: qtySchema,
  limitPrice: z.number(),
  stopPrice: z.number(),
  tradedPrice: z.number(),
  type: orderTypeSchema,
  side: sideSchema,
  status: statusSchema,
  productType: productSchema,
  orderValidity: z.string(),
  orderDateTime: whenSchema,
  offlineOrder: z.boolean(),
  message: z.string().nullish(),
  orderTag: z.string().nullish(),
});
export type OrderRaw = z.infer<typeof orderSchema>;
/** GET /orders */
export const orderBookSchema = z.object({ orderBook: orNone(eachRow(orderSchema)) });

const tradeSchema = z.object({
  tradeNumber: z.string().min(1),
  orderNumber: z.string().min(1),
  symbol: z.string(),
  fyToken: z.string(),
  exchange: z.number(),
  segment: z.number(),
  side: sideSchema,
  productType: productSchema,
  tradedQty: qtySchema,
  tradePrice: z.number(),
  orderDateTime: whenSchema,
});
export type TradeRaw = z.infer<typeof tradeSchema>;
/** GET /tradebook */
export const tradeBookSchema = z.object({ tradeBook: orNone(eachRow(tradeSchema)) });

/** POST /multiorder/margin */
export const marginSchema = z.object({ data: z.object({ margin_new_order: z.number() }) });

/** `tt` is not used: it is the day, not the time of the trade. Indices may lack bid, ask and volume. */
const quoteSchema = z.object({
  lp: z.number(),
  open_price: z.number(),
  high_price: z.number(),
  low_price: z.number(),
  prev_close_price: z.number(),
  bid: z.number().optional(),
  ask: z.number().optional(),
  volume: z.number().optional(),
});
export type QuoteRaw = z.infer<typeof quoteSchema>;
/** GET /data/quotes: each symbol has its own `s`; `error` means that Fyers does not know it. */
export const quotesSchema = z.object({
  d: z.array(
    z.union([
      z.object({ n: z.string(), s: z.literal("ok"), v: quoteSchema }),
      z.object({ n: z.string(), s: z.literal("error") }),
    ]),
  ),
});

const levelSchema = z.object({ price: z.number(), volume: z.number(), ord: z.number() });
const depthEntrySchema = z.object({
  totalbuyqty: z.number(),
  totalsellqty: z.number(),
  bids: z.array(levelSchema),
  /** Singular at Fyers. */
  ask: z.array(levelSchema),
  o: z.number(),
  h: z.number(),
  l: z.number(),
  /** Previous close. */
  c: z.number(),
  ltp: z.number(),
  /** Epoch seconds. */
  ltt: z.number(),
  v: z.number(),
  lower_ckt: z.number(),
  upper_ckt: z.number(),
  oi: z.number(),
});
export type DepthRaw = z.infer<typeof depthEntrySchema>;
/** GET /data/depth, one symbol a call. */
export const depthSchema = z.object({ d: z.record(z.string(), depthEntrySchema) });

/** GET /data/history: epoch seconds, open, high, low, close, volume[, open interest]. */
const candleSchema = z
  .tuple([z.number().int(), z.number(), z.number(), z.number(), z.number(), z.number()])
  .rest(z.number());
export type CandleRaw = z.infer<typeof candleSchema>;
export const historySchema = z.object({ candles: z.array(candleSchema) });

/** The dashboard's webhook sends an order book row; only the id is used. */
export const postbackSchema = z.object({ id: z.string() });
