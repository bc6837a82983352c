import { SHARE_SERIES, type Equity, type IndexName, type Instrument } from "../../src/domain/instrument.ts";

/** Indices that Yahoo has prices for; it has no other of ours under a name that is known to work. */
const INDEX_SYMBOLS: Readonly<Partial<Record<IndexName, string>>> = {
  NIFTY50: "^NSEI",
  NIFTYBANK: "^NSEBANK",
  FINNIFTY: "NIFTY_FIN_SERVICE.NS",
  SENSEX: "^BSESN",
  INDIAVIX: "^INDIAVIX",
};

/** The library puts the symbol into a URL as it is: anything that could end the path is refused. */
const SAFE = /^[A-Z0-9^&._-]{1,32}$/;

/** Yahoo's name for it, `SBIN.NS`; null for derivatives and whatever else Yahoo does not have. */
export function yahooSymbol(instrument: Instrument): string | null {
  const symbol = unchecked(instrument);
  return symbol !== null && SAFE.test(symbol) ? symbol : null;
}

function unchecked(instrument: Instrument): string | null {
  if (instrument.kind === "index") {
    const name = instrument.key.slice("INDEX:".length);
    return INDEX_SYMBOLS[name as IndexName] ?? null;
  }
  return instrument.kind === "equity" ? equitySymbol(instrument) : null;
}

/**
 * NSE's series is not part of Yahoo's name: what shares a ticker with the company's share, its bonds and partly paid
 * shares, would be priced as that. BSE has no series in ours.
 */
function equitySymbol({ segment, symbol, series }: Equity): string | null {
  const name = symbol.slice(symbol.indexOf(":") + 1);
  if (segment === "BSE") return `${name}.BO`;
  if (segment !== "NSE" || !SHARE_SERIES.has(series)) return null;
  return `${name.endsWith(`-${series}`) ? name.slice(0, -series.length - 1) : name}.NS`;
}
