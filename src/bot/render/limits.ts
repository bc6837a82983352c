import type { Paise } from "../../domain/money.ts";
import { dateText, quantity, rupees } from "./amounts.ts";
import { html, lines, type Html } from "../html.ts";
import type { LimitName, LimitState, LimitValues } from "../../services/orders/limits.ts";
import * as text from "../text.ts";

const NAMES: readonly (readonly [LimitName, string])[] = [
  ["orderValue", "Value of an order"],
  ["ordersPerDay", "Orders a day"],
  ["dayLoss", "Loss a day, positions of all accounts, paper apart"],
  ["segments", "Segments"],
  ["driftBasisPoints", "Price move after which a market order asks again"],
];

/** The limits in force, and changes that take effect on the next trading day. */
export function limitsText({ values, waiting }: LimitState): Html {
  return lines(
    html`<b>Your own limits</b>`,
    ...NAMES.map(([name, title]) => {
      const later = waiting[name];
      const change = later ? html`, from ${dateText(later.from)}: ${valueText(name, later.value)}` : "";
      return html`${title}: <b>${valueText(name, values[name])}</b>${change}`;
    }),
    text.limits.rules(),
    text.limits.example(),
  );
}

/** A limit and its value in one line of plain text. */
export const limitText = (name: LimitName, value: LimitValues[LimitName]): string =>
  `${NAMES.find(([each]) => each === name)?.[1] ?? name}: ${valueText(name, value)}`;

function valueText(name: LimitName, value: LimitValues[LimitName]): string {
  if (value === null) return "no limit";
  if (typeof value === "object") return value.length === 0 ? "none" : value.join(", ");
  if (name === "driftBasisPoints") return `${value / 100}%`;
  return name === "ordersPerDay" ? quantity(value) : rupees(value as Paise);
}
