import type { Segment } from "./instrument.ts";
import type { Paise } from "./money.ts";
import { scalePaise, subtractPaise, sumPaise, ZERO_PAISE } from "./money.ts";
import type { Funds, Holding, Position } from "./portfolio.ts";
import { holdingValue, positionTotals, type DayPnl } from "./totals.ts";

/**
 * What an account is worth, as near as brokers' figures allow: money with or without a claim on it, pledged shares once,
 * holdings at their last price, funded ones and open positions at what they have made.
 */
export const accountValue = (funds: Funds, holdings: readonly Holding[], positions: readonly Position[]): Paise =>
  sumPaise([
    subtractPaise(sumPaise([funds.available, funds.used]), funds.collateral),
    ...holdings.map(ownPart),
    positionTotals(positions).unrealised,
  ]);

/** Funded shares are bought with the broker's loan, and what their owner has put up is still among the funds. */
const ownPart = (holding: Holding): Paise =>
  (holding.productType === "MTF" ? holding.pnl : holdingValue(holding)) ?? ZERO_PAISE;

/** Stays open over the night; what was bought for delivery has become a holding by then. */
export const isCarried = ({ side, productType }: Position): boolean => side !== "CLOSED" && productType === "MARGIN";

/** Open in a market that trades into the evening or the night: what it makes after the day was kept is in no day. */
export const tradesOn = ({ segment, side }: Position): boolean => LATE.has(segment) && side !== "CLOSED";
const LATE: ReadonlySet<Segment> = new Set(["MCX", "NCO", "NCDEX", "CDS", "BCD"]);

/** One account's day in numbers, as it is kept. */
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

/** Part of a whole in 1/100 percent, null when there is no whole to speak of. */
export const shareOf = (part: Paise, whole: Paise): number | null =>
  whole <= 0 ? null : scalePaise(part, 10_000, whole);
