import type { Paise, Price } from "../../domain/money.ts";
import { changeInBasisPoints, PRICE_SCALE } from "../../domain/money.ts";
import { istClock, istDate } from "../../domain/market.ts";

const MINUS = "−";

/** Indian grouping: 12,34,567. Not with Intl, which takes 30 ms to load on first use. */
const grouped = (digits: string): string => digits.replace(/\d(?=(?:\d\d)+\d$)/g, "$&,");

/** The absolute value of an integer in hundredths (2 places) or ten-thousandths (4 places): 12,34,567.50. */
function decimal(amount: number, places: 2 | 4): string {
  const digits = String(Math.round(Math.abs(amount))).padStart(places + 1, "0");
  return `${grouped(digits.slice(0, -places))}.${digits.slice(-places)}`;
}

/** ₹12,34,567.50 */
export const rupees = (amount: Paise): string => `${amount < 0 ? MINUS : ""}₹${decimal(amount, 2)}`;
/** +₹927.50 or −₹927.50 */
export const signedRupees = (amount: Paise): string => `${sign(amount)}₹${decimal(amount, 2)}`;
/** +12,345.50 for table cells */
export const signedAmount = (amount: Paise): string => `${sign(amount)}${decimal(amount, 2)}`;
/** 905.10, with as many decimals as the price has */
export const priceText = (at: Price): string => `${at < 0 ? "-" : ""}${decimal(at, 4).replace(/0{1,2}$/, "")}`;
export const rupeePrice = (at: Price): string => `₹${priceText(at)}`;
/** A fill's price, which a broker's book may not show yet. */
export const atPrice = (at: Price): string => (at > 0 ? ` at ${rupeePrice(at)}` : ", price not told yet");
/** A strike without grouping or trailing zeros: 26000, 812.5 */
export const strikeText = (strike: Price): string => String(strike / PRICE_SCALE);
export const quantity = (qty: number): string => `${qty < 0 ? MINUS : ""}${grouped(String(Math.round(Math.abs(qty))))}`;

/** 125 (basis points) as +1.25% */
export const percent = (basisPoints: number): string => `${sign(basisPoints)}${decimal(basisPoints, 2)}%`;

export function changePercent(now: number, base: number): string {
  const basisPoints = changeInBasisPoints(now, base);
  return basisPoints === null ? "" : percent(basisPoints);
}

/** A coloured dot beside a signed amount; the sign tells the same to those who cannot see colours. */
export const mark = (amount: number): string => (amount > 0 ? "🟢" : amount < 0 ? "🔴" : "⚪");

const sign = (value: number): string => (value > 0 ? "+" : value < 0 ? MINUS : "");

/** 10:42:07 IST, with the date in front unless it is today. */
export function timeText(at: number, now: number): string {
  const clock = `${istClock(at)} IST`;
  return istDate(at) === istDate(now) ? clock : `${dateText(istDate(at))} ${clock}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** 2026-11-24 as "24 Nov 2026" */
export function dateText(date: string): string {
  const [year, month, day] = date.split("-");
  return `${Number(day)} ${MONTHS[Number(month) - 1]} ${year}`;
}
