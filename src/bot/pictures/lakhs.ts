import { decimalsOf } from "../../lib/chart/frame.ts";
import { drawable } from "./drawable.ts";

/** Rupees for an axis whose labels are `step` apart: ₹12.50 L, ₹1.20 Cr, –₹9,500. */
export const lakhs = (rupees: number, step: number): string =>
  drawable(`${rupees < 0 ? "−" : ""}₹${unsigned(Math.abs(rupees), step)}`);

function unsigned(rupees: number, step: number): string {
  if (rupees >= 10_000_000) return `${inUnits(10_000_000, rupees, step)} Cr`;
  if (rupees >= 100_000) return `${inUnits(100_000, rupees, step)} L`;
  return Math.round(rupees).toLocaleString("en-IN");
}

function inUnits(unit: number, rupees: number, step: number): string {
  const places = decimalsOf(step / unit, 2);
  return (rupees / unit).toLocaleString("en-IN", { minimumFractionDigits: places, maximumFractionDigits: places });
}
