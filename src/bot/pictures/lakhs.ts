import { decimalsOf } from "../../lib/chart/frame.ts";

/** Rupees for an axis whose labels are `step` apart: ₹12.50 L, ₹1.20 Cr, ₹9,500. */
export function lakhs(rupees: number, step: number): string {
  const size = Math.abs(rupees);
  const inUnits = (unit: number): string => `₹${(rupees / unit).toFixed(decimalsOf(step / unit, 2))}`;
  if (size >= 10_000_000) return `${inUnits(10_000_000)} Cr`;
  if (size >= 100_000) return `${inUnits(100_000)} L`;
  return `₹${Math.round(rupees).toLocaleString("en-IN")}`;
}
