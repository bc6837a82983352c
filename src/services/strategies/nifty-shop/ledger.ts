import type { InstrumentKey } from "../../../domain/ids.ts";
import type { Paise, Price } from "../../../domain/money.ts";
import { averagePrice, paise, valueOf, ZERO_PAISE } from "../../../domain/money.ts";
import type { LegKind } from "./rules.ts";

/** What one leg has actually bought or sold. */
export interface Fill {
  readonly kind: LegKind;
  readonly key: InstrumentKey;
  readonly qty: number;
  readonly price: Price;
  /** YYYY-MM-DD of the order. */
  readonly date: string;
  /** An after-market order: filled on `date` if it was placed before the opening, else on the next trading day. */
  readonly isAmo?: boolean;
}

/** A share that the strategy itself has bought. The user's other holdings of it do not count. */
export interface HeldShare {
  readonly key: InstrumentKey;
  readonly qty: number;
  readonly cost: Paise;
  readonly lastBuyPrice: Price;
  /** YYYY-MM-DD of the last buy's order. */
  readonly lastBoughtOn: string;
  /** The last buy was an after-market order: filled on `lastBoughtOn` or on the next trading day. */
  readonly isLastBuyAmo: boolean;
}

export const averageCost = ({ cost, qty }: HeldShare): Price => averagePrice(cost, qty);

/** The holding after a fill. A sale reduces the cost at the average price; undefined when nothing is left. */
export function afterFill(held: HeldShare | undefined, fill: Fill): HeldShare | undefined {
  const { kind, key, qty, price, date, isAmo = false } = fill;
  if (qty <= 0) return held;
  if (kind !== "sell") {
    const cost = paise((held?.cost ?? ZERO_PAISE) + valueOf(price, qty));
    return { key, qty: (held?.qty ?? 0) + qty, cost, lastBuyPrice: price, lastBoughtOn: date, isLastBuyAmo: isAmo };
  }
  if (!held || qty >= held.qty) return undefined;
  const left = held.qty - qty;
  return { ...held, qty: left, cost: valueOf(averageCost(held), left) };
}

/** Reduces a holding to what the account has. The oldest shares are sold first, so the newest buys' cost stays. */
export function reducedTo<T extends HeldShare>(held: T, qty: number, fills: readonly Fill[]): T {
  if (qty >= held.qty) return held;
  let [left, cost] = [qty, 0];
  for (const fill of fills.toReversed()) {
    if (fill.key !== held.key || fill.kind === "sell") continue;
    const taken = Math.min(left, fill.qty);
    left -= taken;
    cost += valueOf(fill.price, taken);
  }
  return { ...held, qty, cost: paise(cost) };
}

/** Holdings after the fills, given oldest first. */
export function heldAfter(fills: Iterable<Fill>): Map<InstrumentKey, HeldShare> {
  const held = new Map<InstrumentKey, HeldShare>();
  for (const fill of fills) {
    const next = afterFill(held.get(fill.key), fill);
    if (next) held.set(fill.key, next);
    else held.delete(fill.key);
  }
  return held;
}
