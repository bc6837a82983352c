import type { InstrumentKey, TradingSymbol } from "../../src/domain/ids.ts";
import { tradingSymbol } from "../../src/domain/ids.ts";
import { symbolPrefix, type Instrument, type TradedSegment } from "../../src/domain/instrument.ts";
import type { InstrumentTable, VenueInstrument } from "../base.ts";
import type { ListedRaw, SegmentRaw } from "./schemas.ts";

const SEGMENTS: Readonly<Record<string, TradedSegment>> = {
  "NSE CASH": "NSE",
  "BSE CASH": "BSE",
  "NSE FNO": "NFO",
  "BSE FNO": "BFO",
  "MCX COMMODITY": "MCX",
};

export const segmentNamed = (exchange: string, segment: string): TradedSegment | undefined =>
  SEGMENTS[`${exchange} ${segment}`];

/** Looks a trading symbol up in the master; always undefined when the master could not be loaded. */
export type Lookup = (segment: TradedSegment, symbol: string) => VenueInstrument | undefined;
export const lookupIn =
  (master: InstrumentTable | null): Lookup =>
  (segment, symbol) =>
    master?.byVenueSymbol(segment, symbol);

/** The fields that identify a row's instrument. */
export const LISTED_BY = ["exchange", "segment", "trading_symbol"] as const;

export interface Identity {
  readonly segment: TradedSegment;
  readonly key: InstrumentKey | null;
  readonly symbol: TradingSymbol;
}

/** Identity of a row. Rows have a name but no token, so the key is only in the master. */
export function identityOf(row: ListedRaw, lookup: Lookup): Identity {
  const segment = segmentNamed(row.exchange, row.segment);
  if (segment === undefined) throw new RangeError(`unknown segment: ${row.exchange} ${row.segment}`);
  const listed = lookup(segment, row.trading_symbol)?.instrument;
  if (listed) return { segment, key: listed.key, symbol: listed.symbol };
  return { segment, key: null, symbol: unlistedSymbol(segment, row.trading_symbol) };
}

/** The symbol of an instrument that is not in the master: Groww's own name, with EQ assumed for NSE shares. */
export const unlistedSymbol = (segment: TradedSegment, name: string): TradingSymbol =>
  tradingSymbol(`${symbolPrefix(segment)}:${name.replaceAll(/\s+/g, "")}${segment === "NSE" ? "-EQ" : ""}`);

/** How Groww's calls name an instrument. `groww_symbol` (`NSE-SBIN`) is for candles. */
export interface Venue {
  readonly exchange: string;
  readonly segment: SegmentRaw;
  readonly trading_symbol: string;
  readonly groww_symbol: string;
}

/** Undefined for segments that are not served here. */
export function venueOf({ instrument, venueSymbol, venueToken }: VenueInstrument): Venue | undefined {
  const segment = segmentOf(instrument);
  const [exchange = ""] = instrument.symbol.split(":");
  return segment && { exchange, segment, trading_symbol: venueSymbol, groww_symbol: venueToken };
}

/** Indices are quoted in segment CASH. */
function segmentOf({ segment }: Pick<Instrument, "segment">): SegmentRaw | undefined {
  if (segment === "INDEX" || segment === "NSE" || segment === "BSE") return "CASH";
  return segment === "NFO" || segment === "BFO" ? "FNO" : undefined;
}

/** `NSE_SBIN`: the name in requests for last prices. */
export const ltpName = ({ exchange, trading_symbol: name }: Pick<Venue, "exchange" | "trading_symbol">): string =>
  `${exchange}_${name}`;
