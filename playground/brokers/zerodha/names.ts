import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import type { InstrumentKey } from "../../../src/domain/ids.ts";
import type { Instrument, Segment } from "../../../src/domain/instrument.ts";
import { isDerivative } from "../../../src/domain/instrument.ts";
import { rupeesFromPrice } from "../../../src/domain/money.ts";
import { createInstrumentIndex } from "../instrument-index.ts";

/** An instrument as Kite names it. */
export interface KiteListing {
  readonly instrument: Instrument;
  readonly exchange: string;
  readonly tradingsymbol: string;
  readonly token: number;
}

export interface KiteDirectory {
  all(): readonly KiteListing[];
  /** `NSE:M&M`, or a token in digits. */
  named(name: string): KiteListing | undefined;
  readonly of: (key: InstrumentKey) => KiteListing | undefined;
}

const SEGMENT_CODE: Readonly<Partial<Record<Segment, number>>> = {
  NSE: 1,
  NFO: 2,
  CDS: 3,
  BSE: 4,
  BFO: 5,
  BCD: 6,
  MCX: 7,
};
const INDICES: Readonly<Record<string, readonly [tradingsymbol: string, token: number]>> = {
  "INDEX:NIFTY50": ["NIFTY 50", 256265],
  "INDEX:NIFTYBANK": ["NIFTY BANK", 260105],
  "INDEX:FINNIFTY": ["NIFTY FIN SERVICE", 257801],
  "INDEX:MIDCPNIFTY": ["NIFTY MID SELECT", 288009],
  "INDEX:NIFTYNXT50": ["NIFTY NEXT 50", 270857],
  "INDEX:INDIAVIX": ["INDIA VIX", 264969],
  "INDEX:SENSEX": ["SENSEX", 265],
  "INDEX:BANKEX": ["BANKEX", 274441],
};

export function createDirectory(exchange: Exchange): KiteDirectory {
  const current = createInstrumentIndex(exchange, indexOf);
  return {
    all: () => current().all,
    named: (name) => current().byName.get(name),
    of: (key) => current().byKey.get(key),
  };
}

function indexOf(list: readonly Instrument[]) {
  const all = list.flatMap((instrument) => toListing(instrument) ?? []);
  const byKey = new Map(all.map((listing) => [listing.instrument.key, listing]));
  const byName = new Map(
    all.flatMap((listing) => [
      [`${listing.exchange}:${listing.tradingsymbol}`, listing] as const,
      [String(listing.token), listing] as const,
    ]),
  );
  return { all, byKey, byName };
}

function toListing(instrument: Instrument): KiteListing | undefined {
  const [exchange = "", symbol = ""] = instrument.symbol.split(":");
  if (instrument.segment === "INDEX") {
    const known = INDICES[instrument.key];
    return known && { instrument, exchange, tradingsymbol: known[0], token: known[1] };
  }
  const code = SEGMENT_CODE[instrument.segment];
  if (code === undefined) return undefined;
  const exchangeToken = Number(instrument.key.split(":")[1]);
  return {
    instrument,
    exchange: instrument.segment,
    tradingsymbol: instrument.segment === "NSE" ? symbol.replace(/-EQ$/, "") : symbol,
    token: exchangeToken * 256 + code,
  };
}

const HEADER =
  "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange";
/** Rows of the real file that an importer must skip: test scrips, commodities, and a truncated line. */
const JUNK_ROWS = [
  "2817,11,011NSETEST,,0,,0,0.01,1,EQ,NSE,NSE",
  '112233479,438412,CRUDEOIL26DECFUT,"CRUDEOIL",0,2026-12-18,0,1,100,FUT,MCX-FUT,MCX',
  "1850625,7229,HANGSENG,HANG SENG,0,,0,0,0,EQ,INDICES,GLOBAL",
  "779777,3046,CUTOFF",
];

/** The master file as CSV, streamed in chunks. */
export function masterCsv(listings: readonly KiteListing[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const lines = [HEADER, ...JUNK_ROWS, ...listings.map(toLine)].values();
  return new ReadableStream({
    pull(controller) {
      const batch = lines.take(200).toArray();
      if (batch.length === 0) controller.close();
      else controller.enqueue(encoder.encode(`${batch.join("\n")}\n`));
    },
  });
}

function toLine({ instrument, exchange, tradingsymbol, token }: KiteListing): string {
  const derivative = isDerivative(instrument) ? instrument : undefined;
  const strike = instrument.kind === "option" ? rupeesFromPrice(instrument.strike) : 0;
  const isIndex = instrument.kind === "index";
  return [
    token,
    Math.floor(token / 256),
    tradingsymbol,
    derivative ? `"${derivative.underlying}"` : `"${instrument.name.toUpperCase().replaceAll('"', '""')}"`,
    0,
    derivative?.expiry ?? "",
    strike,
    isIndex ? 0 : rupeesFromPrice(instrument.tickSize),
    isIndex ? 0 : instrument.lotSize,
    typeOf(instrument),
    segmentOf(instrument),
    exchange,
  ].join(",");
}

function typeOf(instrument: Instrument): string {
  if (instrument.kind === "option") return instrument.optionType;
  return instrument.kind === "future" ? "FUT" : "EQ";
}

function segmentOf(instrument: Instrument): string {
  if (instrument.kind === "index") return "INDICES";
  if (instrument.kind === "equity") return instrument.segment;
  return `${instrument.segment}-${instrument.kind === "option" ? "OPT" : "FUT"}`;
}
