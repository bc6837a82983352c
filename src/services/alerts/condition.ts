import { changeInBasisPoints, paiseFromRupees, priceFromRupees, type Paise, type Price } from "../../domain/money.ts";
import { hasQuantity, isGrouped, markRupees, parseOrderText } from "../../domain/order-text.ts";
import type { Quote } from "../../domain/portfolio.ts";

/** When an alert fires. */
export type PriceCondition =
  | { readonly kind: "above"; readonly price: Price }
  | { readonly kind: "below"; readonly price: Price }
  /** Change since the last close, signed, in 1/100 percent: −100 fires at 1 % down or lower. */
  | { readonly kind: "change"; readonly basisPoints: number };
export type PnlCondition = { readonly kind: "pnl-above" | "pnl-below"; readonly amount: Paise };
export type Condition = PriceCondition | PnlCondition;
/** A price without a direction, `SBIN 1100`: whether that is above or below, only the price now tells. */
export interface Level {
  readonly kind: "level";
  readonly price: Price;
}

/** What the user types after "buy" or "sell" in an alert: `10 @ 850 mis`. */
export interface AlertOrder {
  readonly side: "BUY" | "SELL";
  readonly words: string;
}

export interface AlertWords {
  /** Null for an alert on today's P&L over all accounts. */
  readonly symbolText: string | null;
  readonly condition: Condition | Level;
  readonly order: AlertOrder | null;
}

const SIDED = /^(.+?)\s*(>=?|<=?|\babove\b|\bbelow\b)\s*([+\-−]?(?:\d,?){1,11}(?:\.\d{1,4})?)$/i;
const LEVEL = /^([^<>]+?)\s+(?:(?:@|=|at|hits|reaches|crosses)\s*)?((?:\d,?){1,11}(?:\.\d{1,4})?)$/i;
const CHANGE = /^(.+?)\s+(\+|−|-|up\b|down\b)\s*(\d{1,2}(?:\.\d{1,2})?)\s*%$/i;
const ORDER = /^(.+?)\s+(buy|sell)\s+(.+)$/i;
const MAX_LENGTH = 100;

/** `SBIN > 850`, `SBIN 850`, `NIFTY50 -1%`, `pnl < -5000`, `SBIN < 780 buy 10`; null when it is none of these. */
export function parseAlert(text: string): AlertWords | null {
  const whole = markRupees(text).trim().replace(/\.+$/, "");
  if (whole.length > MAX_LENGTH) return null;
  const ordered = ORDER.exec(whole);
  const order = ordered ? orderOf(ordered[2] ?? "", ordered[3] ?? "") : null;
  if (ordered && !order) return null;
  const parsed = parseCondition(ordered?.[1]?.trim() ?? whole);
  return parsed && (parsed.symbolText === null && order ? null : { ...parsed, order });
}

function orderOf(side: string, words: string): AlertOrder | null {
  const parsed = parseOrderText(`X ${words}`);
  // The order must be complete: nobody can be asked for a missing quantity when the alert fires.
  if (!parsed.ok || parsed.words.symbolText !== "X" || !hasQuantity(parsed.words)) return null;
  return { side: side.toLowerCase() === "buy" ? "BUY" : "SELL", words };
}

function parseCondition(text: string): Omit<AlertWords, "order"> | null {
  const change = CHANGE.exec(text);
  if (change) {
    const [, symbolText = "", sign = "", percent = ""] = change;
    const isUp = sign === "+" || sign.toLowerCase() === "up";
    const basisPoints = Math.round(Number(percent) * 100) * (isUp ? 1 : -1);
    return basisPoints === 0 || isPnl(symbolText) ? null : { symbolText, condition: { kind: "change", basisPoints } };
  }
  const plain = text.replaceAll("₹", "");
  const sided = SIDED.exec(plain);
  if (!sided) return parseLevel(plain);
  const [, symbolText = "", sign = "", number = ""] = sided;
  if (!hasGroups(number)) return null;
  const isAbove = sign.startsWith(">") || sign.toLowerCase() === "above";
  const rupees = number.replace("−", "-");
  if (isPnl(symbolText)) {
    return {
      symbolText: null,
      condition: { kind: isAbove ? "pnl-above" : "pnl-below", amount: paiseFromRupees(rupees) },
    };
  }
  const price = priceFromRupees(rupees);
  return price <= 0 ? null : { symbolText, condition: { kind: isAbove ? "above" : "below", price } };
}

function parseLevel(text: string): Omit<AlertWords, "order"> | null {
  const [, symbolText = "", rupees = "0"] = LEVEL.exec(text) ?? [];
  const price = priceFromRupees(rupees);
  if (price <= 0 || !hasGroups(rupees) || isPnl(symbolText)) return null;
  return { symbolText, condition: { kind: "level", price } };
}

/** As in an order: "790,50" is no price. A sign, a fraction and a comma at the end may be there. */
const hasGroups = (number: string): boolean => isGrouped(number.replace(/^[+\-−]/, "").replace(/(?:\.\d+|,)$/, ""));

/** The level as a condition that is not met yet, but where the price is at it. */
export const sidedBy = ({ ltp }: Pick<Quote, "ltp">, { price }: Level): PriceCondition => ({
  kind: ltp < price ? "above" : "below",
  price,
});

const isPnl = (text: string): boolean => /^p\s*&?\s*n?\s*l$/i.test(text.trim());

/** Whether the quote meets the condition; null when the quote lacks the previous close. */
export function isMetBy(condition: PriceCondition, quote: Pick<Quote, "ltp" | "prevClose">): boolean | null {
  switch (condition.kind) {
    case "above":
      return quote.ltp >= condition.price;
    case "below":
      return quote.ltp <= condition.price;
    case "change": {
      const change = quote.prevClose === null ? null : changeInBasisPoints(quote.ltp, quote.prevClose);
      if (change === null) return null;
      return condition.basisPoints > 0 ? change >= condition.basisPoints : change <= condition.basisPoints;
    }
  }
}

/** The day's high or low, if it meets a level. Not for a change: a high may be of the day before its previous close. */
export function touchOf(condition: PriceCondition, { high, low }: Pick<Quote, "high" | "low">): Price | null {
  if (condition.kind === "above") return high !== null && high >= condition.price ? high : null;
  if (condition.kind === "below") return low !== null && low <= condition.price ? low : null;
  return null;
}

export const isMetByPnl = (condition: PnlCondition, pnl: Paise): boolean =>
  condition.kind === "pnl-above" ? pnl >= condition.amount : pnl <= condition.amount;

export const isPriceCondition = (condition: Condition): condition is PriceCondition =>
  condition.kind !== "pnl-above" && condition.kind !== "pnl-below";
