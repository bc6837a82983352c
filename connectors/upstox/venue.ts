import type { InstrumentKey, TradingSymbol } from "../../src/domain/ids.ts";
import { tradingSymbol } from "../../src/domain/ids.ts";
import { instrumentKey, symbolPrefix, type TradedSegment } from "../../src/domain/instrument.ts";
import type { InstrumentTable, VenueInstrument } from "../base.ts";
import type { ListedRaw } from "./schemas.ts";

/** By the first part of an instrument key: `NSE_EQ` of `NSE_EQ|INE062A01020`. */
const SEGMENTS: ReadonlyMap<string, TradedSegment> = new Map(
  Object.entries({
    NSE_EQ: "NSE",
    BSE_EQ: "BSE",
    NSE_FO: "NFO",
    BSE_FO: "BFO",
    NCD_FO: "CDS",
    BCD_FO: "BCD",
    MCX_FO: "MCX",
    NSE_COM: "NCO",
  }),
);

export const segmentNamed = (head: string): TradedSegment | undefined => SEGMENTS.get(head);

/** Looks an Upstox key up in the master; always undefined when the master could not be loaded. */
export type Lookup = (segment: TradedSegment, instrumentKey: string) => VenueInstrument | undefined;
export const lookupIn =
  (master: InstrumentTable | null): Lookup =>
  (segment, key) =>
    master?.byVenueSymbol(segment, key);

export interface Identity {
  readonly segment: TradedSegment;
  readonly key: InstrumentKey | null;
  readonly symbol: TradingSymbol;
}

/**
 * Identity of a row. Upstox's key of a share contains the ISIN, so the exchange's token is only in the master. The key
 * of a contract contains the token, but its symbol is only in the master.
 */
export function identityOf(row: ListedRaw, lookup: Lookup): Identity {
  const [head = "", id = ""] = row.instrument_token.split("|");
  const segment = segmentNamed(head);
  if (segment === undefined) throw new RangeError(`unknown segment: ${row.instrument_token}`);
  const listed = lookup(segment, row.instrument_token)?.instrument;
  if (listed) return { segment, key: listed.key, symbol: listed.symbol };
  const isShare = segment === "NSE" || segment === "BSE";
  const symbol = isShare ? cashSymbol(segment, row.trading_symbol) : contractSymbol(segment, row.trading_symbol);
  return { segment, key: isShare ? null : instrumentKey(segment, id), symbol };
}

/** `SBIN-EQ` in the order book, `SBIN` in the holdings: without a series, EQ is assumed. */
const cashSymbol = (segment: "NSE" | "BSE", name: string): TradingSymbol =>
  segment === "BSE"
    ? tradingSymbol(`BSE:${name.replace(/-[A-Z]{1,2}$/, "")}`)
    : tradingSymbol(`NSE:${/-[A-Z0-9]{2}$/.test(name) ? name : `${name}-EQ`}`);

/** `NIFTY FUT 24 NOV 26` */
const contractSymbol = (segment: TradedSegment, name: string): TradingSymbol =>
  tradingSymbol(`${symbolPrefix(segment)}:${name.replaceAll(/\s+/g, "")}`);
