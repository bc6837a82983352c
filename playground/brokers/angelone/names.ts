import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import { indexKey, INDICES, type IndexName, type Instrument } from "../../../src/domain/instrument.ts";
import type { InstrumentKey } from "../../../src/domain/ids.ts";
import { PRICE_SCALE } from "../../../src/domain/money.ts";
import { createInstrumentIndex } from "../instrument-index.ts";

/** How Angel One names one instrument. */
export interface Listing {
  readonly instrument: Instrument;
  readonly exchange: string;
  readonly tradingsymbol: string;
  readonly token: string;
  /** The master's `name`. */
  readonly name: string;
  /** The master's `instrumenttype`. */
  readonly type: string;
  /** "24NOV2026" */
  readonly expiry: string;
}

const INDEX_LISTINGS: Readonly<
  Record<IndexName, { readonly symbol: string; readonly token: string; readonly name: string }>
> = {
  NIFTY50: { symbol: "Nifty 50", token: "99926000", name: "NIFTY" },
  NIFTYBANK: { symbol: "Nifty Bank", token: "99926009", name: "BANKNIFTY" },
  FINNIFTY: { symbol: "Nifty Fin Service", token: "99926037", name: "FINNIFTY" },
  MIDCPNIFTY: { symbol: "NIFTY MID SELECT", token: "99926074", name: "MIDCPNIFTY" },
  NIFTYNXT50: { symbol: "Nifty Next 50", token: "99926013", name: "NIFTY NEXT 50" },
  INDIAVIX: { symbol: "India VIX", token: "99926017", name: "INDIA VIX" },
  SENSEX: { symbol: "SENSEX", token: "99919000", name: "SENSEX" },
  BANKEX: { symbol: "BANKEX", token: "99919012", name: "BANKEX" },
};
const INDEX_UNDERLYINGS: ReadonlySet<string> = new Set([
  "NIFTY",
  "BANKNIFTY",
  "FINNIFTY",
  "MIDCPNIFTY",
  "NIFTYNXT50",
  "SENSEX",
  "BANKEX",
]);
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

export interface Listings {
  all(): readonly Listing[];
  readonly byKey: (key: InstrumentKey) => Listing | undefined;
  /** Exchange and token, as orders and quotes carry them. */
  byToken(exchange: string, token: string): Listing | undefined;
}

export function createListings(exchange: Exchange): Listings {
  const current = createInstrumentIndex(exchange, indexOf);
  return {
    all: () => current().all,
    byKey: (key) => current().byKey.get(key),
    byToken: (venue, token) => current().byToken.get(`${venue}:${token}`),
  };
}

function indexOf(list: readonly Instrument[]) {
  const all = list.map(toListing).filter((listing) => listing !== null);
  const byKey = new Map(all.map((listing) => [listing.instrument.key, listing]));
  const byToken = new Map(all.map((listing) => [`${listing.exchange}:${listing.token}`, listing]));
  return { all, byKey, byToken };
}

function toListing(instrument: Instrument): Listing | null {
  if (instrument.kind === "index") return toIndexListing(instrument);
  const exchange = instrument.segment;
  const token = instrument.key.slice(instrument.key.indexOf(":") + 1);
  if (instrument.kind === "equity") {
    const tradingsymbol = instrument.symbol.slice(instrument.symbol.indexOf(":") + 1);
    const name = tradingsymbol.replace(/-[A-Z0-9]{1,2}$/, "");
    return { instrument, exchange, tradingsymbol, token, name, type: "", expiry: "" };
  }
  const { underlying: name } = instrument;
  const expiry = venueDate(instrument.expiry);
  const kind = INDEX_UNDERLYINGS.has(name) ? "IDX" : "STK";
  const short = `${expiry.slice(0, 5)}${expiry.slice(7)}`;
  return instrument.kind === "future"
    ? { instrument, exchange, tradingsymbol: `${name}${short}FUT`, token, name, type: `FUT${kind}`, expiry }
    : {
        instrument,
        exchange,
        tradingsymbol: `${name}${short}${instrument.strike / PRICE_SCALE}${instrument.optionType}`,
        token,
        name,
        type: `OPT${kind}`,
        expiry,
      };
}

function toIndexListing(instrument: Instrument): Listing | null {
  const index = INDICES.find(({ name }) => indexKey(name) === instrument.key);
  if (!index) return null;
  const { symbol, token, name } = INDEX_LISTINGS[index.name];
  return { instrument, exchange: index.exchange, tradingsymbol: symbol, token, name, type: "AMXIDX", expiry: "" };
}

/** 2026-11-24 → 24NOV2026 */
function venueDate(date: string): string {
  const [year = "", month = "", day = ""] = date.split("-");
  return `${day}${MONTHS[Number(month) - 1] ?? ""}${year}`;
}

/** ("2026-11-20", "10:14:09") → "20-Nov-2026 10:14:09" */
export function venueTime(date: string, clock: string): string {
  const [year = "", month = "", day = ""] = date.split("-");
  const name = MONTHS[Number(month) - 1] ?? "";
  return `${day}-${name.charAt(0)}${name.slice(1).toLowerCase()}-${year} ${clock}`;
}
