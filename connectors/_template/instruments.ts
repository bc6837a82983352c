import { tradingSymbol } from "../../src/domain/ids.ts";
import { OPTION_TYPES, SEGMENTS, type Instrument } from "../../src/domain/instrument.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import type { VenueInstrument } from "../base.ts";
import { linesOf } from "../csv.ts";
import { toKey } from "./map.ts";

const COLUMNS = 12;
/** instrument,symbol,kind,name,series,isin,lot,tick,freeze,underlying,expiry,strike with CE or PE: `26000CE` */
const HEADER = "instrument,";

/**
 * The master, row by row; a row that cannot be read is reported and left out. Acme spells symbols as we do; where a
 * broker does not, build them with domain/instrument.ts, as the other connectors do.
 */
export async function* readInstruments(
  bytes: AsyncIterable<Uint8Array>,
  onSkipped: (reason: string) => void,
): AsyncGenerator<VenueInstrument> {
  for await (const line of linesOf(bytes)) {
    if (line.startsWith(HEADER)) continue;
    const row = toInstrument(line.split(","));
    if (typeof row === "string") onSkipped(row);
    else yield row;
  }
}

/** A text says why the row is left out. */
function toInstrument(cells: readonly string[]): VenueInstrument | string {
  if (cells.length !== COLUMNS) return "wrong number of columns";
  const [id = "", symbol = "", kind = ""] = cells;
  if (!SEGMENTS.some((segment) => id.startsWith(`${segment}:`))) return "unknown segment";
  try {
    const instrument = build(kind, cells);
    return { instrument, venueSymbol: symbol, venueToken: id };
  } catch (error) {
    if (error instanceof RangeError) return "bad row";
    throw error;
  }
}

function build(kind: string, cells: readonly string[]): Instrument {
  const [id = "", symbol = "", , name = "", series = "", isin = "", lot = "", tick = "", freeze = ""] = cells;
  const [underlying = "", expiry = "", terms = ""] = cells.slice(9);
  const key = toKey(id);
  const listed = {
    key,
    symbol: tradingSymbol(symbol),
    segment: SEGMENTS.find((segment) => id.startsWith(`${segment}:`)) ?? "NSE",
    name,
    lotSize: wholeNumber(lot),
    tickSize: priceFromRupees(tick),
    ...(freeze === "" ? {} : { freezeQty: wholeNumber(freeze) }),
    ...(isin === "" ? {} : { isin }),
  };
  switch (kind) {
    case "equity":
      return { ...listed, kind, series };
    case "index":
      return { ...listed, kind };
    case "future":
      return { ...listed, kind, underlying, expiry };
    case "option": {
      const optionType = OPTION_TYPES.find((type) => terms.endsWith(type));
      if (!optionType) throw new RangeError(`neither call nor put: ${terms}`);
      return { ...listed, kind, underlying, expiry, strike: priceFromRupees(terms.slice(0, -2)), optionType };
    }
    default:
      throw new RangeError(`unknown kind: ${kind}`);
  }
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new RangeError(`not a quantity: ${text}`);
  return Number(text);
}
