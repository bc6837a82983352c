import { price, type Price, priceFromRupees, roundToTick, rupeesFromPrice } from "../../../src/domain/money.ts";
import type { Order, Product, Side } from "../../../src/domain/order.ts";
import { inputError } from "./replies.ts";

/** The protection that Kite applies for `market_protection=-1`. */
const AUTO_PROTECTION_PERCENT = 2;

export type Form = Readonly<Record<string, string>>;

export const PRODUCTS = { CNC: "CNC", MIS: "INTRADAY", NRML: "MARGIN", MTF: "MTF" } as const satisfies Record<
  string,
  Product
>;

export function required(form: Form, field: string): string {
  const value = form[field];
  if (!value) throw inputError(`Missing or empty field \`${field}\`.`);
  return value;
}

export function oneOf<T extends string>(form: Form, field: string, values: Readonly<Record<string, T>>): T {
  const value = values[required(form, field)];
  if (value === undefined) throw inputError(`Invalid \`${field}\`.`);
  return value;
}

export function amount(form: Form, field: string): Price {
  const rupees = Number(required(form, field));
  if (!(rupees > 0)) throw inputError(`Invalid \`${field}\`.`);
  return priceFromRupees(rupees);
}

export function quantityOf(form: Form): number {
  const text = required(form, "quantity");
  if (!/^[1-9]\d*$/.test(text)) throw inputError("Invalid `quantity`.");
  return Number(text);
}

export function protectionPercent(form: Form): number {
  const percent = Number(form["market_protection"] ?? 0);
  if (percent === -1) return AUTO_PROTECTION_PERCENT;
  if (percent > 0 && percent <= 100) return percent;
  throw inputError(
    "Market orders without market protection are not allowed via API. Please set market protection or use a Limit order.",
  );
}

export function protectedLimit(reference: Price, percent: number, side: Side, tick: Price): Price {
  const factor = side === "BUY" ? 100 + percent : 100 - percent;
  const limit = roundToTick(price(Math.round((reference * factor) / 100)), tick, side === "BUY" ? "down" : "up");
  return limit > 0 ? limit : tick;
}

/** An order's current terms as form fields; a modify request overrides some of them. */
export const formOf = (order: Order): Form => ({
  order_type: order.type,
  price: order.price > 0 ? String(rupeesFromPrice(order.price)) : "",
  trigger_price: order.triggerPrice > 0 ? String(rupeesFromPrice(order.triggerPrice)) : "",
});
