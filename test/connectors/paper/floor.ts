import { createExchange } from "../../../connectors/paper/exchange/exchange.ts";
import type { ExchangeOptions } from "../../../connectors/paper/exchange/exchange.ts";
import type { Exchange, ExchangeAccount, ExchangeOrder } from "../../../connectors/paper/exchange/types.ts";
import type { BrokerOrderId } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { paiseFromRupees, price, roundToTick } from "../../../src/domain/money.ts";
import type { Price } from "../../../src/domain/money.ts";
import type { Order, OrderTerms, Product, Side } from "../../../src/domain/order.ts";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A simulated exchange whose clock the test sets. */
export interface Floor {
  readonly exchange: Exchange;
  now: number;
}

export function openFloor(at: string, options: Partial<Omit<ExchangeOptions, "now">> = {}): Floor {
  const clock = { now: Date.parse(`${at}+05:30`) };
  const exchange = createExchange({ seed: 7, ...options, now: () => clock.now });
  return Object.assign(clock, { exchange });
}

export function listed(exchange: Exchange, symbol: string): Instrument {
  const found = exchange.instruments.find((instrument) => instrument.symbol === symbol);
  if (!found) throw new Error(`not listed: ${symbol}`);
  return found;
}

export const richAccount = (exchange: Exchange, id = "A1"): ExchangeAccount =>
  exchange.account(id, { cash: paiseFromRupees(10_000_000) });

interface OrderOptions {
  readonly productType?: Product;
  readonly validity?: "DAY" | "IOC";
  readonly isAmo?: boolean;
  readonly tag?: string;
}

export function order(
  instrument: Instrument,
  side: Side,
  qty: number,
  terms: OrderTerms,
  { productType = "CNC", validity = "DAY", isAmo = false, tag }: OrderOptions = {},
): ExchangeOrder {
  return { tag: tag ?? null, key: instrument.key, side, productType, validity, qty, isAmo, terms };
}

export const limit = (at: Price): OrderTerms => ({ type: "LIMIT", price: at });

/** Terms of a market order that may fill up to 2 % from the last price. */
export function market(exchange: Exchange, instrument: Instrument, side: Side): OrderTerms {
  const { ltp } = exchange.quote(instrument.key);
  return {
    type: "MARKET",
    protection: { basisPoints: 200, limit: plusPercent(instrument, ltp, side === "BUY" ? 2 : -2) },
  };
}

/** `from` plus `percent`, rounded to a tick. */
export const plusPercent = (instrument: Instrument, from: Price, percent: number): Price =>
  roundToTick(price(Math.round(from * (1 + percent / 100))), instrument.tickSize, "nearest");

export function accepted(account: ExchangeAccount, asked: ExchangeOrder): BrokerOrderId {
  const reply = account.place(asked);
  if (reply.kind === "refused") throw new Error(`refused: ${reply.code} ${reply.message}`);
  return reply.orderId;
}

export function placed(account: ExchangeAccount, asked: ExchangeOrder): Order {
  return inBook(account, accepted(account, asked));
}

export function inBook(account: ExchangeAccount, orderId: BrokerOrderId): Order {
  const found = account.order(orderId);
  if (!found) throw new Error(`not in the book: ${orderId}`);
  return found;
}
