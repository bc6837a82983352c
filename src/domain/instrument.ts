import type { InstrumentKey, TradingSymbol } from "./ids.ts";
import { tradingSymbol } from "./ids.ts";
import type { Price } from "./money.ts";
import { PRICE_SCALE, ZERO_PRICE } from "./money.ts";

/**
 * Cash, equity derivatives, commodities (NCO is NSE's), currency (CDS, BCD), and indices, which are quoted but not
 * traded.
 */
export const SEGMENTS = ["NSE", "BSE", "NFO", "BFO", "MCX", "CDS", "BCD", "NCO", "NCDEX", "INDEX"] as const;
export type Segment = (typeof SEGMENTS)[number];
export type TradedSegment = Exclude<Segment, "INDEX">;
export const OPTION_TYPES = ["CE", "PE"] as const;
export type OptionType = (typeof OPTION_TYPES)[number];

interface Listed {
  readonly key: InstrumentKey;
  readonly symbol: TradingSymbol;
  readonly segment: Segment;
  /** Company or underlying in words, as in the broker's master file. */
  readonly name: string;
  /** Units in one lot; 1 for cash. Quantities are always in units. */
  readonly lotSize: number;
  /** 0 when the master file has none (indices). */
  readonly tickSize: Price;
  /** Largest quantity of one order; absent when not known. */
  readonly freezeQty?: number;
  readonly isin?: string;
}
export interface Equity extends Listed {
  readonly kind: "equity";
  /** NSE series (EQ, BE) or BSE group (A). */
  readonly series: string;
}
export interface Index extends Listed {
  readonly kind: "index";
}
interface Derivative extends Listed {
  readonly underlying: string;
  /** YYYY-MM-DD */
  readonly expiry: string;
}
export interface Future extends Derivative {
  readonly kind: "future";
}
export interface Option extends Derivative {
  readonly kind: "option";
  readonly strike: Price;
  readonly optionType: OptionType;
}
export type Instrument = Equity | Index | Future | Option;

/** Identity of an instrument: brokers' data is joined by this, never by parsing names. */
export function instrumentKey(segment: TradedSegment, exchangeToken: string | number): InstrumentKey {
  const token = String(exchangeToken);
  if (!/^\d{1,12}$/.test(token)) throw new RangeError(`not an exchange token: ${token}`);
  return `${segment}:${token}` as InstrumentKey;
}

/** Each broker numbers indices differently, so an index is identified by the name in its symbol: `NIFTY50`. */
export const indexKey = (name: string): InstrumentKey => `INDEX:${name}` as InstrumentKey;

const SYMBOL_PREFIX: Record<TradedSegment, string> = {
  NSE: "NSE",
  NFO: "NSE",
  BSE: "BSE",
  BFO: "BSE",
  MCX: "MCX",
  CDS: "NSE",
  BCD: "BSE",
  NCO: "NSE",
  NCDEX: "NCDEX",
};

export const symbolPrefix = (segment: TradedSegment): string => SYMBOL_PREFIX[segment];

/**
 * Series in which NSE trades shares, and units of REITs and InvITs; the others are bonds, rights and preference shares.
 */
export const SHARE_SERIES: ReadonlySet<string> = new Set(["EQ", "BE", "BZ", "SM", "ST", "SZ", "RR", "IV"]);

/** Trade-to-trade: every trade is settled by delivery, so shares not yet delivered cannot be sold. */
export const isTradeToTrade = (instrument: Instrument): boolean =>
  instrument.kind === "equity" && TRADE_TO_TRADE[instrument.segment]?.has(instrument.series) === true;
const TRADE_TO_TRADE: Partial<Readonly<Record<Segment, ReadonlySet<string>>>> = {
  NSE: new Set(["BE", "BZ", "ST", "SZ"]),
  BSE: new Set(["T", "XT", "MT"]),
};

/** `NSE:SBIN-EQ`; BSE has no series in its symbol: `BSE:SBIN`. */
export const equitySymbol = (segment: "NSE" | "BSE", ticker: string, series: string): TradingSymbol =>
  tradingSymbol(segment === "NSE" ? `NSE:${ticker}-${series}` : `BSE:${ticker}`);

export const indexSymbol = (exchange: "NSE" | "BSE", name: string): TradingSymbol =>
  tradingSymbol(`${exchange}:${name}-INDEX`);

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"] as const;
const WEEKLY_MONTH = "123456789OND";

/** `NSE:NIFTY26NOVFUT` */
export function futureSymbol(prefix: string, underlying: string, expiry: string): TradingSymbol {
  const { year, month } = expiryParts(expiry);
  return tradingSymbol(`${prefix}:${underlying}${year}${MONTHS[month - 1]}FUT`);
}

export interface OptionName {
  readonly prefix: string;
  readonly underlying: string;
  readonly expiry: string;
  readonly strike: Price;
  readonly optionType: OptionType;
  /** Whether it is the underlying's last expiry of the month; see `monthlyExpiries`. */
  readonly isMonthly: boolean;
}

/** `NSE:NIFTY26NOV26000CE` for a monthly, `NSE:NIFTY26D0124500CE` for a weekly expiry. */
export function optionSymbol(option: OptionName): TradingSymbol {
  const { year, month, day } = expiryParts(option.expiry);
  const date = option.isMonthly ? `${year}${MONTHS[month - 1]}` : `${year}${WEEKLY_MONTH[month - 1]}${day}`;
  return tradingSymbol(
    `${option.prefix}:${option.underlying}${date}${option.strike / PRICE_SCALE}${option.optionType}`,
  );
}

function expiryParts(expiry: string): { year: string; month: number; day: string } {
  const match = /^\d{2}(\d{2})-(\d{2})-(\d{2})$/.exec(expiry);
  const [, year, month, day] = match ?? [];
  if (year === undefined || month === undefined || day === undefined) throw new RangeError(`not a date: ${expiry}`);
  return { year, month: Number(month), day };
}

/** The last expiry of each month, given all expiries of one underlying. */
export function monthlyExpiries(expiries: Iterable<string>): Set<string> {
  const lastOfMonth = new Map<string, string>();
  for (const expiry of expiries) {
    const month = expiry.slice(0, 7);
    const last = lastOfMonth.get(month);
    if (last === undefined || expiry > last) lastOfMonth.set(month, expiry);
  }
  return new Set(lastOfMonth.values());
}

/** The indices that every broker quotes; `name` is the part of the symbol after the exchange. */
export const INDICES = [
  { name: "NIFTY50", exchange: "NSE", title: "Nifty 50" },
  { name: "NIFTYBANK", exchange: "NSE", title: "Nifty Bank" },
  { name: "FINNIFTY", exchange: "NSE", title: "Nifty Financial Services" },
  { name: "MIDCPNIFTY", exchange: "NSE", title: "Nifty Midcap Select" },
  { name: "NIFTYNXT50", exchange: "NSE", title: "Nifty Next 50" },
  { name: "INDIAVIX", exchange: "NSE", title: "India VIX" },
  { name: "SENSEX", exchange: "BSE", title: "Sensex" },
  { name: "BANKEX", exchange: "BSE", title: "Bankex" },
] as const;
export type IndexName = (typeof INDICES)[number]["name"];

/** An index as an instrument. It is not traded, so it has no tick size. */
export const indexInstrument = ({ name, exchange, title }: (typeof INDICES)[number]): Index => ({
  kind: "index",
  key: indexKey(name),
  symbol: indexSymbol(exchange, name),
  segment: "INDEX",
  name: title,
  lotSize: 1,
  tickSize: ZERO_PRICE,
});

export const isDerivative = (instrument: Instrument): instrument is Future | Option =>
  instrument.kind === "future" || instrument.kind === "option";

/** Whether the contract's last day has passed. The exchange may have given its token to another contract by then. */
export const isExpired = (instrument: Instrument, today: string): boolean =>
  isDerivative(instrument) && instrument.expiry < today;

/** The short name: `SBIN` for `NSE:SBIN-EQ`, `NIFTY26NOVFUT` for `NSE:NIFTY26NOVFUT`. */
export const ticker = (symbol: TradingSymbol): string =>
  symbol.slice(symbol.indexOf(":") + 1).replace(/-(EQ|INDEX)$/, "");

/** The ticker, with `BSE:` for BSE shares: for lists that may hold both listings of a share. */
export const listingName = ({ symbol, segment }: Pick<Instrument, "symbol" | "segment">): string =>
  segment === "BSE" ? `BSE:${ticker(symbol)}` : ticker(symbol);
