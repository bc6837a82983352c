import type { TradingSymbol } from "../../src/domain/ids.ts";
import {
  equitySymbol,
  futureSymbol,
  INDICES,
  instrumentKey,
  optionSymbol,
  symbolPrefix,
  type IndexName,
  type OptionType,
  indexInstrument,
} from "../../src/domain/instrument.ts";
import { istDate } from "../../src/domain/market.ts";
import { price, priceFromRupees, type Price } from "../../src/domain/money.ts";
import type { VenueInstrument } from "../base.ts";
import { createOptionChains, type OptionChains } from "../option-chains.ts";
import { masterRowSchema, type MasterRowRaw } from "./schemas.ts";
import { segmentNamed } from "./venue.ts";

/** Instrument keys of the indices, upper case without blanks. Only Nifty 50, Nifty Bank and Sensex are verified. */
const INDEX_IDS: Readonly<Record<string, IndexName>> = {
  "NSE_INDEX|NIFTY50": "NIFTY50",
  "NSE_INDEX|NIFTYBANK": "NIFTYBANK",
  "NSE_INDEX|NIFTYFINSERVICE": "FINNIFTY",
  "NSE_INDEX|NIFTYMIDSELECT": "MIDCPNIFTY",
  "NSE_INDEX|NIFTYNEXT50": "NIFTYNXT50",
  "NSE_INDEX|INDIAVIX": "INDIAVIX",
  "BSE_INDEX|SENSEX": "SENSEX",
  "BSE_INDEX|BANKEX": "BANKEX",
};
/** Segments that the file lists and that are not served here. */
const OTHER_SEGMENTS: ReadonlySet<string> = new Set(["NCD_FO", "BCD_FO", "MCX_FO", "NSE_COM", "GLOBAL_INDEX"]);
const TEST_SYMBOL = /[NB]SETEST/;

interface Skipped {
  readonly skipped: string;
}
/** Null: a valid row that is not served, or an option, which has to wait for the end of the file. */
type Reading = VenueInstrument | Skipped | null;
const skipped = (reason: string): Skipped => ({ skipped: reason });

type Chains = OptionChains<(isMonthly: boolean) => VenueInstrument>;

/** Instruments in the order of the file, except options: those come last, when all their expiries are known. */
export async function* readInstruments(
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
  yield* chains.complete((option, isMonthly) => option(isMonthly), onSkipped);
}

function readRow(text: string, chains: Chains): Reading {
  try {
    const row = masterRowSchema.safeParse(JSON.parse(text)).data;
    return row ? toInstrument(row, chains) : skipped("unreadable row");
  } catch (error) {
    if (error instanceof RangeError) return skipped("bad value");
    if (error instanceof SyntaxError) return skipped("unreadable row");
    throw error;
  }
}

function toInstrument(row: MasterRowRaw, chains: Chains): Reading {
  if (row.segment === "NSE_INDEX" || row.segment === "BSE_INDEX") return toIndex(row);
  if (OTHER_SEGMENTS.has(row.segment)) return null;
  if (TEST_SYMBOL.test(row.trading_symbol)) return skipped("test symbol");
  const segment = segmentNamed(row.segment);
  if (segment === "NSE" || segment === "BSE") return toShare(row, segment);
  return segment === "NFO" || segment === "BFO" ? toContract(row, segment, chains) : skipped("unknown segment");
}

const venue = (row: MasterRowRaw) => ({ venueSymbol: row.instrument_key, venueToken: row.exchange_token });

/** Null for indices that are not served here. */
function toIndex(row: MasterRowRaw): VenueInstrument | null {
  const name = INDEX_IDS[row.instrument_key.toUpperCase().replaceAll(/\s/g, "")];
  const known = INDICES.find((index) => index.name === name);
  return known ? { instrument: indexInstrument(known), ...venue(row) } : null;
}

/** `instrument_type` is the series at NSE and the group at BSE. */
function toShare(row: MasterRowRaw, segment: "NSE" | "BSE"): VenueInstrument {
  const series = row.instrument_type;
  if (series === "") throw new RangeError("no series");
  return {
    instrument: {
      kind: "equity",
      key: instrumentKey(segment, row.exchange_token),
      symbol: equitySymbol(segment, row.trading_symbol, series),
      segment,
      series,
      name: row.name || row.trading_symbol,
      ...sizesOf(row),
      ...(row.isin ? { isin: row.isin } : {}),
    },
    ...venue(row),
  };
}

function toContract(row: MasterRowRaw, segment: "NFO" | "BFO", chains: Chains): Reading {
  const { underlying_symbol: underlying, instrument_type: type } = row;
  if (!underlying || row.expiry === undefined) throw new RangeError("no underlying or expiry");
  const expiry = istDate(row.expiry);
  const listed = {
    key: instrumentKey(segment, row.exchange_token),
    segment,
    name: row.name || underlying,
    underlying,
    expiry,
    ...sizesOf(row),
  };
  const prefix = symbolPrefix(segment);
  if (type === "FUT")
    return {
      instrument: { ...listed, kind: "future", symbol: futureSymbol(prefix, underlying, expiry) },
      ...venue(row),
    };
  if (type !== "CE" && type !== "PE") return skipped("unknown instrument type");
  const strike = strikeOf(row);
  const symbol = symbolsOf({ prefix, underlying, expiry, strike, optionType: type });
  const names = venue(row);
  chains.add(`${segment}:${underlying}`, expiry, (isMonthly) => ({
    instrument: { ...listed, kind: "option", strike, optionType: type, symbol: symbol(isMonthly) },
    ...names,
  }));
  return null;
}

const symbolsOf =
  (option: { prefix: string; underlying: string; expiry: string; strike: Price; optionType: OptionType }) =>
  (isMonthly: boolean): TradingSymbol =>
    optionSymbol({ ...option, isMonthly });

function strikeOf(row: MasterRowRaw): Price {
  const strike = priceFromRupees(row.strike_price ?? 0);
  if (strike <= 0) throw new RangeError("no strike");
  return strike;
}

/** Ticks are in paise; a freeze quantity of 0 means none. */
function sizesOf({ lot_size: lot, tick_size: tick, freeze_quantity: freeze }: MasterRowRaw) {
  if (lot === undefined || !Number.isSafeInteger(lot) || lot < 1) throw new RangeError("no lot size");
  if (tick === undefined || !(tick > 0)) throw new RangeError("no tick size");
  const freezeQty = freeze !== undefined && freeze >= 1 ? Math.floor(freeze) : null;
  return { lotSize: lot, tickSize: price(Math.round(tick * 100)), ...(freezeQty === null ? {} : { freezeQty }) };
}
