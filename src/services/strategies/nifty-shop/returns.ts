import type { Paise } from "../../../domain/money.ts";

export interface EquityPoint {
  readonly date: string;
  readonly equity: Paise;
}

/** Money invested (negative) or returned (positive) on a date. */
export interface Flow {
  readonly date: string;
  readonly amount: Paise;
}

const DAYS_PER_YEAR = 365;
const daysBetween = (from: string, to: string): number =>
  (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000;

/** Compound annual growth rate; null for less than a day or without a starting value. */
export function cagr(from: Paise, to: Paise, fromDate: string, toDate: string): number | null {
  const days = daysBetween(fromDate, toDate);
  if (days <= 0 || from <= 0 || to < 0) return null;
  return (to / from) ** (DAYS_PER_YEAR / days) - 1;
}

/** The deepest fall from a peak to a later low, as a fraction of the peak. */
export function maxDrawdown(curve: readonly EquityPoint[]): number {
  let deepest = 0;
  let peak = 0;
  for (const { equity } of curve) {
    peak = Math.max(peak, equity);
    if (peak > 0) deepest = Math.max(deepest, 1 - equity / peak);
  }
  return deepest;
}

/** Yearly rate at which the net present value of the flows is 0, by bisection; null when there is none. */
export function xirr(flows: readonly Flow[]): number | null {
  const [first] = flows;
  if (!first || !flows.some(({ amount }) => amount > 0) || !flows.some(({ amount }) => amount < 0)) return null;
  const years = flows.map(({ date }) => daysBetween(first.date, date) / DAYS_PER_YEAR);
  const worth = (rate: number): number =>
    flows.reduce((sum, { amount }, at) => sum + amount / (1 + rate) ** (years[at] ?? 0), 0);
  let [low, high] = [-0.9999, 10];
  if (worth(low) * worth(high) > 0) return null;
  for (let step = 0; step < 200; step += 1) {
    const middle = (low + high) / 2;
    if (worth(low) * worth(middle) <= 0) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}
