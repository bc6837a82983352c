import type { InstrumentKey, TradingSymbol } from "../../src/domain/ids.ts";
import { tradingSymbol } from "../../src/domain/ids.ts";
import { INDICES, indexKey, indexSymbol, instrumentKey, symbolPrefix } from "../../src/domain/instrument.ts";
import type { TradedSegment } from "../../src/domain/instrument.ts";
import type { InstrumentTable, VenueInstrument } from "../base.ts";

/** `exchange:segment` (exchange 10 NSE, 11 MCX, 12 BSE; segment 10 cash, 11 F&O, 12 currency, 20 commodity) → ours. */
const SEGMENTS: Readonly<Record<string, TradedSegment>> = {
  "10:10": "NSE",
  "10:11": "NFO",
  "10:12": "CDS",
  "10:20": "NCO",
  "11:20": "MCX",
  "12:10": "BSE",
  "12:11": "BFO",
  "12:12": "BCD",
};

export const segmentOf = (exchange: number | string, segment: number | string): TradedSegment | undefined =>
  SEGMENTS[`${exchange}:${segment}`];

/** Throws on an unknown pair of numbers. */
export function toSegment(exchange: number, segment: number): TradedSegment {
  const known = segmentOf(exchange, segment);
  if (known === undefined) throw new RangeError(`unknown exchange ${exchange} with segment ${segment}`);
  return known;
}

/** fyToken: exchange (2 digits), segment (2), expiry YYMMDD or zeros (6), exchange's token. Null when malformed. */
export function keyFromFyToken(fyToken: string): InstrumentKey | null {
  const [, exchange = "", segment = "", token = ""] = /^(\d{2})(\d{2})\d{6}(\d{1,12})$/.exec(fyToken) ?? [];
  const known = segmentOf(exchange, segment);
  return known === undefined ? null : instrumentKey(known, token);
}

/** Our symbols are Fyers', but without the group of BSE shares, which changes over time: `BSE:SBIN-A` → `BSE:SBIN`. */
export const canonicalSymbol = (venueSymbol: string, segment: TradedSegment): TradingSymbol =>
  tradingSymbol(segment === "BSE" ? venueSymbol.replace(/-[A-Z0-9]{1,3}$/, "") : venueSymbol);

/** Fyers' index symbols equal ours, so no master is needed. */
const INDEX_SYMBOLS: ReadonlyMap<InstrumentKey, TradingSymbol> = new Map(
  INDICES.map(({ name, exchange }) => [indexKey(name), indexSymbol(exchange, name)]),
);

/** Fyers' symbol of an instrument (`BSE:SBIN-A`); undefined when its master does not have it. */
export function venueSymbolOf(table: InstrumentTable, key: InstrumentKey): string | undefined {
  const index = INDEX_SYMBOLS.get(key);
  if (index !== undefined) return index;
  const listed = table.byKey(key);
  return listed && qualified(listed);
}

function qualified({ instrument, venueSymbol }: VenueInstrument): string {
  const prefix = instrument.segment === "INDEX" ? instrument.symbol.split(":", 1)[0] : symbolPrefix(instrument.segment);
  return `${prefix}:${venueSymbol}`;
}
