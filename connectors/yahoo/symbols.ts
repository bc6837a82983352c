import { SHARE_SERIES, type Equity, type IndexName, type Instrument } from "../../src/domain/instrument.ts";

/** Indices that Yahoo is known to have. */
const INDEX_SYMBOLS: Readonly<Partial<Record<IndexName, string>>> = {
  NIFTY50: "^NSEI",
  NIFTYBANK: "^NSEBANK",
  FINNIFTY: "NIFTY_FIN_SERVICE.NS",
  SENSEX: "^BSESN",
  INDIAVIX: "^INDIAVIX",
};

/** The library puts the symbol into the URL unescaped, so anything else is refused. */
const SAFE = /^[A-Z0-9^&._-]{1,32}$/;

/** `SBIN.NS`; null for derivatives and other instruments that Yahoo does not have. */
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
 * Yahoo's symbols have no series, so other securities with the same ticker (bonds, partly paid shares) would get the
 * share's price: only share series are served. Our BSE symbols have no series.
 */
function equitySymbol({ segment, symbol, series }: Equity): string | null {
  const name = symbol.slice(symbol.indexOf(":") + 1);
  if (segment === "BSE") return `${name}.BO`;
  if (segment !== "NSE" || !SHARE_SERIES.has(series)) return null;
  return `${name.endsWith(`-${series}`) ? name.slice(0, -series.length - 1) : name}.NS`;
}
