import { PRICE_SCALE, type Price } from "../../src/domain/money.ts";

/** How many of a position's price units make a rupee. Documented as rupees, but other clients divide by 100. */
export type Scale = 1 | 100;
export const AS_DOCUMENTED: Scale = 1;

/** A price of a position, and the instrument's last price. */
export interface Evidence {
  readonly price: number;
  readonly ltp: Price;
  /** Whether the instrument's price cannot change tenfold while held. An option's can. */
  readonly isSteady: boolean;
}

/**
 * The unit that brings prices near the last ones. A reply has one unit, so steady instruments decide for all. Without
 * any, options decide only if all of them point to the documented unit. Null when undecided.
 */
export function scaleOf(evidence: readonly Evidence[]): Scale | null {
  const steady = new Set(evidence.filter(({ isSteady }) => isSteady).map(scaleNear));
  if (steady.size > 1) throw new RangeError("prices of positions in two units");
  const [known] = steady;
  if (known !== undefined) return known;
  return evidence.every((each) => scaleNear(each) === AS_DOCUMENTED) ? AS_DOCUMENTED : null;
}

/** The threshold 10 is the geometric mean of the factors 1 and 100. */
const scaleNear = ({ price, ltp }: Pick<Evidence, "price" | "ltp">): Scale =>
  price * PRICE_SCALE > ltp * 10 ? 100 : 1;

/** The unit in which a price that was paid today lies between the day's low and high. Null unless just one fits. */
export function scaleWithin(price: number, low: Price, high: Price): Scale | null {
  const fits = (scale: Scale): boolean => {
    const units = (price * PRICE_SCALE) / scale;
    // With a margin, because averages are rounded.
    return units > low * 0.999 && units < high * 1.001;
  };
  const [scale, other] = ([1, 100] as const).filter(fits);
  return other === undefined ? (scale ?? null) : null;
}
