import type { Paise } from "../../../domain/money.ts";

/** Ratios, not money: 0.1996 is 19.96 %. */
export interface Drawdown {
  readonly depth: number;
  readonly from: string;
  readonly to: string;
}

export interface EquityPoint {
  readonly date: string;
  readonly equity: Paise;
}

/** Money that left the pocket (negative) or came back, on a date. */
export interface Flow {
  readonly date: string;
  readonly amount: Paise;
}

const DAYS_PER_YEAR = 365;
const daysBetween = (from: string, to: string): number =>
  (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000;

/** Yearly growth from one value to another; null over less than a day or from nothing. */
export function cagr(from: Paise, to: Paise, fromDate: string, toDate: string): number | null {
  const days = daysBetween(fromDate, toDate);
  if (days <= 0 || from <= 0 || to < 0) return null;
  return (to / from) ** (DAYS_PER_YEAR / days) - 1;
}

/** The deepest fall from a peak to a later low. */
export function maxDrawdown(curve: readonly EquityPoint[]): Drawdown {
  let worst: Drawdown = { depth: 0, from: curve[0]?.date ?? "", to: curve[0]?.date ?? "" };
  let peak = curve[0];
  for (const point of curve) {
    if (!peak || point.equity > peak.equity) peak = point;
    const depth = peak.equity <= 0 ? 0 : 1 - point.equity / peak.equity;
    if (depth > worst.depth) worst = { depth, from: peak.date, to: point.date };
  }
  return worst;
}

/** Yearly rate at which the flows come to nothing, by bisection; null when there is no such rate. */
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
