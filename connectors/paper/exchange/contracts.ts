import {
  instrumentKey,
  futureSymbol,
  optionSymbol,
  symbolPrefix,
  OPTION_TYPES,
} from "../../../src/domain/instrument.ts";
import type { Future, Option, OptionType } from "../../../src/domain/instrument.ts";
import { addDays, weekday } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import { DAY_MS, marketDayOnOrBefore } from "./calendar.ts";
import type { Underlying } from "./listings.ts";
import { UNDERLYINGS } from "./listings.ts";

const TICK = priceFromRupees("0.05");
const WEEKS_AHEAD = 18;
const FIRST_TOKEN = 40_000;

export interface Expiry {
  readonly date: string;
  readonly isMonthly: boolean;
}

/** Expiries from a date on, oldest first: on the weekday, or the trading day before if that is a holiday. */
export function expiriesFrom(date: string, expiryDay: number): Expiry[] {
  const first = addDays(date, (expiryDay - weekday(date) + 7) % 7);
  const nominal = Array.from({ length: WEEKS_AHEAD }, (_, week) => addDays(first, week * 7));
  return nominal
    .map((day) => ({ date: marketDayOnOrBefore(day), isMonthly: day.slice(0, 7) !== addDays(day, 7).slice(0, 7) }))
    .filter((expiry) => expiry.date >= date);
}

/** All derivatives of an underlying that are listed on a date, with strikes around `spot` (rupees). */
export function contractsOf(underlying: Underlying, date: string, spot: number): (Future | Option)[] {
  const expiries = expiriesFrom(date, underlying.expiryDay);
  const monthly = expiries.filter((expiry) => expiry.isMonthly);
  const listed = new Map<string, Expiry>();
  for (const expiry of expiries.slice(0, underlying.weeklyOptions)) listed.set(expiry.date, expiry);
  for (const expiry of monthly.slice(0, underlying.monthlyOptions)) listed.set(expiry.date, expiry);
  const futures = monthly.slice(0, underlying.monthlyFutures).map((expiry) => future(underlying, expiry.date));
  return [...futures, ...[...listed.values()].flatMap((expiry) => optionsOf(underlying, expiry, spot))];
}

function optionsOf(underlying: Underlying, expiry: Expiry, spot: number): Option[] {
  const { strikeStep, strikesEachSide } = underlying;
  const middle = Math.round(spot / strikeStep);
  return Array.from({ length: 2 * strikesEachSide + 1 }, (_, index) => middle - strikesEachSide + index).flatMap(
    (step) => OPTION_TYPES.map((optionType) => option(underlying, expiry, step, optionType)),
  );
}

function future(underlying: Underlying, expiry: string): Future {
  return {
    kind: "future",
    key: instrumentKey(underlying.segment, tokenOf(underlying, expiry, 0, 0)),
    symbol: futureSymbol(symbolPrefix(underlying.segment), underlying.name, expiry),
    expiry,
    ...shared(underlying),
  };
}

function option(underlying: Underlying, expiry: Expiry, step: number, optionType: OptionType): Option {
  const strike = priceFromRupees(step * underlying.strikeStep);
  const naming = { prefix: symbolPrefix(underlying.segment), underlying: underlying.name, strike, optionType };
  return {
    kind: "option",
    key: instrumentKey(underlying.segment, tokenOf(underlying, expiry.date, step, optionType === "CE" ? 1 : 2)),
    symbol: optionSymbol({ ...naming, expiry: expiry.date, isMonthly: expiry.isMonthly }),
    expiry: expiry.date,
    strike,
    optionType,
    ...shared(underlying),
  };
}

const shared = ({ name, segment, lotSize, freezeLots }: Underlying) => ({
  segment,
  name,
  underlying: name,
  lotSize,
  tickSize: TICK,
  freezeQty: lotSize * freezeLots,
});

/** Computed from the contract's terms, so it is the same after a restart. Reused after 64 weeks. */
function tokenOf(underlying: Underlying, expiry: string, step: number, kind: 0 | 1 | 2): number {
  const week = Math.floor(Date.parse(expiry) / DAY_MS / 7) % 64;
  const place = UNDERLYINGS.findIndex((each) => each.name === underlying.name);
  return FIRST_TOKEN + (((place * 64 + week) * 512 + (step % 512)) * 4 + kind);
}
