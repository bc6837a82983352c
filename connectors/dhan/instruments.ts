import type { InstrumentKey, TradingSymbol } from "../../src/domain/ids.ts";
import {
  equitySymbol,
  futureSymbol,
  indexKey,
  INDICES,
  instrumentKey,
  optionSymbol,
  type IndexName,
  type OptionType,
  indexInstrument,
} from "../../src/domain/instrument.ts";
import { istInstant } from "../../src/domain/market.ts";
import { price, priceFromRupees, type Price } from "../../src/domain/money.ts";
import { BrokerError } from "../../src/errors.ts";
import type { VenueInstrument } from "../base.ts";
import { cellsOf, linesOf } from "../csv.ts";
import { createOptionChains } from "../option-chains.ts";
import { underlyingOf } from "./venue.ts";
import { DHAN } from "./facts.ts";

const COLUMNS = {
  exchange: "SEM_EXM_EXCH_ID",
  segment: "SEM_SEGMENT",
  securityId: "SEM_SMST_SECURITY_ID",
  type: "SEM_INSTRUMENT_NAME",
  tradingSymbol: "SEM_TRADING_SYMBOL",
  lot: "SEM_LOT_UNITS",
  customSymbol: "SEM_CUSTOM_SYMBOL",
  expiry: "SEM_EXPIRY_DATE",
  strike: "SEM_STRIKE_PRICE",
  optionType: "SEM_OPTION_TYPE",
  tick: "SEM_TICK_SIZE",
  expiryFlag: "SEM_EXPIRY_FLAG",
  series: "SEM_SERIES",
  name: "SM_SYMBOL_NAME",
} as const;
type Column = keyof typeof COLUMNS;
type Row = Readonly<Record<Column, string>>;

/** Dhan's names of the indices that we serve, without blanks (the master has `INDIA VIX`). */
const INDEX_NAMES: Readonly<Record<string, IndexName>> = {
  NIFTY: "NIFTY50",
  BANKNIFTY: "NIFTYBANK",
  FINNIFTY: "FINNIFTY",
  MIDCPNIFTY: "MIDCPNIFTY",
  NIFTYNXT50: "NIFTYNXT50",
  NIFTYNEXT50: "NIFTYNXT50",
  INDIAVIX: "INDIAVIX",
  SENSEX: "SENSEX",
  BANKEX: "BANKEX",
};

/** The documented ids of indices, used when the master could not be loaded. */
export const INDEX_IDS: ReadonlyMap<InstrumentKey, string> = new Map([
  [indexKey("NIFTY50"), "13"],
  [indexKey("NIFTYBANK"), "25"],
  [indexKey("SENSEX"), "51"],
]);

/** Segments that the file lists and that are not served here: currency and commodities. */
const OTHER_SEGMENTS = new Set(["C", "M"]);
const TEST_SYMBOL = /(NSE|BSE)TEST/;

/** An option whose row does not say whether its expiry is monthly. */
type PendingOption = (isMonthly: boolean) => VenueInstrument;

/**
 * The compact master (api-scrip-master.csv), row by row: NSE, BSE, their derivatives and the indices. Bad rows are
 * reported to `onSkipped`. Options without an expiry flag come last.
 */
export async function* readInstruments(
  bytes: AsyncIterable<Uint8Array>,
  onSkipped: (reason: string) => void,
): AsyncIterable<VenueInstrument> {
  const chains = createOptionChains<PendingOption>();
  for await (const row of rows(bytes, onSkipped)) {
    try {
      const read = toInstrument(row);
      if (read === null) continue;
      if (row.segment === "D") chains.note(underlyingIn(row), expiryOf(row));
      if (typeof read === "function") chains.add(underlyingIn(row), expiryOf(row), read);
      else yield read;
    } catch (error) {
      onSkipped(error instanceof Error ? error.message : "bad row");
    }
  }
  yield* chains.complete((option, isMonthly) => option(isMonthly), onSkipped);
}

const underlyingIn = (row: Row): string => `${row.exchange}:${underlyingOf(row.tradingSymbol) ?? ""}`;
const expiryOf = (row: Row): string => row.expiry.slice(0, 10);

/** Null for rows that are not served; throws on those that are and cannot be read. */
function toInstrument(row: Row): VenueInstrument | PendingOption | null {
  const { exchange, segment } = row;
  if (OTHER_SEGMENTS.has(segment) || exchange === "MCX" || TEST_SYMBOL.test(row.tradingSymbol)) return null;
  if (exchange !== "NSE" && exchange !== "BSE") throw new RangeError("unknown exchange");
  switch (segment) {
    case "E":
      return toEquity(row, exchange);
    case "D":
      return toContract(row, exchange);
    case "I":
      return toIndex(row, exchange);
    default:
      throw new RangeError("unknown segment");
  }
}

const venue = (row: Row) => ({ venueSymbol: row.tradingSymbol, venueToken: row.securityId });
const nameOf = (row: Row): string => row.name || row.customSymbol || row.tradingSymbol;

function toEquity(row: Row, exchange: "NSE" | "BSE"): VenueInstrument {
  if (row.series === "" || row.series === "NA") throw new RangeError("no series");
  return {
    instrument: {
      kind: "equity",
      key: instrumentKey(exchange, row.securityId),
      symbol: equitySymbol(exchange, row.tradingSymbol, row.series),
      segment: exchange,
      name: nameOf(row),
      lotSize: units(row.lot),
      tickSize: tick(row.tick),
      series: row.series,
    },
    ...venue(row),
  };
}

/** An index is not traded, so its tick is not kept. */
function toIndex(row: Row, exchange: "NSE" | "BSE"): VenueInstrument | null {
  const name = INDEX_NAMES[row.tradingSymbol.toUpperCase().replaceAll(/\s/g, "")];
  const known = INDICES.find((index) => index.name === name && index.exchange === exchange);
  if (!known) return null;
  return { instrument: { ...indexInstrument(known), name: row.customSymbol || nameOf(row) }, ...venue(row) };
}

function toContract(row: Row, exchange: "NSE" | "BSE"): VenueInstrument | PendingOption {
  const underlying = underlyingOf(row.tradingSymbol);
  if (underlying === null) throw new RangeError("no underlying in the trading symbol");
  const segment = exchange === "NSE" ? ("NFO" as const) : ("BFO" as const);
  const expiry = expiryOf(row);
  istInstant(expiry);
  const listed = {
    key: instrumentKey(segment, row.securityId),
    segment,
    // Many rows of BSE have a code like SSXOPT as the symbol's name.
    name: row.customSymbol || nameOf(row),
    lotSize: units(row.lot),
    tickSize: tick(row.tick),
    underlying,
    expiry,
  };
  switch (row.type) {
    case "FUTIDX":
    case "FUTSTK":
      return {
        instrument: { ...listed, kind: "future", symbol: futureSymbol(exchange, underlying, expiry) },
        ...venue(row),
      };
    case "OPTIDX":
    case "OPTSTK":
      return toOption(row, listed, exchange);
    default:
      throw new RangeError("unknown instrument type");
  }
}

type Listed = Omit<Extract<VenueInstrument["instrument"], { kind: "future" }>, "kind" | "symbol">;

function toOption(row: Row, listed: Listed, prefix: string): VenueInstrument | PendingOption {
  const { underlying, expiry } = listed;
  const optionType = row.optionType as OptionType;
  if (optionType !== "CE" && optionType !== "PE") throw new RangeError("unknown option type");
  const strike = priceFromRupees(row.strike);
  if (strike <= 0) throw new RangeError("no strike");
  const symbol = (isMonthly: boolean): TradingSymbol =>
    optionSymbol({ prefix, underlying, expiry, strike, optionType, isMonthly });
  const option: PendingOption = (isMonthly) => ({
    instrument: { ...listed, kind: "option", strike, optionType, symbol: symbol(isMonthly) },
    ...venue(row),
  });
  return row.expiryFlag === "M" || row.expiryFlag === "W" ? option(row.expiryFlag === "M") : option;
}

/** `75.0` */
function units(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new RangeError("no lot size");
  return value;
}

/** In paise, also for derivatives: `5.0000`. */
function tick(text: string): Price {
  const value = Number(text);
  if (text === "" || !Number.isFinite(value) || value <= 0) throw new RangeError("no tick size");
  return price(Math.round(value * 100));
}

async function* rows(bytes: AsyncIterable<Uint8Array>, onSkipped: (reason: string) => void): AsyncIterable<Row> {
  let columns: readonly [Column, number][] | null = null;
  let width = 0;
  for await (const line of linesOf(bytes)) {
    const cells = cellsOf(line);
    if (columns === null) {
      columns = readHeader(cells);
      width = cells.length;
    } else if (cells.length < width) onSkipped("too few columns");
    else yield Object.fromEntries(columns.map(([column, index]) => [column, (cells[index] ?? "").trim()])) as Row;
  }
}

/** Columns are found by name, because Dhan has added columns before. */
function readHeader(cells: readonly string[]): [Column, number][] {
  return Object.entries(COLUMNS).map(([column, name]) => {
    const index = cells.findIndex((cell) => cell.trim().replace(/^\uFEFF/, "") === name);
    if (index >= 0) return [column as Column, index];
    throw new BrokerError("bad-response", `Dhan's master file has no column ${name}`, {
      broker: DHAN,
      endpoint: "GET api-scrip-master.csv",
    });
  });
}
