import type { InstrumentKey, TradingSymbol } from "./ids.ts";
import { tradingSymbol } from "./ids.ts";
import type { Price } from "./money.ts";
import { PRICE_SCALE, ZERO_PRICE } from "./money.ts";

/** Cash, derivatives, commodities (NCO is NSE's) and the indices, which are quoted and never traded. */
export const SEGMENTS = ["NSE", "BSE", "NFO", "BFO", "MCX", "CDS", "BCD", "NCO", "NCDEX", "INDEX"] as const;
export type Segment = (typeof SEGMENTS)[number];
export const OPTION_TYPES = ["CE", "PE"] as const;
export type OptionType = (typeof OPTION_TYPES)[number];

interface Listed {
  readonly key: InstrumentKey;
  readonly symbol: TradingSymbol;
  readonly segment: Segment;
  /** Company or underlying in words, as the master file has it. */
  readonly name: string;
  /** Units in one lot; 1 for cash. Quantities are always in units. */
  readonly lotSize: number;
  /** 0 where the master has none (indices). */
  readonly tickSize: Price;
  /** Largest quantity of one order, where it is known. */
  readonly freezeQty?: number;
  readonly isin?: string;
}
export interface Equity extends Listed {
  readonly kind: "equity";
  /** NSE series or BSE group: EQ, BE, A. */
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

/** Identity of a listed thing: brokers are joined by this and never by parsing names. */
export function instrumentKey(segment: Exclude<Segment, "INDEX">, exchangeToken: string | number): InstrumentKey {
  const token = String(exchangeToken);
  if (!/^\d{1,12}$/.test(token)) throw new RangeError(`not an exchange token: ${token}`);
  return `${segment}:${token}` as InstrumentKey;
}

/** Brokers number the indices each in their own way, so an index is known by its symbol's name: `NIFTY50`. */
export const indexKey = (name: string): InstrumentKey => `INDEX:${name}` as InstrumentKey;

const SYMBOL_PREFIX: Record<Exclude<Segment, "INDEX">, string> = {
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

export const symbolPrefix = (segment: Exclude<Segment, "INDEX">): string => SYMBOL_PREFIX[segment];

/** Series in which NSE trades shares, and units of REITs and InvITs; the others are bonds, rights and preference shares. */
export const SHARE_SERIES: ReadonlySet<string> = new Set(["EQ", "BE", "BZ", "SM", "ST", "SZ", "RR", "IV"]);

/** Each trade is delivered by itself: what was bought today, or has not come yet, cannot be sold against. */
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
  /** The month's last expiry of this underlying: only the list of its expiries can tell. */
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

/** From all expiries of one underlying, those that are the last of their month. */
export function monthlyExpiries(expiries: Iterable<string>): Set<string> {
  const lastOfMonth = new Map<string, string>();
  for (const expiry of expiries) {
    const month = expiry.slice(0, 7);
    const last = lastOfMonth.get(month);
    if (last === undefined || expiry > last) lastOfMonth.set(month, expiry);
  }
  return new Set(lastOfMonth.values());
}

/** The indices that every broker quotes, with the name that each symbol is built from. */
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

/** One of them as an instrument; it is not traded, so it has no tick. */
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

/** A contract whose last day is over: its number at the exchange may be another contract's by now. */
export const isOver = (instrument: Instrument, today: string): boolean =>
  isDerivative(instrument) && instrument.expiry < today;

/** The part people say: `SBIN` of `NSE:SBIN-EQ`, `NIFTY26NOVFUT` of `NSE:NIFTY26NOVFUT`. */
export const ticker = (symbol: TradingSymbol): string =>
  symbol.slice(symbol.indexOf(":") + 1).replace(/-(EQ|INDEX)$/, "");

/** The same where a share's two listings may meet: `BSE:SBIN`, as it can be typed too. */
export const listingName = ({ symbol, segment }: Pick<Instrument, "symbol" | "segment">): string =>
  segment === "BSE" ? `BSE:${ticker(symbol)}` : ticker(symbol);
