import { z } from "zod";
import { eachRow } from "../../src/lib/rows.ts";
import { ORDER_ID } from "../base.ts";

// Replies of SmartAPI (https://smartapi.angelone.in/docs), which documents numbers as JSON numbers or as strings.

const AMOUNT = /^\s*([+-]\s*)?\d[\d,]*(\.\d*)?\s*$/;
const isAmount = (value: string): boolean => AMOUNT.test(value);

/** Rupees, as a number or a string ("- 22166.00", with a blank after the minus). */
const amount = z.union([z.number(), z.string().refine(isAmount, "expected an amount")]);
/** An amount that is missing, empty or null in older replies. */
const maybeAmount = z
  .union([amount, z.literal("").transform(() => null), z.null()])
  .optional()
  .transform((value) => value ?? null);
/** A quantity: "10" or 10. */
const count = z.preprocess(
  (value) => (typeof value === "string" && isAmount(value) ? Number(value.replaceAll(/[\s,]/g, "")) : value),
  z.int(),
);
const maybeCount = z
  .union([count, z.null()])
  .optional()
  .transform((value) => value ?? 0);
const maybeText = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
/** Exchange tokens: strings in the documentation, numbers in some replies. */
const token = z.union([z.string(), z.number()]).transform(String);

const exchangeSchema = z.enum(["NSE", "BSE", "NFO", "BFO", "MCX", "CDS", "NCO", "NCDEX"]);
const sideSchema = z.enum(["BUY", "SELL"]);
const productSchema = z.enum(["DELIVERY", "CARRYFORWARD", "MARGIN", "INTRADAY", "BO"]);
const orderTypeSchema = z.enum(["MARKET", "LIMIT", "STOPLOSS_LIMIT", "STOPLOSS_MARKET"]);

/** All known statuses, trimmed and in lower case. A row with an unknown one is reported as unread. */
const statusSchema = z
  .string()
  .trim()
  .toLowerCase()
  .pipe(
    z.enum([
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
      "amo submitted",
      "cancelled after market order",
    ]),
  );

/** `{"status":…,"errorcode":…}` from the business side, `{"success":…,"errorCode":…}` from the gateway. */
export const envelopeSchema = z
  .looseObject({
    status: z.boolean().optional(),
    success: z.boolean().optional(),
    message: maybeText,
    errorcode: maybeText,
    errorCode: maybeText,
    data: z.unknown().optional(),
  })
  .refine((body) => body.status !== undefined || body.success !== undefined, "expected status or success");
export type EnvelopeRaw = z.output<typeof envelopeSchema>;

/** GET user/v1/getProfile */
export const profileSchema = z.object({ clientcode: z.string().min(1), name: maybeText });
export type ProfileRaw = z.output<typeof profileSchema>;

/** POST placeOrder, modifyOrder, cancelOrder */
export const orderAckSchema = z.object({ orderid: z.string().trim().regex(ORDER_ID), uniqueorderid: maybeText });
export type OrderAckRaw = z.output<typeof orderAckSchema>;

/** One row of GET order/v1/getOrderBook, and the data of GET order/v1/details/{uniqueorderid}. */
export const orderSchema = z.object({
  variety: z.string().min(1),
  ordertype: orderTypeSchema,
  producttype: productSchema,
  duration: z.string(),
  price: amount,
  triggerprice: amount,
  quantity: count,
  tradingsymbol: z.string().min(1),
  transactiontype: sideSchema,
  exchange: exchangeSchema,
  symboltoken: token,
  ordertag: maybeText,
  averageprice: amount,
  filledshares: count,
  orderid: z.string().min(1),
  text: maybeText,
  status: statusSchema,
  updatetime: maybeText,
  exchtime: maybeText,
  uniqueorderid: maybeText,
  exchangeorderid: maybeText,
});
export type OrderRaw = z.output<typeof orderSchema>;
/** An empty list is null or `[]`. */
export const orNone = <T>(list: z.ZodType<T[]>) => list.nullable().transform((rows) => rows ?? []);
export const orderBookSchema = orNone(eachRow(orderSchema));

/** GET order/v1/getTradeBook */
const tradeSchema = z.object({
  exchange: exchangeSchema,
  producttype: productSchema,
  tradingsymbol: z.string().min(1),
  transactiontype: sideSchema,
  fillprice: amount,
  fillsize: count,
  orderid: z.string().min(1),
  fillid: z.string().min(1),
  filltime: maybeText,
});
export type TradeRaw = z.output<typeof tradeSchema>;
export const tradesSchema = orNone(eachRow(tradeSchema));

/** GET order/v1/getPosition: `pnl`, `realised`, `unrealised`, `ltp` and `close` only in newer replies. */
const positionSchema = z.object({
  exchange: exchangeSchema,
  symboltoken: token,
  producttype: productSchema,
  tradingsymbol: z.string().min(1),
  multiplier: count,
  buyqty: count,
  sellqty: count,
  buyamount: amount,
  sellamount: amount,
  cfbuyqty: count,
  cfsellqty: count,
  netqty: count,
  totalbuyvalue: amount,
  totalsellvalue: amount,
  totalbuyavgprice: amount,
  totalsellavgprice: amount,
  pnl: maybeAmount,
  realised: maybeAmount,
  unrealised: maybeAmount,
  ltp: maybeAmount,
  close: maybeAmount,
});
export type PositionRaw = z.output<typeof positionSchema>;
export const positionsSchema = orNone(eachRow(positionSchema));

const holdingSchema = z.object({
  tradingsymbol: z.string().min(1),
  exchange: exchangeSchema,
  isin: maybeText,
  t1quantity: maybeCount,
  realisedquantity: count,
  quantity: count,
  product: productSchema,
  collateralquantity: maybeCount,
  averageprice: amount,
  ltp: maybeAmount,
  symboltoken: token,
  close: maybeAmount,
});
export type HoldingRaw = z.output<typeof holdingSchema>;

/** GET portfolio/v1/getAllHolding. Without holdings it may be null or `[]`. */
export const holdingsSchema = z
  .union([z.object({ holdings: eachRow(holdingSchema).nullable() }), z.tuple([])])
  .nullable();

/** GET user/v1/getRMS: strings with four decimals, some null. */
export const fundsSchema = z.object({ availablecash: amount, collateral: maybeAmount, utiliseddebits: maybeAmount });
export type FundsRaw = z.output<typeof fundsSchema>;

const levelSchema = z.object({ price: amount, quantity: count, orders: count });
const fetchedSchema = z.object({
  exchange: z.string(),
  symbolToken: token,
  ltp: amount,
  open: maybeAmount,
  high: maybeAmount,
  low: maybeAmount,
  close: maybeAmount,
  exchTradeTime: maybeText,
  // Meaningless, and not always a number, on the cash segment.
  opnInterest: count.nullable().catch(null),
  lowerCircuit: maybeAmount,
  upperCircuit: maybeAmount,
  tradeVolume: maybeCount,
  totBuyQuan: maybeCount,
  totSellQuan: maybeCount,
  depth: z.object({ buy: z.array(levelSchema), sell: z.array(levelSchema) }).nullish(),
});
export type FetchedRaw = z.output<typeof fetchedSchema>;

/** POST market/v1/quote/ in FULL mode. */
export const quotesSchema = z.object({ fetched: z.array(fetchedSchema).nullish() });

/** POST historical/v1/getCandleData: [time with zone, open, high, low, close, volume] */
const candleSchema = z.tuple([z.iso.datetime({ offset: true }), amount, amount, amount, amount, count]);
export type CandleRaw = z.output<typeof candleSchema>;
export const candlesSchema = orNone(z.array(candleSchema));

/** POST margin/v1/batch */
export const marginSchema = z.object({ totalMarginRequired: amount });
/** POST brokerage/v1/estimateCharges */
export const chargesSchema = z.object({ summary: z.object({ total_charges: amount }) });

/** A postback is an order-book row plus the client code; only the id is used. */
export const postbackSchema = z.object({ orderid: z.string() });

/** One row of OpenAPIScripMaster.json: all strings; `strike` and `tick_size` in paise. */
export const masterRowSchema = z.object({
  token: z.string().regex(/^\d{1,12}$/),
  symbol: z.string().min(1),
  name: z.string(),
  expiry: z.string(),
  strike: z.string().refine(isAmount),
  lotsize: z.string().regex(/^[1-9]\d{0,6}$/),
  instrumenttype: z.string(),
  exch_seg: z.string(),
  tick_size: z.string().refine(isAmount),
});
export type MasterRowRaw = z.output<typeof masterRowSchema>;
