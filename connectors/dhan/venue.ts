import type { InstrumentKey, TradingSymbol } from "../../src/domain/ids.ts";
import { tradingSymbol } from "../../src/domain/ids.ts";
import {
  equitySymbol,
  futureSymbol,
  instrumentKey,
  optionSymbol,
  symbolPrefix,
  type OptionType,
  type Segment,
  type TradedSegment,
} from "../../src/domain/instrument.ts";
import { addDays, weekday } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import type { VenueInstrument } from "../base.ts";
import type { ExchangeSegment, ListedRaw, TradedSegmentRaw } from "./schemas.ts";

/** Looks a key up in the master; always undefined when the master could not be loaded. */
export type Lookup = (key: InstrumentKey) => VenueInstrument | undefined;

export const SEGMENT_OF: Readonly<Record<TradedSegmentRaw, TradedSegment>> = {
  NSE_EQ: "NSE",
  BSE_EQ: "BSE",
  NSE_FNO: "NFO",
  BSE_FNO: "BFO",
  MCX_COMM: "MCX",
  NSE_COMM: "NCO",
  NSE_CURRENCY: "CDS",
  BSE_CURRENCY: "BCD",
};
export const EXCHANGE_SEGMENT_OF = {
  NSE: "NSE_EQ",
  BSE: "BSE_EQ",
  NFO: "NSE_FNO",
  BFO: "BSE_FNO",
  MCX: "MCX_COMM",
  NCO: "NSE_COMM",
  CDS: "NSE_CURRENCY",
  BCD: "BSE_CURRENCY",
  INDEX: "IDX_I",
} as const satisfies Partial<Record<Segment, ExchangeSegment>>;

const keyOf = (row: ListedRaw): InstrumentKey => instrumentKey(SEGMENT_OF[row.exchangeSegment], row.securityId);

/** Dhan's ids for `NSE:3045`: its securityId is the exchange's token. */
export function venueId(key: InstrumentKey): { exchangeSegment: ExchangeSegment; securityId: string } {
  const [segment = "", securityId = ""] = key.split(":");
  const known: Partial<Record<string, ExchangeSegment>> = EXCHANGE_SEGMENT_OF;
  const exchangeSegment = known[segment];
  if (exchangeSegment === undefined || exchangeSegment === "IDX_I")
    throw new RangeError(`not a tradable instrument: ${key}`);
  return { exchangeSegment, securityId };
}

/** Placeholders that Dhan writes into empty fields. */
const SENTINELS = new Set(["", "0", "NA", "0001-01-01", "0001-01-01 00:00:00"]);
export const textOrNull = (text: string | null | undefined): string | null =>
  text === null || text === undefined || SENTINELS.has(text.trim()) ? null : text.trim();

export function toListed(row: ListedRaw, lookup: Lookup): { symbol: TradingSymbol; key: InstrumentKey } {
  const key = keyOf(row);
  return { symbol: lookup(key)?.instrument.symbol ?? builtSymbol(row, SEGMENT_OF[row.exchangeSegment]), key };
}

/** Cash rows have no series: without the master, EQ is assumed. */
export const cashSymbol = (segment: "NSE" | "BSE", name: string): TradingSymbol =>
  equitySymbol(segment, name.trim().replace(/-EQ$/, ""), "EQ");

/** Trades of options have no `drvOptionType`: it is the end of `NIFTY-Nov2026-24500-PE`. */
const OPTION = /[- ](CE|PE|CALL|PUT)$/;

/** Without the master a contract's symbol is built from the row's own terms. */
function builtSymbol(row: ListedRaw, segment: TradedSegment): TradingSymbol {
  const name = row.tradingSymbol.trim();
  if (segment === "NSE" || segment === "BSE") return cashSymbol(segment, name);
  const prefix = symbolPrefix(segment);
  const expiry = textOrNull(row.drvExpiryDate)?.slice(0, 10);
  const underlying = underlyingOf(name);
  if (expiry === undefined || underlying === null) return tradingSymbol(`${prefix}:${name.replaceAll(/\s+/g, "")}`);
  const optionType = optionTypeOf(textOrNull(row.drvOptionType) ?? OPTION.exec(name)?.[1]);
  if (optionType === null) return futureSymbol(prefix, underlying, expiry);
  const strike = priceFromRupees(row.drvStrikePrice ?? 0);
  return optionSymbol({ prefix, underlying, expiry, strike, optionType, isMonthly: isLastOfMonth(segment, expiry) });
}

/** `BAJAJ-AUTO` of `BAJAJ-AUTO-Nov2026-FUT`, `NIFTY` of the display name `NIFTY 24 NOV 24500 CALL`. */
export function underlyingOf(contract: string): string | null {
  const dashed = /^(.+?)-\d{0,2}[A-Za-z]{3}\d{4}-/.exec(contract);
  return (dashed ?? /^(\S+) /.exec(contract))?.[1] ?? null;
}

function optionTypeOf(text: string | null | undefined): OptionType | null {
  switch (textOrNull(text)) {
    case null:
    case "XX":
      return null;
    case "CE":
    case "CALL":
      return "CE";
    case "PE":
    case "PUT":
      return "PE";
    default:
      throw new RangeError(`unknown option type: ${text}`);
  }
}

/** NSE expires on Tuesdays, BSE on Thursdays; an expiry on another day was moved by a holiday. */
const EXPIRY_WEEKDAY: Partial<Readonly<Record<TradedSegment, number>>> = { NFO: 2, BFO: 4 };

/** Whether the next weekly expiry falls into another month: an estimate, used only for contracts that the master lacks. */
function isLastOfMonth(segment: TradedSegment, expiry: string): boolean {
  const planned = EXPIRY_WEEKDAY[segment] ?? weekday(expiry);
  const next = addDays(expiry, ((planned - weekday(expiry) + 7) % 7) + 7);
  return next.slice(0, 7) !== expiry.slice(0, 7);
}
