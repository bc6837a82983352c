declare const unit: unique symbol;
/** Price in 1/10000 rupee, an integer. The smallest tick in use is 0.0025. */
export type Price = number & { readonly [unit]: "price" };
/** Money in paise, an integer. */
export type Paise = number & { readonly [unit]: "paise" };

export const PRICE_SCALE = 10_000;
export const PAISE_PER_RUPEE = 100;
const PRICE_PER_PAISA = PRICE_SCALE / PAISE_PER_RUPEE;

function safe(value: number, what: string): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${what} is not a safe integer: ${value}`);
  return value === 0 ? 0 : value;
}

/** Rupees as a broker or a person writes them ("1,010.50", 1010.5) to a price. Throws on anything else. */
export function priceFromRupees(rupees: number | string): Price {
  return safe(Math.round(toNumber(rupees) * PRICE_SCALE), "price") as Price;
}

/** Rupees as a broker or a person writes them to paise. Throws on anything else. */
export function paiseFromRupees(rupees: number | string): Paise {
  return safe(Math.round(toNumber(rupees) * PAISE_PER_RUPEE), "money") as Paise;
}

export const price = (units: number): Price => safe(units, "price") as Price;
export const paise = (units: number): Paise => safe(units, "money") as Paise;
export const ZERO_PAISE: Paise = paise(0);
export const ZERO_PRICE: Price = price(0);

function toNumber(value: number | string): number {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new RangeError(`not an amount: ${value}`);
    return value;
  }
  // Angel One writes "- 22166.00" with a blank after the minus.
  const text = value.replaceAll(",", "").replaceAll(/\s/g, "");
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text)) throw new RangeError(`not an amount: ${JSON.stringify(value)}`);
  return Number(text);
}

/** Value of a quantity at a price, rounded half away from zero to the paisa. */
export function valueOf(unitPrice: Price, quantity: number, multiplier = 1): Paise {
  return scaled(unitPrice, quantity * multiplier, PRICE_PER_PAISA) as Paise;
}

/** Average price of a total value over a quantity. */
export function averagePrice(total: Paise, quantity: number): Price {
  if (quantity === 0) throw new RangeError("no average over a quantity of 0");
  return scaled(total, PRICE_PER_PAISA, quantity) as Price;
}

export function sumPaise(amounts: Iterable<Paise>): Paise {
  let total = 0;
  for (const amount of amounts) total += amount;
  return safe(total, "money") as Paise;
}

/** `amount × numerator / denominator`, rounded to the paisa: for rates and percentages. */
export function scalePaise(amount: Paise, numerator: number, denominator: number): Paise {
  return scaled(amount, numerator, denominator) as Paise;
}

export const subtractPaise = (a: Paise, b: Paise): Paise => safe(a - b, "money") as Paise;
export const negatePaise = (a: Paise): Paise => safe(0 - a, "money") as Paise;

/** `value × numerator / denominator`, rounded half away from zero. BigInt keeps it exact beyond the safe integers. */
function scaled(value: number, numerator: number, denominator: number): number {
  const product = value * numerator;
  if (Number.isSafeInteger(product)) {
    const quotient = Math.round(Math.abs(product) / Math.abs(denominator));
    return safe(Math.sign(product) * Math.sign(denominator) * quotient, "amount");
  }
  const exact = BigInt(value) * BigInt(numerator);
  const divisor = BigInt(denominator);
  const sign = exact < 0n === divisor < 0n ? 1n : -1n;
  const [size, by] = [exact < 0n ? -exact : exact, divisor < 0n ? -divisor : divisor];
  return safe(Number(sign * ((size + by / 2n) / by)), "amount");
}

/** Nearest multiple of the tick in the given direction. A tick of 0 means unknown: the price is returned as it is. */
export function roundToTick(exact: Price, tick: Price, direction: "down" | "nearest" | "up"): Price {
  if (tick <= 0) return exact;
  const steps = exact / tick;
  const whole = direction === "down" ? Math.floor(steps) : direction === "up" ? Math.ceil(steps) : Math.round(steps);
  return safe(whole * tick, "price") as Price;
}

export const isOnTick = (value: Price, tick: Price): boolean => tick <= 0 || value % tick === 0;

/** Signed change against a base in basis points (1/100 %), null when the base is zero. */
export function changeInBasisPoints(now: number, base: number): number | null {
  return base === 0 ? null : Math.round(((now - base) / Math.abs(base)) * 10_000);
}

/** For broker requests only: a price as a number of rupees. */
export const rupeesFromPrice = (value: Price): number => value / PRICE_SCALE;
/** For broker requests only: money as a number of rupees. */
export const rupeesFromPaise = (amount: Paise): number => amount / PAISE_PER_RUPEE;
