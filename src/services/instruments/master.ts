import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { InstrumentTable, VenueInstrument } from "../../../connectors/base.ts";
import type { InstrumentKey } from "../../domain/ids.ts";
import { isDerivative, SEGMENTS, type Segment } from "../../domain/instrument.ts";
import { chainName, chainsOf, type Chain } from "./chains.ts";
import type { FreezeOf } from "./freeze-quantities.ts";
import type { MasterColumns } from "./master-columns.ts";
import { FIELDS, SEPARATOR_BYTE, segmentAt, venueInstrumentAt } from "./master-columns.ts";
import { createRowIndex, hashBytes, type RowIndex } from "./row-index.ts";

/** One broker's master, indexed. Immutable: the next day's master is a new object. */
export interface Master extends InstrumentTable {
  readonly rows: number;
  readonly columns: MasterColumns;
  /** Futures and options by chain name, `NFO:NIFTY`. */
  readonly chains: ReadonlyMap<string, Chain>;
  at(row: number): VenueInstrument;
  /** From this master's own column, without the fallback. */
  freezeQty(key: InstrumentKey): number | undefined;
}

type IndexedField = "key" | "symbol" | "venueSymbol";
/** Indexing yields to the event loop after this many rows, so that 200,000 of them do not block the chat. */
const ROWS_PER_YIELD = 20_000;

/** `freezeOf` is the fallback for contracts whose freeze quantity is not in the master. */
export async function openMaster(columns: MasterColumns, freezeOf: FreezeOf = () => undefined): Promise<Master> {
  const rows = columns.code.length;
  const byKey = createRowIndex(rows);
  const bySymbol = createRowIndex(rows);
  const byVenueSymbol = createRowIndex(rows);
  for (let row = 0; row < rows; row += 1) {
    const { text, textStart } = columns;
    // Relies on key, symbol and venueSymbol being the first three FIELDS.
    const keyEnd = fieldEnd(columns, row, textStart[row] ?? 0);
    const symbolEnd = fieldEnd(columns, row, keyEnd + 1);
    const venueEnd = fieldEnd(columns, row, symbolEnd + 1);
    byKey.insert(hashBytes(text, textStart[row] ?? 0, keyEnd), row);
    bySymbol.insert(hashBytes(text, keyEnd + 1, symbolEnd), row);
    byVenueSymbol.insert(hashBytes(text, symbolEnd + 1, venueEnd) ^ saltOf(segmentAt(columns, row)), row);
    if (row % ROWS_PER_YIELD === ROWS_PER_YIELD - 1) await yieldToEventLoop();
  }
  const at = (row: number): VenueInstrument => withFreeze(venueInstrumentAt(columns, row), freezeOf);

  function rowOf(index: RowIndex, field: IndexedField, text: string, segment?: Segment): number {
    const bytes = Buffer.from(text);
    const hash = hashBytes(bytes, 0, bytes.length) ^ (segment === undefined ? 0 : saltOf(segment));
    return index.find(
      hash,
      (row) => (segment === undefined || segmentAt(columns, row) === segment) && isField(columns, row, field, bytes),
    );
  }

  function find(...wanted: Parameters<typeof rowOf>): VenueInstrument | undefined {
    const row = rowOf(...wanted);
    return row < 0 ? undefined : at(row);
  }

  return {
    rows,
    columns,
    at,
    // An unknown key (row -1) and an empty column (0) both become undefined.
    freezeQty: (key) => columns.freezeQty[rowOf(byKey, "key", key)] || undefined,
    chains: await chainsOf(columns),
    byKey: (key) => find(byKey, "key", key),
    bySymbol: (symbol) => find(bySymbol, "symbol", symbol),
    byVenueSymbol: (segment, venueSymbol) => find(byVenueSymbol, "venueSymbol", venueSymbol, segment),
  };
}

function withFreeze(venue: VenueInstrument, freezeOf: FreezeOf): VenueInstrument {
  const { instrument } = venue;
  if (!isDerivative(instrument) || instrument.freezeQty !== undefined) return venue;
  const freezeQty = freezeOf(chainName(instrument.segment, instrument.underlying), instrument.key);
  return freezeQty === undefined ? venue : { ...venue, instrument: { ...instrument, freezeQty } };
}

/** Venue symbols are unique only within a segment: SBIN exists on NSE and on BSE. */
const saltOf = (segment: Segment): number => Math.imul(SEGMENTS.indexOf(segment) + 1, 0x9e3779b1);

function isField(columns: MasterColumns, row: number, field: IndexedField, bytes: Uint8Array): boolean {
  const start = fieldStart(columns, row, field);
  for (let at = 0; at < bytes.length; at += 1) if (columns.text[start + at] !== bytes[at]) return false;
  return fieldEnd(columns, row, start) === start + bytes.length;
}

function fieldStart({ text, textStart }: MasterColumns, row: number, field: IndexedField): number {
  let at = textStart[row] ?? 0;
  const end = textStart[row + 1] ?? 0;
  for (let left = FIELDS.indexOf(field); left > 0 && at < end; at += 1) if (text[at] === SEPARATOR_BYTE) left -= 1;
  return at;
}

function fieldEnd({ text, textStart }: MasterColumns, row: number, start: number): number {
  const end = textStart[row + 1] ?? 0;
  let at = start;
  while (at < end && text[at] !== SEPARATOR_BYTE) at += 1;
  return at;
}
