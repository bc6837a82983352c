import { PRICE_SCALE, type Price } from "../../src/domain/money.ts";

/** How many of a position's price units make a rupee: the documentation says rupees, others divide by 100. */
export type Scale = 1 | 100;
export const AS_DOCUMENTED: Scale = 1;

/** A position's price beside the instrument's last one. */
export interface Evidence {
  readonly price: number;
  readonly ltp: Price;
  /** Whether it cannot be ten times dearer than when it was bought: an option can, or ten times cheaper. */
  readonly isSteady: boolean;
}

/**
 * The unit that brings prices near the last ones. One reply has one unit, so what is steady speaks for all of it; options
 * alone speak only with one voice and for the documented one. Null where nobody can tell.
 */
export function scaleOf(evidence: readonly Evidence[]): Scale | null {
  const steady = new Set(evidence.filter(({ isSteady }) => isSteady).map(scaleNear));
  if (steady.size > 1) throw new RangeError("prices of positions in two units");
  const [known] = steady;
  if (known !== undefined) return known;
  return evidence.every((each) => scaleNear(each) === AS_DOCUMENTED) ? AS_DOCUMENTED : null;
}

/** Ten lies in the middle between one and a hundred, as factors go. */
const scaleNear = ({ price, ltp }: Pick<Evidence, "price" | "ltp">): Scale =>
  price * PRICE_SCALE > ltp * 10 ? 100 : 1;

/** A price that was made today lies between the day's ends, in its own unit. */
export function scaleWithin(price: number, low: Price, high: Price): Scale | null {
  const fits = (scale: Scale): boolean => {
    const units = (price * PRICE_SCALE) / scale;
    // Averages come rounded.
    return units > low * 0.999 && units < high * 1.001;
  };
  const [scale, other] = ([1, 100] as const).filter(fits);
  return other === undefined ? (scale ?? null) : null;
}
