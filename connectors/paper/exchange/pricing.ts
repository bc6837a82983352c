import { isDerivative } from "../../../src/domain/instrument.ts";
import type { Future, Instrument, Option } from "../../../src/domain/instrument.ts";
import { addDays } from "../../../src/domain/market.ts";
import type { Price } from "../../../src/domain/money.ts";
import { PRICE_SCALE, price, priceFromRupees } from "../../../src/domain/money.ts";
import { DAY_MS, marketDayOnOrBefore } from "./calendar.ts";
import { UNDERLYINGS } from "./listings.ts";
import type { Span } from "./walk.ts";

/** Indices are quoted to the paisa. */
const INDEX_TICK = priceFromRupees("0.01");
const CIRCUIT_SHARE = 0.1;
const YEARLY_CARRY = 0.06;
const DAYS_A_YEAR = 365;
/** Days to expiry on the last day, so that an option keeps some time value until it settles at intrinsic value. */
const LAST_DAY_SHARE = 0.05;
/** With this width the softplus is 0.4·S·σ·√t at the money, which is an option's value there. */
const WIDTH_AT_THE_MONEY = 0.4 / Math.LN2;

/** How an instrument's price follows its walk on one day. Monotone, so extremes of the walk are those of the price. */
export interface Pricing {
  readonly span: Span;
  readonly tick: Price;
  /** False for puts, which fall when the walk rises. */
  readonly isRising: boolean;
  readonly toPrice: (rupees: number) => Price;
  readonly prevClose: Price;
  readonly lowerCircuit: Price | null;
  readonly upperCircuit: Price | null;
}

const daysTo = (expiry: string, date: string): number => (Date.parse(expiry) - Date.parse(date)) / DAY_MS;

/** The previous close is computed with the day before's time value and basis. */
export function pricingOf(instrument: Instrument, span: Span, date: string): Pricing {
  const tick = instrument.kind === "index" ? INDEX_TICK : instrument.tickSize;
  // Other days count as the trading day before, so that Monday's previous close equals Friday's close.
  const formula = formulaOf(instrument, marketDayOnOrBefore(date));
  const toPrice = (rupees: number): Price => onTick(formula(rupees), tick);
  const dayBefore = marketDayOnOrBefore(addDays(date, -1));
  const prevClose = onTick(formulaOf(instrument, dayBefore)(span.prevClose), tick);
  const isRising = !(instrument.kind === "option" && instrument.optionType === "PE");
  return {
    span,
    tick,
    isRising,
    toPrice,
    prevClose,
    ...circuits(instrument, prevClose, tick, toPrice, span.prevClose),
  };
}

function onTick(rupees: number, tick: Price): Price {
  const ticks = Math.round((rupees * PRICE_SCALE) / tick);
  return price(Math.max(1, ticks) * tick);
}

function formulaOf(instrument: Instrument, date: string): (spot: number) => number {
  switch (instrument.kind) {
    case "equity":
    case "index":
      return (spot) => spot;
    case "future":
      return futureFormula(instrument, date);
    case "option":
      return optionFormula(instrument, date);
  }
}

function futureFormula(instrument: Future, date: string): (spot: number) => number {
  const days = Math.max(0, daysTo(instrument.expiry, date));
  const carry = 1 + (YEARLY_CARRY * days) / DAYS_A_YEAR;
  return (spot) => spot * carry;
}

/** Softplus: never below intrinsic value, slope between 0 and 1, and call less put equals spot less strike. */
function optionFormula(instrument: Option, date: string): (spot: number) => number {
  const days = Math.max(LAST_DAY_SHARE, daysTo(instrument.expiry, date));
  const strike = instrument.strike / PRICE_SCALE;
  // Scaled by strike, not by spot, which would change the formula from day to day.
  const width = WIDTH_AT_THE_MONEY * impliedVolatility(instrument.underlying) * strike * Math.sqrt(days / DAYS_A_YEAR);
  const direction = instrument.optionType === "CE" ? 1 : -1;
  return (spot) => width * softplus((direction * (spot - strike)) / width);
}

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

function impliedVolatility(name: string): number {
  const underlying = UNDERLYINGS.find((each) => each.name === name);
  if (!underlying) throw new RangeError(`no such underlying: ${name}`);
  return underlying.impliedVolatility;
}

/** What a contract pays at expiry, from the underlying's close. */
export function settlementPrice(instrument: Future | Option, closeRupees: number): Price {
  const close = priceFromRupees(closeRupees.toFixed(2));
  if (instrument.kind === "future") return close;
  return price(Math.max(0, instrument.optionType === "CE" ? close - instrument.strike : instrument.strike - close));
}

type Circuits = Pick<Pricing, "lowerCircuit" | "upperCircuit">;

function circuits(
  instrument: Instrument,
  prevClose: Price,
  tick: Price,
  toPrice: (rupees: number) => Price,
  prevSpot: number,
): Circuits {
  if (instrument.kind === "index") return { lowerCircuit: null, upperCircuit: null };
  const inward = (low: number, high: number): Circuits => ({
    lowerCircuit: price(Math.max(1, Math.ceil(low / tick)) * tick),
    upperCircuit: price(Math.max(2, Math.floor(high / tick)) * tick),
  });
  if (!isDerivative(instrument) || instrument.kind === "future")
    return inward(prevClose * (1 - CIRCUIT_SHARE), prevClose * (1 + CIRCUIT_SHARE));
  // An option's circuit limits are its values with the underlying at its own limits.
  const ends = [toPrice(prevSpot * (1 - CIRCUIT_SHARE)), toPrice(prevSpot * (1 + CIRCUIT_SHARE))];
  return inward(Math.min(...ends), Math.max(...ends, prevClose * 2));
}
