import { isDerivative } from "../../../src/domain/instrument.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istDate, istInstant } from "../../../src/domain/market.ts";
import { codesOf, fyTokenOf, instrumentTypeOf, tickerOf, tokenOf } from "./venue.ts";

const FILES: Readonly<Record<string, (instrument: Instrument) => boolean>> = {
  NSE_CM: (instrument) => !isDerivative(instrument) && instrument.symbol.startsWith("NSE:"),
  BSE_CM: (instrument) => !isDerivative(instrument) && instrument.symbol.startsWith("BSE:"),
  NSE_FO: ({ segment }) => segment === "NFO",
  BSE_FO: ({ segment }) => segment === "BFO",
};

/** Rows of the real files that an importer must skip: a test symbol, another segment, an unused index, a truncated row. */
const JUNK_ROWS: Readonly<Record<string, readonly string[]>> = {
  NSE_CM: [
    "101000000012345,NSE TEST SECURITY,0,1,0.05,,0915-1530|1815-1915:,2026-11-20,,NSE:021NSETEST-EQ,10,10,12345,021NSETEST,12345,-1.0,XX,101000000012345,None,0,0.0",
    "101000000026901,NIFTY SIM INDEX,10,1,0.05,,0915-1530|1815-1915:,2026-11-20,,NSE:NIFTYSIM-INDEX,10,10,26901,NIFTYSIM,26901,-1.0,XX,101000000026901,None,0,0.0",
    "10100000009,CUT ROW,0,1",
  ],
  NSE_FO: [
    "1012261127900001,USDINR 27 Nov 26 FUT,16,1,0.0025,,0900-1700:,2026-11-20,1795759200,NSE:USDINR26NOVFUT,10,12,900001,USDINR,1,-1.0,XX,None,None,0,0.0",
  ],
  BSE_FO: [
    "1211261126900002,SENSEX WITHOUT LOT,11,,0.05,,0915-1530:,2026-11-20,1795672800,BSE:SENSEX26NOVFUT,12,11,900002,SENSEX,1,-1.0,XX,12100000001,None,0,0.0",
  ],
};

/** `/sym_details/NSE_CM.csv`, streamed in chunks that end inside a line; null for a file that does not exist. */
export function masterFile(name: string, instruments: readonly Instrument[], now: number): Response | null {
  const belongs = FILES[name];
  if (belongs === undefined) return null;
  const rows = instruments.filter(belongs).map((instrument) => csvRow(instrument, istDate(now)));
  const text = [...rows.slice(0, 1), ...(JUNK_ROWS[name] ?? []), ...rows.slice(1)].join("\n") + "\n";
  return new Response(inPieces(new TextEncoder().encode(text)), { headers: { "content-type": "text/csv" } });
}

const PIECE_BYTES = 1_000;

function inPieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, (at += PIECE_BYTES)));
    },
  });
}

function csvRow(instrument: Instrument, today: string): string {
  const { exchange, segment } = codesOf(instrument);
  const ticker = tickerOf(instrument);
  const isOption = instrument.kind === "option";
  const token = tokenOf(instrument);
  const columns = [
    fyTokenOf(instrument),
    instrument.name.replaceAll(",", " "),
    instrumentTypeOf(instrument),
    instrument.lotSize,
    instrument.tickSize === 0 ? 0.05 : instrument.tickSize / 10_000,
    instrument.isin ?? "",
    "0915-1530|1815-1915:",
    today,
    isDerivative(instrument) ? istInstant(instrument.expiry, "15:30") / 1_000 : "",
    ticker,
    exchange,
    segment,
    token,
    isDerivative(instrument) ? instrument.underlying : ticker.slice(4).replace(/-[^-]*$/, ""),
    token,
    isOption ? (instrument.strike / 10_000).toFixed(1) : "-1.0",
    isOption ? instrument.optionType : "XX",
    fyTokenOf(instrument),
    "None",
    0,
    "0.0",
  ];
  return columns.join(",");
}
