import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import type { InstrumentKey } from "../../../src/domain/ids.ts";
import type { Instrument, Segment } from "../../../src/domain/instrument.ts";
import { PRICE_SCALE } from "../../../src/domain/money.ts";
import { createInstrumentIndex } from "../instrument-index.ts";

const HEADS: Readonly<Partial<Record<Segment, string>>> = {
  NSE: "NSE_EQ",
  BSE: "BSE_EQ",
  NFO: "NSE_FO",
  BFO: "BSE_FO",
};
const INDICES: Readonly<Record<string, readonly [key: string, token: string, symbol: string]>> = {
  "INDEX:NIFTY50": ["NSE_INDEX|Nifty 50", "26000", "NIFTY"],
  "INDEX:NIFTYBANK": ["NSE_INDEX|Nifty Bank", "26009", "BANKNIFTY"],
  "INDEX:FINNIFTY": ["NSE_INDEX|Nifty Fin Service", "26037", "FINNIFTY"],
  "INDEX:MIDCPNIFTY": ["NSE_INDEX|NIFTY MID SELECT", "26074", "MIDCPNIFTY"],
  "INDEX:NIFTYNXT50": ["NSE_INDEX|Nifty Next 50", "26013", "NIFTYNXT50"],
  "INDEX:INDIAVIX": ["NSE_INDEX|India VIX", "26017", "INDIA VIX"],
  "INDEX:SENSEX": ["BSE_INDEX|SENSEX", "1", "SENSEX"],
  "INDEX:BANKEX": ["BSE_INDEX|BANKEX", "12", "BANKEX"],
};

/** An instrument as Upstox names it: shares by their ISIN, contracts by the exchange's token, indices by words. */
export interface Listing {
  readonly instrument: Instrument;
  readonly key: string;
  readonly segment: string;
  readonly exchange: "NSE" | "BSE";
  readonly token: string;
  readonly symbol: string;
}

export interface Directory {
  all(): readonly Listing[];
  named(key: string): Listing | undefined;
  readonly of: (key: InstrumentKey) => Listing | undefined;
}

export function createDirectory(exchange: Exchange): Directory {
  const current = createInstrumentIndex(exchange, indexOf);
  return {
    all: () => current().all,
    named: (key) => current().byName.get(key),
    of: (key) => current().byKey.get(key),
  };
}

function indexOf(list: readonly Instrument[]) {
  const all = list.flatMap((instrument) => toListing(instrument) ?? []);
  const byName = new Map(all.map((listing) => [listing.key, listing]));
  const byKey = new Map(all.map((listing) => [listing.instrument.key, listing]));
  return { all, byName, byKey };
}

function toListing(instrument: Instrument): Listing | undefined {
  const exchange = instrument.symbol.startsWith("BSE:") ? "BSE" : "NSE";
  if (instrument.kind === "index") {
    const [key, token, symbol] = INDICES[instrument.key] ?? [];
    if (key === undefined || token === undefined || symbol === undefined) return undefined;
    return { instrument, key, segment: `${exchange}_INDEX`, exchange, token, symbol };
  }
  const segment = HEADS[instrument.segment];
  if (segment === undefined) return undefined;
  const token = instrument.key.slice(instrument.key.indexOf(":") + 1);
  const id = instrument.kind === "equity" ? instrument.isin : token;
  return { instrument, key: `${segment}|${id}`, segment, exchange, token, symbol: symbolOf(instrument) };
}

/** `SBIN`, `NIFTY FUT 24 NOV 26`, `NIFTY 26000 CE 24 NOV 26`. */
function symbolOf(instrument: Exclude<Instrument, { kind: "index" }>): string {
  switch (instrument.kind) {
    case "equity": {
      const name = instrument.symbol.slice(instrument.symbol.indexOf(":") + 1);
      return instrument.segment === "NSE" ? name.slice(0, -instrument.series.length - 1) : name;
    }
    case "future":
      return `${instrument.underlying} FUT ${dayOf(instrument.expiry)}`;
    case "option": {
      const { underlying, strike, optionType, expiry } = instrument;
      return `${underlying} ${strike / PRICE_SCALE} ${optionType} ${dayOf(expiry)}`;
    }
  }
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const dayOf = (date: string): string => `${date.slice(8)} ${MONTHS[Number(date.slice(5, 7)) - 1]} ${date.slice(2, 4)}`;

/** Orders and trades append the series to the symbol; the master file and holdings do not. */
const bookSymbol = ({ instrument, symbol }: Listing): string =>
  instrument.kind === "equity" && instrument.segment === "NSE" ? `${symbol}-${instrument.series}` : symbol;

export const bookFields = (listing: Listing) => ({
  exchange: listing.instrument.segment,
  instrument_token: listing.key,
  trading_symbol: bookSymbol(listing),
  tradingsymbol: bookSymbol(listing),
});
