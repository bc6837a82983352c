import { SEGMENTS, type Segment } from "../domain/instrument.ts";
import { isGrouped, markRupees } from "../domain/order-text.ts";
import { paiseFromRupees } from "../domain/money.ts";
import type { LimitName, LimitValues } from "../services/orders/limits.ts";

export interface LimitWords {
  readonly name: LimitName;
  readonly value: LimitValues[LimitName];
}

const NAMES: ReadonlyMap<string, LimitName> = new Map([
  ["value", "orderValue"],
  ["orders", "ordersPerDay"],
  ["loss", "dayLoss"],
  ["segments", "segments"],
  ["segment", "segments"],
  ["move", "driftBasisPoints"],
]);
const OFF = new Set(["off", "none", "any", "all"]);
const MAX_ORDERS = 10_000;
/** Below, nearly every card would ask again; above, none. */
const MIN_MOVE_BASIS_POINTS = 10;
const MAX_MOVE_BASIS_POINTS = 1_000;
const MAX_LENGTH = 13;

/** Parses `value 50000`, `orders 10`, `loss 5,000`, `segments NSE NFO`, `move 0.5`, `value off`; else null. */
export function limitWords(text: string): LimitWords | null {
  const [first = "", ...rest] = markRupees(text).replaceAll("₹", "").trim().toLowerCase().split(/\s+/);
  const name = NAMES.get(first);
  const [amount = ""] = rest;
  if (name === undefined || rest.length === 0) return null;
  if (rest.length === 1 && OFF.has(amount)) return { name, value: null };
  if (name === "segments") return segmentWords(rest);
  if (name === "driftBasisPoints") return moveWords(rest.join(" "));
  if (rest.length > 1 || amount.length > MAX_LENGTH || !isGrouped(amount)) return null;
  if (name !== "ordersPerDay") return { name, value: paiseFromRupees(amount) };
  const orders = Number(amount.replaceAll(",", ""));
  return orders <= MAX_ORDERS ? { name, value: orders } : null;
}

function moveWords(words: string): LimitWords | null {
  const [, percent] = /^(\d{1,2}(?:\.\d{1,2})?) ?%?$/.exec(words) ?? [];
  const value = Math.round(Number(percent) * 100);
  const isInRange = value >= MIN_MOVE_BASIS_POINTS && value <= MAX_MOVE_BASIS_POINTS;
  return isInRange ? { name: "driftBasisPoints", value } : null;
}

function segmentWords(words: readonly string[]): LimitWords | null {
  const named = words
    .flatMap((word) => word.toUpperCase().split(","))
    .filter((word) => word !== "")
    .map((word) => SEGMENTS.find((segment) => segment === word && segment !== "INDEX"));
  const value = named.filter((segment): segment is Segment => segment !== undefined);
  return value.length === named.length && value.length > 0 ? { name: "segments", value } : null;
}
