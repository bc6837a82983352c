import {
  type Instrument,
  type Segment,
  type TradedSegment,
  type IndexName,
  INDICES,
  indexInstrument,
} from "../../src/domain/instrument.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import type { VenueInstrument } from "../base.ts";
import { cellsOf, linesOf } from "../csv.ts";
import { zerodhaError } from "./errors.ts";
import { splitSeries, toKey, toSymbol } from "./map.ts";

/** Kite's names of the indices that we serve. */
const INDEX_NAMES: Readonly<Record<string, IndexName>> = {
  "NIFTY 50": "NIFTY50",
  "NIFTY BANK": "NIFTYBANK",
  "NIFTY FIN SERVICE": "FINNIFTY",
  "NIFTY MID SELECT": "MIDCPNIFTY",
  "NIFTY NEXT 50": "NIFTYNXT50",
  "INDIA VIX": "INDIAVIX",
  SENSEX: "SENSEX",
  BANKEX: "BANKEX",
};

/** Kite's `segment` column → ours. Others (commodities, currencies) are not served. */
const SEGMENT_OF: Readonly<Record<string, Segment>> = {
  NSE: "NSE",
  BSE: "BSE",
  INDICES: "INDEX",
  "NFO-FUT": "NFO",
  "NFO-OPT": "NFO",
  "BFO-FUT": "BFO",
  "BFO-OPT": "BFO",
};

/** The exchanges list dummy scrips for their own tests: `011NSETEST`. */
const TEST_SYMBOL = /(NSE|BSE)TEST/;
const COLUMNS =
  "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange";

type Row = Readonly<Record<string, string>>;

/** Kite's master (`text/csv`), row by row, because it has about 10^5 of them. */
export async function* readMaster(
  bytes: AsyncIterable<Uint8Array>,
  onSkipped: (reason: string) => void,
): AsyncIterable<VenueInstrument> {
  let names: readonly string[] | undefined;
  for await (const line of linesOf(bytes)) {
    if (names === undefined) {
      names = headerOf(line);
      continue;
    }
    const cells = cellsOf(line);
    if (cells.length !== names.length) {
      onSkipped("bad row");
      continue;
    }
    const row: Row = Object.fromEntries(names.map((name, column) => [name, cells[column] ?? ""]));
    const venue = toVenueInstrument(row, onSkipped);
    if (venue) yield venue;
  }
}

function headerOf(line: string): readonly string[] {
  const names = cellsOf(line);
  const missing = COLUMNS.split(",").find((column) => !names.includes(column));
  if (missing !== undefined) {
    throw zerodhaError("bad-response", `Zerodha's master has no column ${missing}`, { path: "GET /instruments" });
  }
  return names;
}

function toVenueInstrument(row: Row, onSkipped: (reason: string) => void): VenueInstrument | undefined {
  const segment = SEGMENT_OF[row["segment"] ?? ""];
  const venueSymbol = row["tradingsymbol"] ?? "";
  if (segment === undefined) return undefined;
  if (TEST_SYMBOL.test(venueSymbol)) {
    onSkipped("test symbol");
    return undefined;
  }
  try {
    const instrument = segment === "INDEX" ? toIndex(row) : toTraded(segment, row);
    return instrument && { instrument, venueSymbol, venueToken: String(tokenOf(row)) };
  } catch {
    onSkipped("bad row");
    return undefined;
  }
}

function toIndex(row: Row): Instrument | undefined {
  const index = INDICES.find(
    ({ name, exchange }) => name === INDEX_NAMES[row["tradingsymbol"] ?? ""] && exchange === row["exchange"],
  );
  return index && indexInstrument(index);
}

function toTraded(segment: TradedSegment, row: Row): Instrument {
  const venueSymbol = row["tradingsymbol"] ?? "";
  const listed = {
    key: toKey(segment, tokenOf(row)),
    symbol: toSymbol(segment, venueSymbol),
    segment,
    name: row["name"] || venueSymbol,
    lotSize: positiveInteger(row["lot_size"]),
    tickSize: priceFromRupees(row["tick_size"] ?? ""),
  };
  const type = row["instrument_type"];
  // The master has no BSE groups.
  if (type === "EQ")
    return { ...listed, kind: "equity", series: segment === "NSE" ? splitSeries(venueSymbol).series : "" };
  const contract = { ...listed, underlying: nonEmpty(row["name"]), expiry: isoDay(row["expiry"]) };
  if (type === "FUT") return { ...contract, kind: "future" };
  if (type === "CE" || type === "PE")
    return { ...contract, kind: "option", strike: priceFromRupees(row["strike"] ?? ""), optionType: type };
  throw new RangeError(`unknown instrument type: ${type}`);
}

const tokenOf = (row: Row): number => positiveInteger(row["instrument_token"]);

function positiveInteger(text: string | undefined): number {
  if (text === undefined || !/^[1-9]\d*$/.test(text)) throw new RangeError(`not a number: ${text}`);
  return Number(text);
}
function nonEmpty(text: string | undefined): string {
  if (!text) throw new RangeError("empty");
  return text;
}
function isoDay(text: string | undefined): string {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(text)) throw new RangeError(`not a day: ${text}`);
  return text;
}
