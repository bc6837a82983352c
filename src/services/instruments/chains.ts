import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { OptionType, Segment } from "../../domain/instrument.ts";
import { lowerBound } from "../../lib/lower-bound.ts";
import type { MasterColumns } from "./master-columns.ts";
import { dateOfDay, kindAt, optionTypeAt, segmentAt, underlyingAt } from "./master-columns.ts";

/** Futures and options of one underlying in one segment. */
export interface Chain {
  readonly segment: Exclude<Segment, "NSE" | "BSE" | "INDEX">;
  readonly underlying: string;
  /** Ascending. */
  readonly expiries: readonly ChainExpiry[];
}

export interface ChainExpiry {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly futures: Uint32Array;
  /** Row numbers by strike, call before put. */
  readonly options: Uint32Array;
}

export const chainName = (segment: string, underlying: string): string => `${segment}:${underlying}`;

/** About 10 ms of reading rows. */
const ROWS_PER_YIELD = 10_000;

/** Groups the derivatives of a master by underlying and expiry. Takes about 130 ms for 150,000 rows. */
export async function chainsOf(columns: MasterColumns): Promise<Map<string, Chain>> {
  const grouped = new Map<string, { first: number; rows: number[] }>();
  for (let row = 0; row < columns.code.length; row += 1) {
    if (row % ROWS_PER_YIELD === ROWS_PER_YIELD - 1) await yieldToEventLoop();
    const kind = kindAt(columns, row);
    if (kind !== "future" && kind !== "option") continue;
    const name = chainName(segmentAt(columns, row), underlyingAt(columns, row));
    const group = grouped.get(name);
    if (group) group.rows.push(row);
    else grouped.set(name, { first: row, rows: [row] });
  }
  const chains = new Map<string, Chain>();
  for (const [name, { first, rows }] of grouped) {
    chains.set(name, {
      segment: segmentAt(columns, first) as Chain["segment"],
      underlying: underlyingAt(columns, first),
      expiries: expiriesOf(columns, rows),
    });
    if (chains.size % 50 === 0) await yieldToEventLoop();
  }
  return chains;
}

function expiriesOf(columns: MasterColumns, rows: readonly number[]): ChainExpiry[] {
  const byDay = new Map<number, number[]>();
  for (const row of rows) {
    const day = columns.expiryDay[row] ?? 0;
    const those = byDay.get(day);
    if (those) those.push(row);
    else byDay.set(day, [row]);
  }
  return [...byDay]
    .sort(([a], [b]) => a - b)
    .map(([day, those]) => ({
      date: dateOfDay(day),
      futures: Uint32Array.from(those.filter((row) => kindAt(columns, row) === "future")),
      options: Uint32Array.from(those.filter((row) => kindAt(columns, row) === "option")).sort(
        (a, b) => strikeOrder(columns, a) - strikeOrder(columns, b),
      ),
    }));
}

const strikeOrder = (columns: MasterColumns, row: number): number =>
  (columns.strike[row] ?? 0) * 2 + (optionTypeAt(columns, row) === "PE" ? 1 : 0);

/** Row numbers of the options at a strike: at most one call and one put. */
export function optionsAt(
  columns: MasterColumns,
  options: Uint32Array,
  strike: number,
  type: OptionType | null,
): number[] {
  const found: number[] = [];
  for (let at = firstAtOrAbove(columns, options, strike); at < options.length; at += 1) {
    const row = options[at] ?? 0;
    if (columns.strike[row] !== strike) break;
    if (type === null || optionTypeAt(columns, row) === type) found.push(row);
  }
  return found;
}

/** Row numbers of the options around a strike, or around the middle of the chain, nearest ones, by strike. */
export function optionsAround(
  columns: MasterColumns,
  options: Uint32Array,
  around: { readonly strike: number | null; readonly type: OptionType | null; readonly count: number },
): number[] {
  const { type, count } = around;
  const fitting = type === null ? options : options.filter((row) => optionTypeAt(columns, row) === type);
  const middle =
    around.strike === null ? Math.floor(fitting.length / 2) : firstAtOrAbove(columns, fitting, around.strike);
  const start = Math.max(0, Math.min(middle - Math.floor(count / 2), fitting.length - count));
  return [...fitting.subarray(start, start + count)];
}

const firstAtOrAbove = (columns: MasterColumns, options: Uint32Array, strike: number): number =>
  lowerBound(options.length, (at) => (columns.strike[options[at] ?? 0] ?? 0) < strike);
