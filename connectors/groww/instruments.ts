import {
  equitySymbol,
  futureSymbol,
  INDICES,
  instrumentKey,
  optionSymbol,
  symbolPrefix,
  type IndexName,
  indexInstrument,
} from "../../src/domain/instrument.ts";
import { priceFromRupees, type Price } from "../../src/domain/money.ts";
import type { VenueInstrument } from "../base.ts";
import { cellsOf, linesOf } from "../csv.ts";
import { createOptionChains } from "../option-chains.ts";
import { segmentNamed } from "./venue.ts";

const COLUMNS = [
  "exchange",
  "exchange_token",
  "trading_symbol",
  "groww_symbol",
  "name",
  "instrument_type",
  "segment",
  "series",
  "isin",
  "underlying_symbol",
  "expiry_date",
  "strike_price",
  "lot_size",
  "tick_size",
  "freeze_quantity",
] as const;
type Row = Readonly<Record<(typeof COLUMNS)[number], string>>;

/** Groww's names of the indices. Only NIFTY and SENSEX are verified. */
const INDEX_NAMES: Readonly<Record<string, IndexName>> = {
  "NSE NIFTY": "NIFTY50",
  "NSE BANKNIFTY": "NIFTYBANK",
  "NSE FINNIFTY": "FINNIFTY",
  "NSE NIFTYMIDSELECT": "MIDCPNIFTY",
  "NSE MIDCPNIFTY": "MIDCPNIFTY",
  "NSE NIFTYNXT50": "NIFTYNXT50",
  "NSE NIFTYJR": "NIFTYNXT50",
  "NSE INDIAVIX": "INDIAVIX",
  "BSE SENSEX": "SENSEX",
  "BSE BANKEX": "BANKEX",
};
const TEST_SYMBOL = /[NB]SETEST/;

/** A row that is not complete yet: an option's symbol needs all expiries of its underlying, a tick needs its unit. */
interface Draft {
  readonly tick: number;
  /** Underlying and expiry of an option. */
  readonly chain: { readonly of: string; readonly expiry: string } | null;
  readonly make: (tick: Price, isMonthly: boolean) => VenueInstrument;
}
type Reading = Draft | { readonly skipped: string } | null;
const skipped = (reason: string) => ({ skipped: reason });

/** How many of the file's tick units make a rupee; files of both kinds were seen. */
type TickScale = 1 | 100;

/**
 * Instruments in the order of the file, once a row has shown whether ticks are rupees or paise, except options: those
 * come last, when all their expiries are known. Throws when a column is missing.
 */
export async function* readInstruments(
  bytes: AsyncIterable<Uint8Array>,
  onSkipped: (reason: string) => void,
): AsyncGenerator<VenueInstrument> {
  let columns: readonly number[] | null = null;
  let scale: TickScale | null = null;
  let isEmpty = true;
  const waiting: Draft[] = [];
  const chains = createOptionChains<Draft>();
  for await (const line of linesOf(bytes)) {
    const cells = cellsOf(line);
    if (columns === null) {
      columns = columnsIn(cells);
      continue;
    }
    const reading = read(cells, columns);
    if (reading === null) continue;
    if ("skipped" in reading) {
      onSkipped(reading.skipped);
      continue;
    }
    isEmpty = false;
    scale ??= tickScaleOf(reading);
    if (reading.chain) chains.add(reading.chain.of, reading.chain.expiry, reading);
    else waiting.push(reading);
    if (scale === null) continue;
    for (const draft of waiting.splice(0)) yield* complete(draft, scale, onSkipped);
  }
  if (columns === null) throw new RangeError("the file is empty");
  if (isEmpty) return;
  if (scale === null) throw new RangeError("nothing tells whether ticks are rupees or paise");
  const unit = scale;
  yield* chains.complete(({ make, tick }, isMonthly) => make(priceFromRupees(tick / unit), isMonthly), onSkipped);
}

function* complete({ make, tick }: Draft, scale: TickScale, onSkipped: (reason: string) => void) {
  try {
    yield make(priceFromRupees(tick / scale), false);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    onSkipped("bad value");
  }
}

/** Ticks are whole paise, so a fraction means rupees. An option's tick is 0.05 rupees, so 5 means paise. */
function tickScaleOf({ tick, chain }: Draft): TickScale | null {
  if (!Number.isInteger(tick)) return 1;
  return chain && tick >= 5 ? 100 : null;
}

function columnsIn(header: readonly string[]): readonly number[] {
  const names = header.map((name) => name.replace(/^\uFEFF/, "").trim());
  return COLUMNS.map((name) => {
    const at = names.indexOf(name);
    if (at === -1) throw new RangeError(`no column ${name}`);
    return at;
  });
}

function read(cells: readonly string[], columns: readonly number[]): Reading {
  const row: Partial<Record<(typeof COLUMNS)[number], string>> = {};
  for (const [at, name] of COLUMNS.entries()) {
    const cell = cells[columns[at] ?? -1];
    if (cell === undefined) return skipped("wrong number of columns");
    row[name] = cell.trim();
  }
  try {
    return draftOf(row as Row);
  } catch (error) {
    if (error instanceof RangeError) return skipped("bad value");
    throw error;
  }
}

/** Null for rows that are not served here: commodities and most indices. */
function draftOf(row: Row): Reading {
  if (row.segment === "COMMODITY") return null;
  if (TEST_SYMBOL.test(row.trading_symbol)) return skipped("test symbol");
  if (row.trading_symbol === "" || !/^\S+$/.test(row.groww_symbol)) throw new RangeError("no name");
  const segment = segmentNamed(row.exchange, row.segment);
  if (segment === undefined) return skipped("unknown segment");
  if (row.instrument_type === "IDX") return toIndex(row);
  if (segment === "NSE" || segment === "BSE")
    return row.instrument_type === "EQ" ? toShare(row, segment) : skipped("unknown instrument type");
  return segment === "NFO" || segment === "BFO" ? toContract(row, segment) : skipped("unknown segment");
}

const venue = (row: Row) => ({ venueSymbol: row.trading_symbol, venueToken: row.groww_symbol });

/** An index has no tick, so its row does not show the unit. */
function toIndex(row: Row): Draft | null {
  const name = INDEX_NAMES[`${row.exchange} ${row.trading_symbol.toUpperCase().replaceAll(/\s/g, "")}`];
  const known = INDICES.find((index) => index.name === name);
  if (!known) return null;
  return { tick: 0, chain: null, make: () => ({ instrument: indexInstrument(known), ...venue(row) }) };
}

function toShare(row: Row, segment: "NSE" | "BSE"): Draft {
  const { series, isin } = row;
  if (series === "") throw new RangeError("no series");
  const listed = {
    kind: "equity",
    key: instrumentKey(segment, row.exchange_token),
    symbol: equitySymbol(segment, row.trading_symbol, series),
    segment,
    series,
    name: row.name || row.trading_symbol,
    ...quantities(row),
    ...(isin === "" ? {} : { isin }),
  } as const;
  return {
    tick: tickOf(row),
    chain: null,
    make: (tickSize) => ({ instrument: { ...listed, tickSize }, ...venue(row) }),
  };
}

function toContract(row: Row, segment: "NFO" | "BFO"): Draft | { readonly skipped: string } {
  const { underlying_symbol: underlying, expiry_date: expiry, instrument_type: type } = row;
  if (underlying === "" || !/^\d{4}-\d{2}-\d{2}$/.test(expiry)) throw new RangeError("no underlying or expiry");
  const listed = {
    key: instrumentKey(segment, row.exchange_token),
    segment,
    name: row.name || underlying,
    underlying,
    expiry,
    ...quantities(row),
  };
  const prefix = symbolPrefix(segment);
  const tick = tickOf(row);
  if (type === "FUT") {
    const symbol = futureSymbol(prefix, underlying, expiry);
    return {
      tick,
      chain: null,
      make: (tickSize) => ({ instrument: { ...listed, kind: "future", symbol, tickSize }, ...venue(row) }),
    };
  }
  if (type !== "CE" && type !== "PE") return skipped("unknown instrument type");
  const strike = priceFromRupees(row.strike_price);
  if (strike <= 0) throw new RangeError("no strike");
  const option = { ...listed, kind: "option", strike, optionType: type } as const;
  return {
    tick,
    chain: { of: `${segment}:${underlying}`, expiry },
    make: (tickSize, isMonthly) => ({
      instrument: {
        ...option,
        tickSize,
        symbol: optionSymbol({ prefix, underlying, expiry, strike, optionType: type, isMonthly }),
      },
      ...venue(row),
    }),
  };
}

function tickOf({ tick_size: text }: Row): number {
  const tick = Number(text);
  if (!(tick > 0)) throw new RangeError("no tick size");
  return tick;
}

/** A freeze quantity of 0 or none is left out. */
function quantities({ lot_size: lot, freeze_quantity: freeze }: Row) {
  const lotSize = Number(lot);
  if (!Number.isSafeInteger(lotSize) || lotSize < 1) throw new RangeError("no lot size");
  const freezeQty = Math.floor(Number(freeze));
  return { lotSize, ...(Number.isSafeInteger(freezeQty) && freezeQty >= 1 ? { freezeQty } : {}) };
}
