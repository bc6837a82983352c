import { isDerivative } from "../../../src/domain/instrument.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istDate } from "../../../src/domain/market.ts";
import { isOnTick } from "../../../src/domain/money.ts";
import type { Price } from "../../../src/domain/money.ts";
import type { OrderTerms, Product, Side } from "../../../src/domain/order.ts";
import type { World } from "./book.ts";
import { triggerOf } from "./book.ts";
import type { ExchangeOrder, ExchangeReply, RefusalCode } from "./types.ts";

export type Refusal = Extract<ExchangeReply, { kind: "refused" }>;
export const refuse = (code: RefusalCode, message: string): Refusal => ({ kind: "refused", code, message });

/** When the order enters the book, or the refusal. */
export function arrivalOf(
  { calendar }: World,
  instrument: Instrument,
  order: ExchangeOrder,
  at: number,
  latencyMs: number,
): number | Refusal {
  const open = calendar.openHours(instrument.segment, at);
  if (!open && !order.isAmo) return refuse("market-closed", "Markets are closed right now");
  if (open && order.productType === "INTRADAY" && at >= calendar.squareOffAt(istDate(at)))
    return refuse("market-closed", "Intraday orders are not taken after the square-off");
  const arrival = open ? Math.max(at + latencyMs, open.start) : calendar.nextStart(instrument.segment, at);
  if (isDerivative(instrument) && istDate(arrival) > instrument.expiry)
    return refuse("not-tradable", `${instrument.symbol} has expired by then`);
  return arrival;
}

/** Checks an order before it enters the book; null when it passes. */
export function checkOrder(world: World, instrument: Instrument, order: ExchangeOrder, at: number): Refusal | null {
  if (instrument.kind === "index") return refuse("not-tradable", `${instrument.symbol} is an index`);
  return (
    checkProduct(instrument, order.productType) ??
    checkQuantity(instrument, order.qty) ??
    checkTerms(world, instrument, order.side, order.terms, at)
  );
}

function checkProduct(instrument: Instrument, product: Product): Refusal | null {
  const isAllowed = isDerivative(instrument)
    ? product === "INTRADAY" || product === "MARGIN"
    : product === "CNC" || product === "INTRADAY" || product === "MTF";
  return isAllowed ? null : refuse("bad-product", `${product} is not available for ${instrument.symbol}`);
}

export function checkQuantity(instrument: Instrument, qty: number): Refusal | null {
  if (!Number.isSafeInteger(qty) || qty <= 0)
    return refuse("bad-quantity", "Quantity must be a whole number above zero");
  if (qty % instrument.lotSize !== 0)
    return refuse("bad-lot", `Quantity must be a multiple of the lot size ${instrument.lotSize}`);
  if (instrument.freezeQty !== undefined && qty > instrument.freezeQty)
    return refuse("above-freeze", `Quantity is above the freeze quantity ${instrument.freezeQty}`);
  return null;
}

export function checkTerms(
  world: World,
  instrument: Instrument,
  side: Side,
  terms: OrderTerms,
  at: number,
): Refusal | null {
  const trigger = triggerOf(terms);
  const limit = terms.type === "LIMIT" || terms.type === "SL" ? terms.price : null;
  for (const price of [limit, trigger]) {
    const problem = price === null ? null : checkPrice(world, instrument, price, at);
    if (problem) return problem;
  }
  return trigger === null ? null : checkTrigger(world, instrument, side, trigger, limit, at);
}

function checkPrice(world: World, instrument: Instrument, price: Price, at: number): Refusal | null {
  if (price <= 0 || !isOnTick(price, instrument.tickSize))
    return refuse("bad-tick", `Price is not a multiple of the tick size ${instrument.tickSize / 10_000}`);
  const { lowerCircuit, upperCircuit } = world.market.quote(instrument, at);
  const isInBand = price >= (lowerCircuit ?? price) && price <= (upperCircuit ?? price);
  return isInBand ? null : refuse("outside-circuit", "Price is outside the day's circuit limits");
}

function checkTrigger(
  world: World,
  instrument: Instrument,
  side: Side,
  trigger: Price,
  limit: Price | null,
  at: number,
): Refusal | null {
  const { ltp } = world.market.touch(instrument, at);
  if (side === "BUY" ? trigger <= ltp : trigger >= ltp) {
    const word = side === "BUY" ? "above" : "below";
    return refuse("bad-trigger", `Trigger price of a stop-loss ${side.toLowerCase()} must be ${word} the last price`);
  }
  if (limit !== null && (side === "BUY" ? limit < trigger : limit > trigger))
    return refuse("bad-trigger", "The limit price must lie beyond the trigger price");
  return null;
}
