import type { VenueInstrument } from "../base.ts";
import type { InstrumentKey } from "../../src/domain/ids.ts";
import {
  equitySymbol,
  futureSymbol,
  indexKey,
  INDICES,
  instrumentKey,
  monthlyExpiries,
  OPTION_TYPES,
  optionSymbol,
  symbolPrefix,
  type IndexName,
  type OptionType,
  indexInstrument,
} from "../../src/domain/instrument.ts";
import { istDate, parseIst } from "../../src/domain/market.ts";
import { price, priceFromRupees, type Price } from "../../src/domain/money.ts";
import { masterRowSchema, type MasterRowRaw } from "./schemas.ts";

/** Angel One's own tokens of the indices (exch_seg NSE or BSE, instrumenttype AMXIDX). */
const INDEX_TOKENS: Readonly<Record<IndexName, string>> = {
  NIFTY50: "99926000",
  NIFTYBANK: "99926009",
  FINNIFTY: "99926037",
  MIDCPNIFTY: "99926074",
  NIFTYNXT50: "99926013",
  INDIAVIX: "99926017",
  SENSEX: "99919000",
  BANKEX: "99919012",
};

/** Exchange and token under which Angel One quotes an index. */
export function indexVenue(key: InstrumentKey): { readonly exchange: string; readonly token: string } | null {
  const index = INDICES.find(({ name }) => indexKey(name) === key);
  return index ? { exchange: index.exchange, token: INDEX_TOKENS[index.name] } : null;
}

const DERIVATIVE_SEGMENTS = ["NFO", "BFO"] as const;
type DerivativeSegment = (typeof DERIVATIVE_SEGMENTS)[number];
/** Segments that the file lists and that are not served here. */
const OTHER_SEGMENTS: ReadonlySet<string> = new Set(["MCX", "CDS", "NCDEX", "NCO", "BCD"]);
const TEST_SYMBOL = /[NB]SETEST/;

/** An option held until the end of the file: which expiries are monthly is known only when all of them are. */
interface OptionRow {
  readonly token: string;
  readonly symbol: string;
  readonly strike: Price;
  readonly optionType: OptionType;
  readonly lotSize: number;
  readonly tickSize: Price;
}
interface OptionChain {
  readonly segment: DerivativeSegment;
  readonly underlying: string;
  readonly byExpiry: Map<string, OptionRow[]>;
}

interface Skipped {
  readonly skipped: string;
}
/** Null: a valid row that is not served, or an option, which has to wait for the end of the file. */
type Reading = VenueInstrument | Skipped | null;
const skipped = (reason: string): Skipped => ({ skipped: reason });

/** Instruments in the order of the file, except options: those come last, when all their expiries are known. */
export async function* toInstruments(
  objects: AsyncIterable<string>,
  onSkipped: (reason: string) => void,
): AsyncGenerator<VenueInstrument> {
  const chains = new Map<string, OptionChain>();
  for await (const text of objects) {
    const reading = readRow(text, chains);
    if (reading === null) continue;
    if ("skipped" in reading) onSkipped(reading.skipped);
    else yield reading;
  }
  for (const chain of chains.values()) {
    for (const reading of chainInstruments(chain)) {
      if ("skipped" in reading) onSkipped(reading.skipped);
      else yield reading;
    }
  }
}

function readRow(text: string, chains: Map<string, OptionChain>): Reading {
  const row = parseRow(text);
  return row === null ? skipped("unreadable row") : skippingBadValues(() => toInstrument(row, chains));
}

function skippingBadValues<T extends Reading>(read: () => T): T | Skipped {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return skipped("bad value");
    throw error;
  }
}

function parseRow(text: string): MasterRowRaw | null {
  try {
    return masterRowSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function toInstrument(row: MasterRowRaw, chains: Map<string, OptionChain>): Reading {
  const { exch_seg: segment, instrumenttype: type } = row;
  if (TEST_SYMBOL.test(row.symbol)) return skipped("test symbol");
  if (segment === "NSE" || segment === "BSE") {
    if (type === "AMXIDX") return toIndex(row, segment);
    return type === "" ? toEquity(row, segment) : skipped("unknown instrument type");
  }
  if (isDerivativeSegment(segment)) {
    if (type.startsWith("OPT")) return keepOption(row, segment, chains);
    return type.startsWith("FUT") ? toFuture(row, segment) : skipped("unknown instrument type");
  }
  return OTHER_SEGMENTS.has(segment) ? null : skipped("unknown segment");
}

/** Null for indices that are not served here. */
function toIndex(row: MasterRowRaw, exchange: "NSE" | "BSE"): VenueInstrument | null {
  const index = INDICES.find((known) => INDEX_TOKENS[known.name] === row.token && known.exchange === exchange);
  return index ? { instrument: indexInstrument(index), venueSymbol: row.symbol, venueToken: row.token } : null;
}

/** NSE symbols end in their series. BSE symbols do not, and the file does not have their group. */
function toEquity(row: MasterRowRaw, segment: "NSE" | "BSE"): Reading {
  const dash = segment === "NSE" ? row.symbol.lastIndexOf("-") : row.symbol.length;
  if (dash < 1) return skipped("no series");
  const series = row.symbol.slice(dash + 1);
  return {
    venueSymbol: row.symbol,
    venueToken: row.token,
    instrument: {
      kind: "equity",
      key: instrumentKey(segment, row.token),
      symbol: equitySymbol(segment, row.symbol.slice(0, dash), series),
      segment,
      series,
      name: row.name,
      lotSize: Number(row.lotsize),
      tickSize: priceFromPaise(row.tick_size),
    },
  };
}

function toFuture(row: MasterRowRaw, segment: DerivativeSegment): VenueInstrument {
  const expiry = isoExpiry(row.expiry);
  return {
    venueSymbol: row.symbol,
    venueToken: row.token,
    instrument: {
      kind: "future",
      key: instrumentKey(segment, row.token),
      symbol: futureSymbol(symbolPrefix(segment), row.name, expiry),
      segment,
      name: row.name,
      underlying: row.name,
      expiry,
      lotSize: Number(row.lotsize),
      tickSize: priceFromPaise(row.tick_size),
    },
  };
}

function keepOption(row: MasterRowRaw, segment: DerivativeSegment, chains: Map<string, OptionChain>): null {
  const optionType = OPTION_TYPES.find((type) => row.symbol.endsWith(type));
  const strike = priceFromPaise(row.strike);
  if (!optionType || strike <= 0) throw new RangeError(`not an option: ${row.symbol}`);
  const expiry = isoExpiry(row.expiry);
  const id = `${segment}:${row.name}`;
  const chain = chains.get(id) ?? { segment, underlying: row.name, byExpiry: new Map<string, OptionRow[]>() };
  chains.set(id, chain);
  const rows = chain.byExpiry.get(expiry) ?? [];
  chain.byExpiry.set(expiry, rows);
  const { token, symbol } = row;
  rows.push({
    token,
    symbol,
    strike,
    optionType,
    lotSize: Number(row.lotsize),
    tickSize: priceFromPaise(row.tick_size),
  });
  return null;
}

function* chainInstruments(chain: OptionChain): Generator<VenueInstrument | Skipped> {
  const monthly = monthlyExpiries(chain.byExpiry.keys());
  for (const [expiry, rows] of chain.byExpiry) {
    for (const row of rows) yield skippingBadValues(() => toOption(chain, expiry, monthly.has(expiry), row));
  }
}

function toOption(chain: OptionChain, expiry: string, isMonthly: boolean, row: OptionRow): VenueInstrument {
  const { segment, underlying } = chain;
  const { token, symbol: venueSymbol, ...terms } = row;
  const { strike, optionType } = row;
  return {
    venueSymbol,
    venueToken: token,
    instrument: {
      kind: "option",
      key: instrumentKey(segment, token),
      symbol: optionSymbol({ prefix: symbolPrefix(segment), underlying, expiry, strike, optionType, isMonthly }),
      segment,
      name: underlying,
      underlying,
      expiry,
      ...terms,
    },
  };
}

const isDerivativeSegment = (segment: string): segment is DerivativeSegment =>
  DERIVATIVE_SEGMENTS.some((known) => known === segment);

/** "24NOV2026" → "2026-11-24" */
function isoExpiry(text: string): string {
  if (!/^\d{2}[A-Z]{3}\d{4}$/.test(text)) throw new RangeError(`not an expiry: ${text}`);
  return istDate(parseIst(text));
}

/** The file has prices in paise: "5.000000" is 0.05 rupees. */
const priceFromPaise = (paise: string): Price => price(Math.round(priceFromRupees(paise) / 100));
