import type { BrokerOrderId, InstrumentKey } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import type { Paise, Price } from "../../../src/domain/money.ts";
import type { Order, OrderTerms, Product, Side, Validity } from "../../../src/domain/order.ts";
import type { Candle, Depth, Funds, Holding, Interval, Position, Quote, Trade } from "../../../src/domain/portfolio.ts";

/**
 * One simulated exchange with its members' books, for the paper broker and for the playground's simulated brokers.
 * Prices walk by a seed; the same seed, clock and orders give the same fills.
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
  /** Closes the account, and with it everything that was known of it. */
  forget(id: string): void;
  /** What is held or waited for. Does not move the book. */
  valued(): readonly Instrument[];
  /** What of it has no real price: until it has one, the book stands still. Does not move it either. */
  unpriced(): readonly Instrument[];
  /** Brings prices, resting orders and settlement up to the clock. Every read and order does it by itself. */
  advance(): void;
  /** Everything that a restart needs, as plain JSON; `restore` is the way back. */
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
  /** Whatever the broker's dialect carries as tag or correlation id. */
  readonly tag: string | null;
  readonly key: InstrumentKey;
  readonly side: Side;
  readonly productType: Product;
  readonly validity: Validity;
  readonly qty: number;
  readonly isAmo: boolean;
  readonly terms: OrderTerms;
}

/** `accepted` means in the book: it may still be rejected there a moment later, as at real brokers. */
export type ExchangeReply =
  | { readonly kind: "accepted"; readonly orderId: BrokerOrderId }
  /** Refused before the book. `code` lets a dialect choose its own words. */
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
