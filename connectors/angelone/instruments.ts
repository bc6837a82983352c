import type { VenueInstrument } from "../base.ts";
import type { InstrumentKey } from "../../src/domain/ids.ts";
import {
  equitySymbol,
  futureSymbol,
  indexKey,
  INDICES,
  instrumentKey,
  OPTION_TYPES,
  optionSymbol,
  symbolPrefix,
  type IndexName,
  type Option,
  indexInstrument,
} from "../../src/domain/instrument.ts";
import { istDate, parseIst } from "../../src/domain/market.ts";
import { price, priceFromRupees, type Price } from "../../src/domain/money.ts";
import { parseJson } from "../../src/lib/json.ts";
import { createOptionChains, type OptionChains } from "../option-chains.ts";
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

/** Held without its symbol, as data: there are some 100,000 of them. */
interface PendingOption extends Omit<VenueInstrument, "instrument"> {
  readonly terms: Omit<Option, "symbol" | "segment"> & { readonly segment: DerivativeSegment };
}
type Chains = OptionChains<PendingOption>;

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
  const chains: Chains = createOptionChains();
  for await (const text of objects) {
    const reading = readRow(text, chains);
    if (reading === null) continue;
    if ("skipped" in reading) onSkipped(reading.skipped);
    else yield reading;
  }
  yield* chains.complete(toOption, onSkipped);
}

function readRow(text: string, chains: Chains): Reading {
  try {
    const row = masterRowSchema.safeParse(parseJson(text)).data;
    return row ? toInstrument(row, chains) : skipped("unreadable row");
  } catch (error) {
    if (error instanceof RangeError) return skipped("bad value");
    throw error;
  }
}

function toInstrument(row: MasterRowRaw, chains: Chains): Reading {
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

function keepOption(row: MasterRowRaw, segment: DerivativeSegment, chains: Chains): null {
  const optionType = OPTION_TYPES.find((type) => row.symbol.endsWith(type));
  const strike = priceFromPaise(row.strike);
  if (!optionType || strike <= 0) throw new RangeError(`not an option: ${row.symbol}`);
  const expiry = isoExpiry(row.expiry);
  chains.add(`${segment}:${row.name}`, expiry, {
    venueSymbol: row.symbol,
    venueToken: row.token,
    terms: {
      kind: "option",
      key: instrumentKey(segment, row.token),
      segment,
      name: row.name,
      underlying: row.name,
      expiry,
      strike,
      optionType,
      lotSize: Number(row.lotsize),
      tickSize: priceFromPaise(row.tick_size),
    },
  });
  return null;
}

function toOption({ terms, ...names }: PendingOption, isMonthly: boolean): VenueInstrument {
  const symbol = optionSymbol({ ...terms, prefix: symbolPrefix(terms.segment), isMonthly });
  return { ...names, instrument: { ...terms, symbol } };
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
