import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import { SHARE_SERIES, type Equity, type Index, type Instrument } from "../../domain/instrument.ts";
import { chainName } from "./chains.ts";
import { kindAt } from "./master-columns.ts";
import type { Master } from "./master.ts";
import { NIFTY_50 } from "./nifty50.ts";

/** An index, or all listings under one ticker, at both exchanges and in all series. */
export interface Company {
  readonly ticker: string;
  /** Company names from the brokers' masters, without those that merely repeat the ticker. */
  readonly names: readonly string[];
  /** Best first: NSE's EQ, other series of NSE, BSE. */
  readonly listings: readonly (Equity | Index)[];
  readonly popularity: Popularity;
}

/** 0 index or Nifty 50, 1 has derivatives, 2 share of NSE, 3 only on BSE, 4 bonds and the like. */
export type Popularity = 0 | 1 | 2 | 3 | 4;

const ROWS_PER_YIELD = 4_000;

interface Draft {
  readonly names: Set<string>;
  readonly listings: Map<string, Equity | Index>;
}

/** All shares and indices of the masters, joined by ticker. `masters` is sorted best first. */
export async function companiesOf(masters: readonly Master[]): Promise<Company[]> {
  const drafts = new Map<string, Draft>();
  for (const master of masters) {
    for (let row = 0; row < master.rows; row += 1) {
      if (row % ROWS_PER_YIELD === ROWS_PER_YIELD - 1) await yieldToEventLoop();
      const kind = kindAt(master.columns, row);
      if (kind !== "equity" && kind !== "index") continue;
      const { instrument } = master.at(row);
      if (instrument.kind === "equity" || instrument.kind === "index") addListing(drafts, instrument);
    }
  }
  return [...drafts].map(([ticker, { names, listings }]) => {
    const ordered = [...listings.values()].sort((a, b) => listingOrder(a) - listingOrder(b));
    return { ticker, names: [...names], listings: ordered, popularity: popularityOf(ticker, ordered, masters) };
  });
}

function addListing(drafts: Map<string, Draft>, instrument: Equity | Index): void {
  const ticker = tickerOf(instrument);
  const draft = drafts.get(ticker) ?? { names: new Set(), listings: new Map() };
  drafts.set(ticker, draft);
  const known = draft.listings.get(instrument.symbol);
  // The best master's row wins, unless it has only the ticker as a name and a later master has the real name.
  if (
    !known ||
    (known.key === instrument.key && isNameless(known.name, ticker) && !isNameless(instrument.name, ticker))
  ) {
    draft.listings.set(instrument.symbol, instrument);
  }
  if (!isNameless(instrument.name, ticker)) draft.names.add(instrument.name);
}

/** Whether the name is only the ticker: some masters repeat it where others have the company's name. */
export const isNameless = (name: string, ticker: string): boolean => name.toUpperCase() === ticker.toUpperCase();

/** `BAJAJ-AUTO` of `NSE:BAJAJ-AUTO-EQ`, `SBIN` of `BSE:SBIN`, `NIFTY50` of `NSE:NIFTY50-INDEX`. */
export function tickerOf(instrument: Equity | Index): string {
  const name = instrument.symbol.slice(instrument.symbol.indexOf(":") + 1);
  const suffix = instrument.kind === "index" ? "-INDEX" : instrument.segment === "NSE" ? `-${instrument.series}` : "";
  return suffix !== "" && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

export const exchangeOf = (instrument: Instrument): "NSE" | "BSE" =>
  instrument.symbol.startsWith("BSE:") ? "BSE" : "NSE";

function listingOrder(listing: Equity | Index): number {
  if (listing.kind === "index") return 0;
  if (listing.segment === "BSE") return 3;
  return listing.series === "EQ" ? 0 : SHARE_SERIES.has(listing.series) ? 1 : 2;
}

function popularityOf(ticker: string, listings: readonly (Equity | Index)[], masters: readonly Master[]): Popularity {
  const best = listings[0];
  if (best?.kind === "index" || NIFTY_50.has(ticker)) return 0;
  if (best === undefined || (best.segment === "NSE" && !SHARE_SERIES.has(best.series))) return 4;
  if (masters.some(({ chains }) => chains.has(chainName("NFO", ticker)))) return 1;
  return best.segment === "NSE" ? 2 : 3;
}
