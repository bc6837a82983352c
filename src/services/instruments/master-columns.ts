import type { VenueInstrument } from "../../../connectors/base.ts";
import type { InstrumentKey, TradingSymbol } from "../../domain/ids.ts";
import { OPTION_TYPES, SEGMENTS } from "../../domain/instrument.ts";
import type { Instrument, Segment } from "../../domain/instrument.ts";
import { price } from "../../domain/money.ts";

/**
 * A master in columns instead of one object per row: numbers in typed arrays, text in one buffer. 150,000 rows take
 * about 20 MB. The file on disk holds the same bytes.
 */
export interface MasterColumns {
  /** FIELDS of every row, in UTF-8, separated by SEPARATOR. */
  readonly text: Uint8Array;
  /** Byte offset of each row's text, plus the end of the last: length is rows + 1. */
  readonly textStart: Uint32Array;
  /** Segment, kind and option type packed into a byte: see `codeOf`. */
  readonly code: Uint8Array;
  /** Days since 1970-01-01; 0 for instruments that do not expire. */
  readonly expiryDay: Uint16Array;
  readonly lotSize: Uint32Array;
  readonly tickSize: Uint32Array;
  /** 0 where the master has none. */
  readonly freezeQty: Uint32Array;
  readonly strike: Float64Array;
}

/** `group` is the series of an equity and the underlying of a derivative. */
export const FIELDS = ["key", "symbol", "venueSymbol", "venueToken", "name", "group", "isin"] as const;
const SEPARATOR = "\x1f";
export const SEPARATOR_BYTE = 0x1f;

const KINDS = ["equity", "index", "future", "option"] as const satisfies readonly Instrument["kind"][];
const DAY_MS = 86_400_000;
const UINT32_MAX = 0xffffffff;

const codeOf = (instrument: Instrument): number =>
  SEGMENTS.indexOf(instrument.segment) |
  (KINDS.indexOf(instrument.kind) << 4) |
  ((instrument.kind === "option" ? OPTION_TYPES.indexOf(instrument.optionType) : 0) << 6);

export const segmentAt = (columns: MasterColumns, row: number): Segment =>
  SEGMENTS[(columns.code[row] ?? 0) & 15] as Segment;
export const kindAt = (columns: MasterColumns, row: number): Instrument["kind"] =>
  KINDS[((columns.code[row] ?? 0) >> 4) & 3] as Instrument["kind"];
export const optionTypeAt = (columns: MasterColumns, row: number): (typeof OPTION_TYPES)[number] =>
  OPTION_TYPES[((columns.code[row] ?? 0) >> 6) & 1] as (typeof OPTION_TYPES)[number];

/** Days from 1970-01-01 to a YYYY-MM-DD date. */
const dayNumber = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY_MS;
export const dateOfDay = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

function fieldsAt(columns: MasterColumns, row: number): string[] {
  const { text, textStart } = columns;
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  return bytes.toString("utf8", textStart[row], textStart[row + 1]).split(SEPARATOR);
}

export const underlyingAt = (columns: MasterColumns, row: number): string =>
  fieldsAt(columns, row)[FIELDS.indexOf("group")] ?? "";

/** Reads a row back as the object that was added. */
export function venueInstrumentAt(columns: MasterColumns, row: number): VenueInstrument {
  const [key = "", symbol = "", venueSymbol = "", venueToken = "", name = "", group = "", isin = ""] = fieldsAt(
    columns,
    row,
  );
  const freezeQty = columns.freezeQty[row] ?? 0;
  const listed = {
    key: key as InstrumentKey,
    symbol: symbol as TradingSymbol,
    segment: segmentAt(columns, row),
    name,
    lotSize: columns.lotSize[row] ?? 0,
    tickSize: price(columns.tickSize[row] ?? 0),
    ...(freezeQty > 0 ? { freezeQty } : {}),
    ...(isin === "" ? {} : { isin }),
  };
  const instrument = (): Instrument => {
    const kind = kindAt(columns, row);
    if (kind === "equity") return { ...listed, kind, series: group };
    if (kind === "index") return { ...listed, kind };
    const contract = { ...listed, underlying: group, expiry: dateOfDay(columns.expiryDay[row] ?? 0) };
    if (kind === "future") return { ...contract, kind };
    return { ...contract, kind, strike: price(columns.strike[row] ?? 0), optionType: optionTypeAt(columns, row) };
  };
  return { instrument: instrument(), venueSymbol, venueToken };
}

export interface ColumnsBuilder {
  /** False, and the row left out, if a number is out of range, the key is a duplicate or a text holds SEPARATOR. */
  add(venue: VenueInstrument): boolean;
  columns(): MasterColumns;
}

const FIRST_ROWS = 4_096;
const PAGE_BYTES = 1024 * 1024;

export function createColumnsBuilder(): ColumnsBuilder {
  const seen = new Set<InstrumentKey>();
  let rows = 0;
  let textBytes = 0;
  const text = createPages();
  let columns = emptyColumns(FIRST_ROWS);

  function append(instrument: Instrument, line: string, numbers: RowNumbers): void {
    if (rows === columns.code.length) columns = resized(columns, rows * 2);
    textBytes += text.write(line);
    columns.textStart[rows + 1] = textBytes;
    columns.code[rows] = codeOf(instrument);
    columns.expiryDay[rows] = numbers.expiryDay;
    columns.lotSize[rows] = numbers.lotSize;
    columns.tickSize[rows] = numbers.tickSize;
    columns.freezeQty[rows] = numbers.freezeQty;
    columns.strike[rows] = numbers.strike;
    rows += 1;
  }

  return {
    add(venue) {
      const { instrument } = venue;
      const line = textOf(venue);
      const numbers = numbersOf(instrument);
      if (numbers === null || seen.has(instrument.key) || line.split(SEPARATOR).length !== FIELDS.length) return false;
      seen.add(instrument.key);
      append(instrument, line, numbers);
      return true;
    },
    columns: () => ({ ...resized(columns, rows), text: text.whole() }),
  };
}

/** Collects text in pages: growing one buffer by doubling would need the old and the new one in memory at once. */
function createPages() {
  const full: Buffer[] = [];
  let page = Buffer.alloc(PAGE_BYTES);
  let used = 0;
  return {
    /** Returns the number of bytes written. */
    write(line: string): number {
      const bytes = Buffer.byteLength(line);
      if (used + bytes > page.length) {
        full.push(page.subarray(0, used));
        page = Buffer.alloc(Math.max(PAGE_BYTES, bytes));
        used = 0;
      }
      page.write(line, used);
      used += bytes;
      return bytes;
    },
    whole: (): Uint8Array => Buffer.concat([...full, page.subarray(0, used)]),
  };
}

function textOf({ instrument, venueSymbol, venueToken }: VenueInstrument): string {
  const { key, symbol, name, isin = "" } = instrument;
  const group = "underlying" in instrument ? instrument.underlying : "series" in instrument ? instrument.series : "";
  return [key, symbol, venueSymbol, venueToken, name, group, isin].join(SEPARATOR);
}

type RowNumbers = Readonly<Record<"expiryDay" | "lotSize" | "tickSize" | "freezeQty" | "strike", number>>;

function numbersOf(instrument: Instrument): RowNumbers | null {
  const { lotSize, tickSize, freezeQty = 0 } = instrument;
  const expiryDay = "expiry" in instrument ? dayNumber(instrument.expiry) : 0;
  const strike = instrument.kind === "option" ? instrument.strike : 0;
  const areValid = [lotSize, tickSize, freezeQty].every((value) => isWithin(value, UINT32_MAX));
  return areValid && isWithin(expiryDay, 0xffff) && isWithin(strike, Number.MAX_SAFE_INTEGER)
    ? { expiryDay, lotSize, tickSize, freezeQty, strike }
    : null;
}

const isWithin = (value: number, max: number): boolean => Number.isInteger(value) && value >= 0 && value <= max;

export const emptyColumns = (rows: number): Omit<MasterColumns, "text"> => ({
  textStart: new Uint32Array(rows + 1),
  code: new Uint8Array(rows),
  expiryDay: new Uint16Array(rows),
  lotSize: new Uint32Array(rows),
  tickSize: new Uint32Array(rows),
  freezeQty: new Uint32Array(rows),
  strike: new Float64Array(rows),
});

function resized(columns: Omit<MasterColumns, "text">, rows: number): Omit<MasterColumns, "text"> {
  const wider = emptyColumns(rows);
  wider.textStart.set(columns.textStart.subarray(0, rows + 1));
  wider.code.set(columns.code.subarray(0, rows));
  wider.expiryDay.set(columns.expiryDay.subarray(0, rows));
  wider.lotSize.set(columns.lotSize.subarray(0, rows));
  wider.tickSize.set(columns.tickSize.subarray(0, rows));
  wider.freezeQty.set(columns.freezeQty.subarray(0, rows));
  wider.strike.set(columns.strike.subarray(0, rows));
  return wider;
}
