import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import type { InstrumentKey } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { PRICE_SCALE } from "../../../src/domain/money.ts";
import { createInstrumentIndex } from "../instrument-index.ts";

const INDICES: Readonly<Record<string, string>> = {
  "INDEX:NIFTY50": "NIFTY",
  "INDEX:NIFTYBANK": "BANKNIFTY",
  "INDEX:FINNIFTY": "FINNIFTY",
  "INDEX:MIDCPNIFTY": "NIFTYMIDSELECT",
  "INDEX:NIFTYNXT50": "NIFTYJR",
  "INDEX:INDIAVIX": "INDIAVIX",
  "INDEX:SENSEX": "SENSEX",
  "INDEX:BANKEX": "BANKEX",
};

/** An instrument as Groww names it, in three spellings: `SBIN`, `NSE-SBIN`, and `NSE_SBIN` where many are asked for. */
export interface Listing {
  readonly instrument: Instrument;
  readonly exchange: "NSE" | "BSE";
  readonly segment: "CASH" | "FNO";
  readonly symbol: string;
  readonly growwSymbol: string;
}

export interface Directory {
  all(): readonly Listing[];
  /** By exchange, segment and trading symbol. */
  named(...names: readonly unknown[]): Listing | undefined;
  byGrowwSymbol(symbol: string): Listing | undefined;
  readonly of: (key: InstrumentKey) => Listing | undefined;
}

export function createDirectory(exchange: Exchange): Directory {
  const current = createInstrumentIndex(exchange, indexOf);
  return {
    all: () => current().all,
    named: (...names) => current().byName.get(names.map(String).join(" ")),
    byGrowwSymbol: (symbol) => current().byGroww.get(symbol),
    of: (key) => current().byKey.get(key),
  };
}

function indexOf(list: readonly Instrument[]) {
  const all = list.flatMap((instrument) => toListing(instrument) ?? []);
  return {
    all,
    byName: new Map(all.map((each) => [`${each.exchange} ${each.segment} ${each.symbol}`, each])),
    byGroww: new Map(all.map((each) => [each.growwSymbol, each])),
    byKey: new Map(all.map((each) => [each.instrument.key, each])),
  };
}

function toListing(instrument: Instrument): Listing | undefined {
  const exchange = instrument.symbol.startsWith("BSE:") ? "BSE" : "NSE";
  const tail = instrument.symbol.slice(instrument.symbol.indexOf(":") + 1);
  switch (instrument.kind) {
    case "index": {
      const symbol = INDICES[instrument.key];
      return symbol === undefined
        ? undefined
        : { instrument, exchange, segment: "CASH", symbol, growwSymbol: `${exchange}-${symbol}` };
    }
    case "equity": {
      if (instrument.segment !== "NSE" && instrument.segment !== "BSE") return undefined;
      const symbol = exchange === "NSE" ? tail.slice(0, -instrument.series.length - 1) : tail;
      return { instrument, exchange, segment: "CASH", symbol, growwSymbol: `${exchange}-${symbol}` };
    }
    case "future":
    case "option": {
      if (instrument.segment !== "NFO" && instrument.segment !== "BFO") return undefined;
      const { underlying, expiry } = instrument;
      const terms = instrument.kind === "future" ? "FUT" : optionTerms(instrument);
      const growwSymbol = `${exchange}-${underlying}-${dayOf(expiry)}-${terms}`;
      return { instrument, exchange, segment: "FNO", symbol: tail, growwSymbol };
    }
  }
}

const optionTerms = ({ strike, optionType }: Extract<Instrument, { kind: "option" }>): string =>
  `${strike / PRICE_SCALE}-${optionType}`;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** `24Nov26` */
const dayOf = (date: string): string => `${date.slice(8)}${MONTHS[Number(date.slice(5, 7)) - 1]}${date.slice(2, 4)}`;

/** Groww's order id: the exchange's number as `GMK…X` for cash and `GLTFO…X` for derivatives. */
export const idOf = (orderId: string, { segment }: Listing): string =>
  `${segment === "CASH" ? "GMK" : "GLTFO"}${orderId}X`;
export const numberIn = (id: string): string => /^(?:GMK|GLTFO)(\d+)X$/.exec(id)?.[1] ?? "";
