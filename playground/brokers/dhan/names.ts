import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import type { InstrumentKey } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { PRICE_SCALE } from "../../../src/domain/money.ts";

/** Dhan numbers and names the indices in its own way. */
const INDICES: Readonly<Record<string, { id: string; name: string }>> = {
  "INDEX:NIFTY50": { id: "13", name: "NIFTY" },
  "INDEX:NIFTYBANK": { id: "25", name: "BANKNIFTY" },
  "INDEX:FINNIFTY": { id: "27", name: "FINNIFTY" },
  "INDEX:MIDCPNIFTY": { id: "442", name: "MIDCPNIFTY" },
  "INDEX:NIFTYNXT50": { id: "38", name: "NIFTYNXT50" },
  "INDEX:INDIAVIX": { id: "21", name: "INDIA VIX" },
  "INDEX:SENSEX": { id: "51", name: "SENSEX" },
  "INDEX:BANKEX": { id: "69", name: "BANKEX" },
};

const WIRE_SEGMENTS: Readonly<Record<string, string>> = {
  NSE: "NSE_EQ",
  BSE: "BSE_EQ",
  NFO: "NSE_FNO",
  BFO: "BSE_FNO",
  MCX: "MCX_COMM",
  CDS: "NSE_CURRENCY",
  BCD: "BSE_CURRENCY",
  INDEX: "IDX_I",
};

export interface WireId {
  readonly exchangeSegment: string;
  readonly securityId: string;
}

export function wireId(key: InstrumentKey): WireId {
  const [segment = "", token = ""] = key.split(":");
  const exchangeSegment = WIRE_SEGMENTS[segment];
  if (exchangeSegment === undefined) throw new RangeError(`Dhan has no segment of ${key}`);
  return {
    exchangeSegment,
    securityId: segment === "INDEX" ? (INDICES[key]?.id ?? "") : token,
  };
}

export function findInstrument(exchange: Exchange, id: WireId): Instrument | undefined {
  return exchange.instruments.find(({ key }) => {
    const wire = wireId(key);
    return wire.securityId === id.securityId && wire.exchangeSegment === id.exchangeSegment;
  });
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `SBIN`, `NIFTY-Nov2026-FUT`, `NIFTY-Nov2026-24500-CE`, `INDIA VIX`. */
export function tradingName(instrument: Instrument): string {
  switch (instrument.kind) {
    case "equity":
      return cashName(instrument);
    case "index":
      return INDICES[instrument.key]?.name ?? instrument.name;
    case "future":
      return `${instrument.underlying}-${monthYear(instrument.expiry)}-FUT`;
    case "option":
      return `${instrument.underlying}-${monthYear(instrument.expiry)}-${instrument.strike / PRICE_SCALE}-${instrument.optionType}`;
  }
}

/** What positions show: `NIFTY NOV FUT`, `NIFTY 24 NOV 24500 CALL`. */
export function displayName(instrument: Instrument): string {
  switch (instrument.kind) {
    case "equity":
    case "index":
      return tradingName(instrument);
    case "future":
      return `${instrument.underlying} ${month(instrument.expiry).toUpperCase()} FUT`;
    case "option": {
      const day = instrument.expiry.slice(8);
      const right = instrument.optionType === "CE" ? "CALL" : "PUT";
      return `${instrument.underlying} ${day} ${month(instrument.expiry).toUpperCase()} ${instrument.strike / PRICE_SCALE} ${right}`;
    }
  }
}

const month = (date: string): string => MONTHS[Number(date.slice(5, 7)) - 1] ?? "";
const monthYear = (date: string): string => `${month(date)}${date.slice(0, 4)}`;

function cashName({ symbol, series }: Extract<Instrument, { kind: "equity" }>): string {
  const name = symbol.slice(symbol.indexOf(":") + 1);
  return name.endsWith(`-${series}`) ? name.slice(0, -series.length - 1) : name;
}

/** Expiry, option type and strike, which every row of the books carries; placeholder values for shares. */
export function contractFields(instrument: Instrument | undefined): {
  drvExpiryDate: string;
  drvOptionType: string | null;
  drvStrikePrice: number;
} {
  if (instrument?.kind === "future")
    return { drvExpiryDate: instrument.expiry, drvOptionType: "NA", drvStrikePrice: 0 };
  if (instrument?.kind === "option")
    return {
      drvExpiryDate: instrument.expiry,
      drvOptionType: instrument.optionType === "CE" ? "CALL" : "PUT",
      drvStrikePrice: instrument.strike / PRICE_SCALE,
    };
  return { drvExpiryDate: "0001-01-01", drvOptionType: "NA", drvStrikePrice: 0 };
}
