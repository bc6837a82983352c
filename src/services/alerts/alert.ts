import type { BrokerName, UserId } from "../../domain/ids.ts";
import { isDerivative, isExpired, type Instrument } from "../../domain/instrument.ts";
import { istDate, istInstant } from "../../domain/market.ts";
import type { Price } from "../../domain/money.ts";
import type { Quote } from "../../domain/portfolio.ts";
import type { Document, Stored } from "../../ports/store.ts";
import {
  isMetBy,
  isMetByPnl,
  isPriceCondition,
  touchOf,
  type AlertOrder,
  type Condition,
  type PnlCondition,
  type PriceCondition,
} from "./condition.ts";
import type { PnlNow } from "./pnl.ts";

export interface AlertDocument extends Document {
  readonly _id: string;
  readonly userId: UserId;
  /** Null for an alert on today's P&L over all accounts. */
  readonly instrument: Instrument | null;
  readonly condition: Condition;
  readonly order: AlertOrder | null;
  readonly isArmed: boolean;
  /** Epoch ms, set when armed while the market was closed: prices up to then are of the last session and ignored. */
  readonly pricedAfter?: number;
  /** Epoch ms, set once the day's prices so far were known not to have met the level: a high or low that does is newer. */
  readonly untouchedAt?: number;
  readonly createdAt: number;
}
export type Alert = Stored<AlertDocument>;
export type PriceAlert = Alert & { readonly instrument: Instrument; readonly condition: PriceCondition };
export type PnlAlert = Alert & { readonly condition: PnlCondition };

export const isOnPrice = (alert: Alert): alert is PriceAlert =>
  alert.instrument !== null && isPriceCondition(alert.condition);
export const isOnPnl = (alert: Alert): alert is PnlAlert => !isPriceCondition(alert.condition);

export interface Priced {
  readonly quote: Quote;
  /** Whose price it is, unless it is Yahoo's. */
  readonly broker: BrokerName | null;
}

/** What made the alert fire. */
export type FiredBy =
  /** `touched`: the day's high or low, when the last price is not at the level. */
  | ({ readonly kind: "price"; readonly touched?: Price } & Priced)
  | ({ readonly kind: "pnl" } & PnlNow)
  /** The contract has expired, so the alert can never fire on a price. */
  | { readonly kind: "expired"; readonly expiry: string };

export type MetBy = Exclude<FiredBy, { readonly kind: "expired" }>;

/** Ignores day changes from an earlier day's price: Yahoo lags, and some shares do not trade every day. */
export function firedByPrice(condition: PriceCondition, priced: Priced, now: number): MetBy | null {
  const { quote } = priced;
  const isOfBefore = quote.at !== null && istDate(quote.at) < istDate(now);
  if (condition.kind === "change" && isOfBefore) return null;
  return isMetBy(condition, quote) === true ? { kind: "price", ...priced } : null;
}

/**
 * An alert armed while the market was closed ignores prices from before it was armed and of earlier days: the
 * post-close can still make a new price of the last session.
 */
export function firedByNewPrice(alert: PriceAlert, priced: Priced, now: number): MetBy | null {
  const { condition, pricedAfter } = alert;
  const { at } = priced.quote;
  const isOld = pricedAfter !== undefined && at !== null && (at <= pricedAfter || istDate(at) < istDate(now));
  return isOld ? null : (firedByPrice(condition, priced, now) ?? firedByTouch(alert, priced));
}

/** A price that came and went between two sweeps shows in the day's high or low. */
function firedByTouch(alert: PriceAlert, priced: Priced): MetBy | null {
  const touched = touchOf(alert.condition, priced.quote);
  return touched !== null && isTouchNew(alert, priced.quote) ? { kind: "price", touched, ...priced } : null;
}

/** Whether the level was met after the alert was armed: the day had not met it until then, or began later. */
function isTouchNew({ instrument, createdAt, pricedAfter, untouchedAt }: PriceAlert, { at, source }: Quote): boolean {
  if (untouchedAt !== undefined && (at === null || at > untouchedAt)) return true;
  // Until an index is first calculated, Kite tells the last session's range with the time of now.
  if (at === null || (instrument.segment === "INDEX" && source === "broker")) return false;
  // An alert armed at night in an open market is in one that never closes: its day begins at midnight.
  const dayStart = istInstant(istDate(at), pricedAfter === undefined ? "00:00" : "09:00");
  return dayStart > createdAt;
}

/** False with a delayed price: its day's high and low lack the last minutes. */
export function isUntouchedBy(condition: Condition, priced: Priced | null): boolean {
  if (!isPriceCondition(condition) || condition.kind === "change" || priced?.quote.source !== "broker") return false;
  const { high, low } = priced.quote;
  return high !== null && low !== null && touchOf(condition, { high, low }) === null;
}

/** Whether it matters of which session a price without a time is: whether it would go off if the price is of now. */
export const needsTime = (alert: PriceAlert, { quote, broker }: Priced, now: number): boolean =>
  alert.pricedAfter !== undefined && firedByNewPrice(alert, { quote: { ...quote, at: now }, broker }, now) !== null;

export function firedByExpiry({ instrument }: PriceAlert, now: number): FiredBy | null {
  if (!isDerivative(instrument) || !isExpired(instrument, istDate(now))) return null;
  return { kind: "expired", expiry: instrument.expiry };
}

export const firedByPnl = (condition: PnlCondition, now: PnlNow | null): MetBy | null =>
  now !== null && isMetByPnl(condition, now.pnl) ? { kind: "pnl", ...now } : null;
