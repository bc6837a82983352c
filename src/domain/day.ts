import type { Segment } from "./instrument.ts";
import type { Paise } from "./money.ts";
import { scalePaise, subtractPaise, sumPaise, ZERO_PAISE } from "./money.ts";
import type { Funds, Holding, Position } from "./portfolio.ts";
import { holdingValue, positionTotals, type DayPnl } from "./totals.ts";

/**
 * Estimate of an account's worth: funds, free or blocked, without collateral (pledged shares are among the holdings),
 * holdings at their last price, and the P&L of funded (MTF) holdings and open positions.
 */
export const accountValue = (funds: Funds, holdings: readonly Holding[], positions: readonly Position[]): Paise =>
  sumPaise([
    subtractPaise(sumPaise([funds.available, funds.used]), funds.collateral),
    ...holdings.map(ownValue),
    positionTotals(positions).unrealised,
  ]);

/**
 * MTF shares are bought with the broker's loan, and the owner's margin is still counted in the funds: only P&L is
 * added.
 */
const ownValue = (holding: Holding): Paise =>
  (holding.productType === "MTF" ? holding.pnl : holdingValue(holding)) ?? ZERO_PAISE;

/** Stays a position overnight. Delivery purchases do not: they become holdings. */
export const isCarried = ({ side, productType }: Position): boolean => side !== "CLOSED" && productType === "MARGIN";

/** Open in a market that trades on into the evening: what it makes after the day's snapshot is in no day's figures. */
export const tradesIntoEvening = ({ segment, side }: Position): boolean => LATE.has(segment) && side !== "CLOSED";
const LATE: ReadonlySet<Segment> = new Set(["MCX", "NCO", "NCDEX", "CDS", "BCD"]);

/** One account's figures for a day, as stored in its snapshot. */
export interface DayFigures extends DayPnl {
  readonly charges: Paise;
}

export const addFigures = (all: readonly DayFigures[]): DayFigures => ({
  positions: sumPaise(all.map((each) => each.positions)),
  holdings: sumPaise(all.map((each) => each.holdings)),
  realised: sumPaise(all.map((each) => each.realised)),
  unrealised: sumPaise(all.map((each) => each.unrealised)),
  charges: sumPaise(all.map((each) => each.charges)),
});

/** Before charges. */
export const grossOf = (day: DayFigures): Paise => sumPaise([day.positions, day.holdings]);
export const netOf = (day: DayFigures): Paise => subtractPaise(grossOf(day), day.charges);

/** Share of a whole in 1/100 percent; null when the whole is zero or negative. */
export const shareOf = (part: Paise, whole: Paise): number | null =>
  whole <= 0 ? null : scalePaise(part, 10_000, whole);
