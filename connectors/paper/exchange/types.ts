import type { BrokerOrderId, InstrumentKey } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import type { Paise, Price } from "../../../src/domain/money.ts";
import type { Order, OrderTerms, Product, Side, Validity } from "../../../src/domain/order.ts";
import type { Candle, Depth, Funds, Holding, Interval, Position, Quote, Trade } from "../../../src/domain/portfolio.ts";

/**
 * A simulated exchange and its accounts, for the paper broker and the playground's simulated brokers. The same seed,
 * clock and orders give the same fills.
 */
export interface Exchange {
  readonly now: () => number;
  readonly instruments: readonly Instrument[];
  find(key: InstrumentKey): Instrument | undefined;
  quote(key: InstrumentKey): Quote;
  depth(key: InstrumentKey): Depth;
  candles(key: InstrumentKey, interval: Interval, from: number, to: number): Candle[];
  /** Opens the account on first use, with the given cash and holdings. */
  account(id: string, opening?: AccountOpening): ExchangeAccount;
  /** Deletes the account and all that belongs to it. */
  forget(id: string): void;
  /** Instruments with a position, a holding or a live order. Does not advance the exchange. */
  valued(): readonly Instrument[];
  /** Those of `valued` that have no real price yet. The exchange does not advance until they have one. */
  unpriced(): readonly Instrument[];
  /** Advances prices, resting orders and settlement to the clock. Every other read and order call does this too. */
  advance(): void;
  /** The whole state as plain JSON, for `ExchangeOptions.snapshot` after a restart. */
  snapshot(): ExchangeSnapshot;
}

export type ExchangeSnapshot = Readonly<Record<string, unknown>>;

export interface AccountOpening {
  readonly cash: Paise;
  readonly holdings?: readonly {
    readonly key: InstrumentKey;
    readonly qty: number;
    readonly avgPrice: Price;
    readonly t1Qty?: number;
  }[];
}

export interface ExchangeOrder {
  /** The broker's tag or correlation id. */
  readonly tag: string | null;
  readonly key: InstrumentKey;
  readonly side: Side;
  readonly productType: Product;
  readonly validity: Validity;
  readonly qty: number;
  readonly isAmo: boolean;
  readonly terms: OrderTerms;
}

/** An accepted order may still be rejected in the book a moment later, as at real brokers. */
export type ExchangeReply =
  | { readonly kind: "accepted"; readonly orderId: BrokerOrderId }
  /** Refused before it entered the book. `code` lets each simulated broker use its own words. */
  | { readonly kind: "refused"; readonly code: RefusalCode; readonly message: string };

const REFUSAL_CODES = [
  "unknown-instrument",
  "not-tradable",
  "bad-quantity",
  "bad-lot",
  "above-freeze",
  "bad-tick",
  "outside-circuit",
  "bad-trigger",
  "bad-product",
  "unknown-order",
  "order-final",
  "market-closed",
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

export interface ExchangeAccount {
  readonly id: string;
  place(order: ExchangeOrder): ExchangeReply;
  modify(orderId: BrokerOrderId, change: { readonly qty?: number; readonly terms?: OrderTerms }): ExchangeReply;
  cancel(orderId: BrokerOrderId): ExchangeReply;
  /** Today's, oldest first. */
  orders(): Order[];
  order(orderId: BrokerOrderId): Order | undefined;
  trades(): Trade[];
  positions(): Position[];
  holdings(): Holding[];
  funds(): Funds;
  /** Margin that the order would block and the charges of filling it. */
  cost(order: ExchangeOrder): { readonly margin: Paise; readonly charges: Paise };
  /** Charges of today's trades so far. */
  chargesToday(): Paise;
}
