import { priceFromRupees, type Price } from "../src/domain/money.ts";
import type { DepthLevel } from "../src/domain/portfolio.ts";

/** Null for a price that the broker leaves out or gives as 0. */
export function priceOrNull(rupees: number | string | null | undefined): Price | null {
  const at = priceFromRupees(rupees ?? 0);
  return at > 0 ? at : null;
}

interface LevelRaw {
  readonly price: number | string;
  readonly quantity: number;
  readonly orders?: number;
}
const MOST_LEVELS = 5;

/** One side of the depth, best price first. Brokers pad it with zeros; some do not give the number of orders. */
export const levelsOf = (side: readonly LevelRaw[] | null | undefined): DepthLevel[] =>
  (side ?? [])
    .filter(({ price, quantity }) => Number(price) > 0 && quantity > 0)
    .slice(0, MOST_LEVELS)
    .map(({ price, quantity, orders = null }) => ({ price: priceFromRupees(price), quantity, orders }));
