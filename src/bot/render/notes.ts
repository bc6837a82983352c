import { sumPaise } from "../../domain/money.ts";
import { type Holding, isDeliverySale, isUnpriced, type Position } from "../../domain/portfolio.ts";
import { dayPnl, positionTotals, undatedCount, type Undated } from "../../domain/totals.ts";
import { html, lines, type Html } from "../html.ts";
import { dateText, quantity } from "./amounts.ts";

// Notes below figures: what these leave out, and why.

/** Before the day's first session, brokers still tell the changes of the last one. */
export const notOfTodayNote = (pastSession: string | null): Html | null =>
  pastSession === null ? null : html`<i>The market has not opened today: this may be of ${dateText(pastSession)}.</i>`;

/** How much is missing from the day's figures, for lack of a previous close or a price. */
export function undatedNote(holdings: readonly Holding[], positions: readonly Position[] = []): Html | null {
  return undatedCountNote(undatedCount(positions, holdings));
}

export function undatedCountNote({ shares, positions }: Undated): Html | null {
  const parts = [
    ...(shares > 0 ? [`leaves out ${shares} ${shares === 1 ? "share" : "shares"}`] : []),
    ...(positions > 0 ? [`has ${positions} ${positions === 1 ? "position" : "positions"} since entry`] : []),
  ];
  return parts.length === 0 ? null : html`<i>Today ${parts.join(" and ")}: the day's change is not known.</i>`;
}

export const sharesText = (count: number): string => `${quantity(count)} ${count === 1 ? "share" : "shares"}`;

/** How many shares have no price and are in no total. */
export const unpricedNote = (count: number): Html | null =>
  count === 0 ? null : html`<i>${sharesText(count)} without a known price: in no total.</i>`;

/** How many shares have no cost. `value`: the row that they are in nevertheless. */
export const uncostedNote = (count: number, value: string): Html | null =>
  count === 0
    ? null
    : html`<i>${sharesText(count)} without a known cost: in ${value}, not in Invested and P&amp;L.</i>`;

export function unpricedPositionsNote(positions: readonly Position[]): Html | null {
  const count = positions.filter(isUnpriced).length;
  const counted = `${count} ${count === 1 ? "position" : "positions"}`;
  return count === 0 ? null : html`<i>${counted} without a known price: only what was realised is in the totals.</i>`;
}

/**
 * What the rows of realised and unrealised are not. They count from entry, so with a position older than today they do not
 * add up to the day's figure; and what shares sold from holdings cost is in no broker's positions.
 */
export function countingNote(positions: readonly Position[]): Html | null {
  const others = positions.filter((row) => !isDeliverySale(row));
  const { realised, unrealised } = positionTotals(others);
  const isOlder = sumPaise(others.map(dayPnl)) !== realised + unrealised;
  const notes = lines(
    isOlder && html`<i>Realised and unrealised are since entry, not of today.</i>`,
    soldNote(positions),
  );
  return notes.toString() === "" ? null : notes;
}

export const soldNote = (positions: readonly Position[]): Html | null =>
  positions.some(isDeliverySale) ? html`<i>Realised leaves out shares sold from holdings.</i>` : null;
