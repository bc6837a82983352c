import { z } from "zod";
import type { BrokerOrderId, InstrumentKey, TradingSymbol } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { OPTION_TYPES } from "../../../src/domain/instrument.ts";
import type { Paise, Price } from "../../../src/domain/money.ts";
import { ORDER_STATUSES, PRODUCTS, SIDES, VALIDITIES } from "../../../src/domain/order.ts";
import type { Quote } from "../../../src/domain/portfolio.ts";
import type { AccountState, BookOrder, HoldingRow, PositionRow, World } from "./book.ts";
import { isLive, rowName } from "./book.ts";
import type { Progress } from "./rollover.ts";
import { heldKeys } from "./rollover.ts";
import type { ExchangeSnapshot } from "./types.ts";

const integer = z.number().int();
const moneySchema = integer.transform((value) => value as Paise);
const priceSchema = integer.transform((value) => value as Price);
const keySchema = z.string().transform((value) => value as InstrumentKey);
const symbolSchema = z.string().transform((value) => value as TradingSymbol);
const orderIdSchema = z.string().transform((value) => value as BrokerOrderId);
const productSchema = z.enum(PRODUCTS);
const sideSchema = z.enum(SIDES);

const protectionSchema = z.object({ basisPoints: integer, limit: priceSchema });
const termsSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("MARKET"), protection: protectionSchema }),
  z.object({ type: z.literal("LIMIT"), price: priceSchema }),
  z.object({ type: z.literal("SL"), price: priceSchema, triggerPrice: priceSchema }),
  z.object({ type: z.literal("SL-M"), triggerPrice: priceSchema, protection: protectionSchema }),
]);

const orderSchema: z.ZodType<BookOrder> = z.object({
  orderId: orderIdSchema,
  sequence: integer,
  accountId: z.string(),
  tag: z.string().nullable(),
  key: keySchema,
  symbol: symbolSchema,
  side: sideSchema,
  productType: productSchema,
  validity: z.enum(VALIDITIES),
  isAmo: z.boolean(),
  placedAt: integer,
  qty: integer,
  terms: termsSchema,
  status: z.enum(ORDER_STATUSES),
  message: z.string().nullable(),
  filledQty: integer,
  filledValue: moneySchema,
  charges: moneySchema,
  reserve: moneySchema,
  reserveQty: integer,
  arrivesAt: integer.nullable(),
  isTriggered: z.boolean(),
  takesAt: integer,
  seenUntil: integer,
});

const tradeSchema = z.object({
  tradeId: z.string(),
  orderId: orderIdSchema,
  symbol: symbolSchema,
  key: keySchema,
  side: sideSchema,
  productType: productSchema,
  qty: integer,
  price: priceSchema,
  at: integer,
});

const positionSchema: z.ZodType<PositionRow> = z.object({
  key: keySchema,
  product: productSchema,
  qty: integer,
  cost: moneySchema,
  realised: moneySchema,
  dayCost: moneySchema,
  dayRealised: moneySchema,
  buyQty: integer,
  buyValue: moneySchema,
  sellQty: integer,
  sellValue: moneySchema,
});

const holdingSchema: z.ZodType<HoldingRow> = z.object({
  key: keySchema,
  product: z.enum(["CNC", "MTF"]),
  settledQty: integer,
  t1: z.array(z.object({ qty: integer, settlesOn: z.string() })),
  cost: moneySchema,
});

const listed = {
  key: keySchema,
  symbol: symbolSchema,
  segment: z.enum(["NFO", "BFO"]),
  name: z.string(),
  lotSize: integer,
  tickSize: priceSchema,
  freezeQty: integer,
  underlying: z.string(),
  expiry: z.string(),
};
/** Contracts in use are saved, because only shares and indices are listed forever. */
const contractSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("future"), ...listed }),
  z.object({ kind: z.literal("option"), ...listed, strike: priceSchema, optionType: z.enum(OPTION_TYPES) }),
]);

const priceOrNull = priceSchema.nullable();
const numberOrNull = z.number().nullable();
const quoteSchema: z.ZodType<Quote> = z.object({
  key: keySchema,
  symbol: symbolSchema,
  ltp: priceSchema,
  open: priceOrNull,
  high: priceOrNull,
  low: priceOrNull,
  prevClose: priceOrNull,
  bid: priceOrNull,
  ask: priceOrNull,
  volume: numberOrNull,
  openInterest: numberOrNull,
  lowerCircuit: priceOrNull,
  upperCircuit: priceOrNull,
  at: numberOrNull,
  source: z.enum(["broker", "yfinance"]),
});

const VERSION = 1;
const snapshotSchema = z.object({
  version: z.literal(VERSION),
  progress: z.object({ playedUntil: integer, turnedAt: integer }),
  counters: z.object({ order: integer, trade: integer }),
  contracts: z.array(contractSchema),
  prices: z.array(quoteSchema).default([]),
  accounts: z.array(
    z.object({
      id: z.string(),
      cash: moneySchema,
      charges: moneySchema,
      orders: z.array(orderSchema),
      trades: z.array(tradeSchema),
      positions: z.array(positionSchema),
      holdings: z.array(holdingSchema),
    }),
  ),
});

export function takeSnapshot(world: World, progress: Progress, prices: readonly Quote[]): ExchangeSnapshot {
  const contracts = [...heldKeys(world)].flatMap((key) => {
    const instrument = world.universe.find(key);
    return instrument && (instrument.kind === "future" || instrument.kind === "option") ? [instrument] : [];
  });
  const accounts = [...world.accounts.values()].map((account) => ({
    ...account,
    orders: [...account.orders.values()],
    positions: [...account.positions.values()],
    holdings: [...account.holdings.values()],
  }));
  // A copy, because the records are mutable.
  return structuredClone({ version: VERSION, progress, counters: world.counters, contracts, prices, accounts });
}

export interface Restored {
  readonly progress: Progress;
  readonly counters: World["counters"];
  readonly contracts: readonly Instrument[];
  /** The last real prices of instruments in use. */
  readonly prices: readonly Quote[];
  readonly accounts: readonly AccountState[];
}

/** Throws if it is not a valid snapshot: no exchange is better than one that has lost accounts. */
export function readSnapshot(snapshot: ExchangeSnapshot): Restored {
  const { progress, counters, contracts, prices, accounts } = snapshotSchema.parse(snapshot);
  return { progress, counters, contracts, prices, accounts: accounts.map(restoreAccount) };
}

type AccountRecord = z.infer<typeof snapshotSchema>["accounts"][number];

function restoreAccount({ orders, positions, holdings, ...rest }: AccountRecord): AccountState {
  return {
    ...rest,
    orders: new Map(orders.map((order) => [order.orderId, order])),
    positions: new Map(positions.map((row) => [rowName(row.key, row.product), row])),
    holdings: new Map(holdings.map((row) => [rowName(row.key, row.product), row])),
  };
}

export function liveOrders(accounts: readonly AccountState[]): BookOrder[] {
  return accounts
    .flatMap((account) => [...account.orders.values()].filter(isLive))
    .toSorted((a, b) => a.sequence - b.sequence);
}
