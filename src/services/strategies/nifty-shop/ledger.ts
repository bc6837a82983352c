import type { InstrumentKey } from "../../../domain/ids.ts";
import type { Paise, Price } from "../../../domain/money.ts";
import { averagePrice, paise, valueOf, ZERO_PAISE } from "../../../domain/money.ts";
import type { LegKind } from "./rules.ts";

/** What one leg has really bought or sold. */
export interface Fill {
  readonly kind: LegKind;
  readonly key: InstrumentKey;
  readonly qty: number;
  readonly price: Price;
  /** YYYY-MM-DD */
  readonly date: string;
}

/** A share that the strategy itself has bought: what the user holds besides is none of its business. */
export interface HeldShare {
  readonly key: InstrumentKey;
  readonly qty: number;
  readonly cost: Paise;
  readonly lastBuyPrice: Price;
  /** YYYY-MM-DD */
  readonly lastBoughtOn: string;
}

export const averageCost = ({ cost, qty }: HeldShare): Price => averagePrice(cost, qty);

/** The holding after a fill. A sale takes cost out at the average; more than is held cannot be sold. */
export function afterFill(held: HeldShare | undefined, { kind, key, qty, price, date }: Fill): HeldShare | undefined {
  if (qty <= 0) return held;
  if (kind !== "sell") {
    const cost = paise((held?.cost ?? ZERO_PAISE) + valueOf(price, qty));
    return { key, qty: (held?.qty ?? 0) + qty, cost, lastBuyPrice: price, lastBoughtOn: date };
  }
  if (!held || qty >= held.qty) return undefined;
  const left = held.qty - qty;
  return { ...held, qty: left, cost: valueOf(averageCost(held), left) };
}

/** What is held after fills in their order. */
export function heldAfter(fills: Iterable<Fill>): Map<InstrumentKey, HeldShare> {
  const held = new Map<InstrumentKey, HeldShare>();
  for (const fill of fills) {
    const next = afterFill(held.get(fill.key), fill);
    if (next) held.set(fill.key, next);
    else held.delete(fill.key);
  }
  return held;
}
