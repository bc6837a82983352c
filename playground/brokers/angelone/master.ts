import { PRICE_SCALE } from "../../../src/domain/money.ts";
import type { Listing } from "./names.ts";

const PAISE = 100;
const CHUNK_BYTES = 16 * 1024;

/** Rows of the real file that an importer must skip: test scrips, other exchanges, an unknown segment, no lot size. */
const JUNK_ROWS = [
  junkRow({ token: "2", symbol: "151NSETEST-EQ", name: "151NSETEST", exch_seg: "NSE" }),
  junkRow({ token: "433001", symbol: "CRUDEOIL19NOV26FUT", name: "CRUDEOIL", expiry: "19NOV2026", exch_seg: "MCX" }),
  junkRow({ token: "99926004", symbol: "Nifty 500", name: "NIFTY 500", instrumenttype: "AMXIDX", exch_seg: "NSE" }),
  junkRow({ token: "7", symbol: "MOON", name: "MOON", exch_seg: "LUNAR" }),
  junkRow({ token: "8", symbol: "BROKEN-EQ", name: "BROKEN", lotsize: "", exch_seg: "NSE" }),
];

function junkRow(row: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const usual = { expiry: "", strike: "-1.000000", lotsize: "1", instrumenttype: "", tick_size: "5.000000" };
  return { ...usual, ...row };
}

function toRow({ instrument, ...listing }: Listing): Readonly<Record<string, string>> {
  const paise = (at: number): string => ((at / PRICE_SCALE) * PAISE).toFixed(6);
  const strike = instrument.kind === "option" ? paise(instrument.strike) : "-1.000000";
  return {
    token: listing.token,
    symbol: listing.tradingsymbol,
    name: listing.name,
    expiry: listing.expiry,
    strike: instrument.kind === "index" ? "0.000000" : strike,
    lotsize: String(instrument.lotSize),
    instrumenttype: listing.type,
    exch_seg: listing.exchange,
    tick_size: paise(instrument.tickSize),
  };
}

/** The file as one JSON array, streamed in chunks that may end inside a row. */
export function masterFile(listings: readonly Listing[]): Response {
  const rows = [...listings.map(toRow), ...JUNK_ROWS];
  const bytes = Buffer.from(`[${rows.map((row) => JSON.stringify(row)).join(",")}]`);
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at + CHUNK_BYTES));
      at += CHUNK_BYTES;
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}
