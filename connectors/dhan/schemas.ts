import { z } from "zod";
import { eachRow } from "../../src/lib/rows.ts";

/** Replies of DhanHQ API v2 (https://dhanhq.co/docs/v2/). Rows with a word outside a closed set are unread. */
const TRADED_SEGMENTS = [
  "NSE_EQ",
  "BSE_EQ",
  "NSE_FNO",
  "BSE_FNO",
  "MCX_COMM",
  "NSE_COMM",
  "NSE_CURRENCY",
  "BSE_CURRENCY",
] as const;
export type TradedSegmentRaw = (typeof TRADED_SEGMENTS)[number];
export type ExchangeSegment = TradedSegmentRaw | "IDX_I";

const ORDER_STATUSES_RAW = [
  "TRANSIT",
  "PENDING",
  "MODIFIED",
  "CONFIRM",
  "INACTIVE",
  "TRIGGERED",
  "PART_TRADED",
  "TRADED",
  "CLOSED",
  "CANCELLED",
  "REJECTED",
  "EXPIRED",
] as const;
export type OrderStatusRaw = (typeof ORDER_STATUSES_RAW)[number];
const ORDER_TYPES_RAW = ["LIMIT", "MARKET", "STOP_LOSS", "STOP_LOSS_MARKET"] as const;
export type OrderTypeRaw = (typeof ORDER_TYPES_RAW)[number];
const PRODUCTS_RAW = ["CNC", "INTRADAY", "MARGIN", "MTF", "CO", "BO"] as const;

const id = z.union([z.string().min(1), z.int()]).transform(String);
const label = z.string().nullish();
const amount = z.number();
const quantity = z.int();

/** Instrument fields of order, trade and position rows. Cash rows have placeholders in the `drv…` fields. */
const listedFields = {
  exchangeSegment: z.enum(TRADED_SEGMENTS),
  securityId: id,
  tradingSymbol: z.string(),
  drvExpiryDate: label,
  drvOptionType: label,
  drvStrikePrice: amount.nullish(),
};
export type ListedRaw = z.output<z.ZodObject<typeof listedFields>>;
export const LISTED_BY = [
  "exchangeSegment",
  "securityId",
  "tradingSymbol",
  "drvExpiryDate",
  "drvOptionType",
  "drvStrikePrice",
] as const satisfies readonly (keyof ListedRaw)[];

/** GET /orders, /orders/{order-id}, /orders/external/{correlation-id} */
const orderSchema = z.object({
  ...listedFields,
  orderId: id,
  exchangeOrderId: label,
  correlationId: label,
  orderStatus: z.enum(ORDER_STATUSES_RAW),
  transactionType: z.enum(["BUY", "SELL"]),
  productType: z.enum(PRODUCTS_RAW),
  orderType: z.enum(ORDER_TYPES_RAW),
  validity: label,
  quantity,
  disclosedQuantity: quantity.nullish(),
  price: amount.nullish(),
  triggerPrice: amount.nullish(),
  afterMarketOrder: z.boolean().nullish(),
  legName: label,
  createTime: label,
  omsErrorDescription: label,
  averageTradedPrice: amount,
  filledQty: quantity,
});
export type OrderRaw = z.output<typeof orderSchema>;
export const ordersSchema = eachRow(orderSchema);
/** Documented as an object. The live server sends an array of one, and `[]` for an unknown id. */
export const orderOrListSchema = z.preprocess((reply) => (Array.isArray(reply) ? reply : [reply]), ordersSchema);

/** POST, PUT and DELETE /orders: `{"orderId":"3426112100417","orderStatus":"TRANSIT"}` */
export const orderAckSchema = z.object({ orderId: id, orderStatus: z.enum(ORDER_STATUSES_RAW) });
export type OrderAckRaw = z.output<typeof orderAckSchema>;

/** GET /trades */
const tradeSchema = z.object({
  ...listedFields,
  orderId: id,
  exchangeTradeId: id,
  transactionType: z.enum(["BUY", "SELL"]),
  productType: z.enum(PRODUCTS_RAW),
  tradedQuantity: quantity,
  tradedPrice: amount,
  exchangeTime: label,
  createTime: label,
});
export type TradeRaw = z.output<typeof tradeSchema>;
export const tradesSchema = eachRow(tradeSchema);

/** GET /holdings */
const holdingSchema = z.object({
  exchange: z.enum(["ALL", "NSE", "BSE"]),
  tradingSymbol: z.string(),
  securityId: id,
  isin: label,
  totalQty: quantity,
  t1Qty: quantity,
  mtf_t1_qty: quantity.nullish(),
  mtf_qty: quantity.nullish(),
  availableQty: quantity,
  collateralQty: quantity,
  avgCostPrice: amount,
  lastTradedPrice: amount.nullish(),
});
export type HoldingRaw = z.output<typeof holdingSchema>;
export const holdingsSchema = eachRow(holdingSchema);

/** GET /positions */
const positionSchema = z.object({
  ...listedFields,
  positionType: z.enum(["LONG", "SHORT", "CLOSED"]),
  productType: z.enum(PRODUCTS_RAW),
  costPrice: amount,
  buyQty: quantity,
  sellQty: quantity,
  netQty: quantity,
  realizedProfit: amount,
  unrealizedProfit: amount,
  multiplier: z.int().positive(),
  carryForwardBuyQty: quantity,
  carryForwardSellQty: quantity,
  carryForwardBuyValue: amount,
  carryForwardSellValue: amount,
  dayBuyValue: amount,
  daySellValue: amount,
});
export type PositionRaw = z.output<typeof positionSchema>;
export const positionsSchema = eachRow(positionSchema);

/** GET /fundlimit. `availabelBalance` is Dhan's own spelling; the correct one is accepted too. */
export const fundsSchema = z
  .object({
    availabelBalance: amount.optional(),
    availableBalance: amount.optional(),
    utilizedAmount: amount,
    collateralAmount: amount,
  })
  .transform((row, context) => {
    const available = row.availabelBalance ?? row.availableBalance;
    if (available !== undefined)
      return { available, utilizedAmount: row.utilizedAmount, collateralAmount: row.collateralAmount };
    context.issues.push({ code: "custom", message: "required", input: row, path: ["availabelBalance"] });
    return z.NEVER;
  });
export type FundsRaw = z.output<typeof fundsSchema>;

/** GET /profile. The sandbox leaves out the optional fields. */
export const profileSchema = z.object({
  dhanClientId: id,
  /** DD/MM/YYYY HH:MM, IST */
  tokenValidity: z.string(),
  ddpi: label,
  dataPlan: label,
});
export type ProfileRaw = z.output<typeof profileSchema>;

/** POST /margincalculator */
export const marginSchema = z.object({ totalMargin: amount });

const level = z.object({ price: amount, quantity: z.number(), orders: z.number() });
/** POST /marketfeed/quote, one instrument. Index rows may lack fields that only traded instruments have. */
const quoteSchema = z.object({
  last_price: amount,
  ohlc: z.object({ open: amount, high: amount, low: amount, close: amount }),
  net_change: amount.nullish(),
  volume: z.number().nullish(),
  oi: z.number().nullish(),
  last_trade_time: label,
  lower_circuit_limit: amount.nullish(),
  upper_circuit_limit: amount.nullish(),
  buy_quantity: z.number().nullish(),
  sell_quantity: z.number().nullish(),
  depth: z.object({ buy: z.array(level), sell: z.array(level) }).nullish(),
});
export type QuoteRaw = z.output<typeof quoteSchema>;
/** `{"data":{"NSE_EQ":{"3045":{…}}},"status":"success"}`: unknown ids are absent. */
export const quotesSchema = z.object({ data: z.record(z.string(), z.record(z.string(), quoteSchema)) });

/** POST /marketfeed/ltp */
export const lastPricesSchema = z.object({
  data: z.record(z.string(), z.record(z.string(), z.object({ last_price: amount }))),
});

/** POST /charts/historical and /charts/intraday: columns of one length, times in epoch seconds (sometimes as 1.79E9). */
export const candlesSchema = z
  .object({
    open: z.array(amount),
    high: z.array(amount),
    low: z.array(amount),
    close: z.array(amount),
    volume: z.array(amount),
    timestamp: z.array(amount),
  })
  .refine(
    ({ open, high, low, close, volume, timestamp }) =>
      [open, high, low, close, volume].every((column) => column.length === timestamp.length),
    { message: "columns differ in length", path: ["timestamp"] },
  );
export type CandlesRaw = z.output<typeof candlesSchema>;

/** POST auth /app/generate-consent */
export const consentSchema = z.object({ consentAppId: z.string().min(1) });

const newToken = z.string().min(1);

/** auth /app/consumeApp-consent */
export const issuedTokenSchema = z.object({
  dhanClientId: id,
  dhanClientName: label,
  accessToken: newToken,
  /** IST without offset: `2026-11-21T09:05:40`, with or without milliseconds. */
  expiryTime: z.string(),
});
export type IssuedTokenRaw = z.output<typeof issuedTokenSchema>;

/** GET /RenewToken. Documented with a login's fields; also seen with the token as `token` and without a client id. */
export const renewedTokenSchema = issuedTokenSchema
  .partial({ dhanClientId: true, accessToken: true })
  .extend({ token: newToken.optional() })
  .transform(({ token, accessToken = token, ...row }, context) => {
    if (accessToken !== undefined) return { ...row, accessToken };
    context.issues.push({ code: "custom", message: "required", input: row, path: ["accessToken"] });
    return z.NEVER;
  });

/** The fields of a postback that are used. */
export const postbackSchema = z.object({ dhanClientId: id, orderId: id });
