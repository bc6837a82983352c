import { gzipSync } from "node:zlib";
import { istInstant } from "../../../src/domain/market.ts";
import { PRICE_SCALE } from "../../../src/domain/money.ts";
import type { Directory, Listing } from "./names.ts";

const PIECE_BYTES = 4_096;

/** Rows of the real file that an importer must skip: test scrips, commodities, unused indices, broken rows. */
const JUNK_ROWS: readonly Readonly<Record<string, unknown>>[] = [
  { segment: "NSE_EQ", name: "DRILL", instrument_type: "EQ", trading_symbol: "011NSETEST", exchange_token: "11" },
  { segment: "MCX_FO", name: "CRUDEOIL", instrument_type: "FUT", trading_symbol: "CRUDEOIL FUT", exchange_token: "9" },
  {
    segment: "NSE_INDEX",
    name: "Nifty Roundabout",
    instrument_type: "INDEX",
    trading_symbol: "ROUND",
    exchange_token: "7",
  },
  { segment: "LUNAR_EQ", name: "MOON", instrument_type: "EQ", trading_symbol: "MOON", exchange_token: "8" },
  { segment: "NSE_EQ", name: "BROKEN", instrument_type: "EQ", trading_symbol: "BROKEN", exchange_token: "none" },
  { segment: "NSE_EQ", name: "CUT SHORT" },
].map((row) => ({
  ...row,
  exchange: "NSE",
  lot_size: 1,
  tick_size: 5.0,
  instrument_key: `${row.segment}|${row.exchange_token}`,
}));

/** The list as one JSON array in a .gz file: gzip is the content type here, not a content encoding. */
export function masterFile(directory: Directory): Response {
  const bytes = gzipSync(JSON.stringify([...JUNK_ROWS, ...directory.all().map(toRow)]));
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at + PIECE_BYTES));
      at += PIECE_BYTES;
    },
  });
  return new Response(body, { headers: { "content-type": "application/gzip" } });
}

function toRow(listing: Listing): Readonly<Record<string, unknown>> {
  const { instrument, segment, exchange, key, token, symbol } = listing;
  const common = { segment, exchange, instrument_key: key, exchange_token: token, trading_symbol: symbol };
  const measures = {
    lot_size: instrument.lotSize,
    freeze_quantity: instrument.freezeQty,
    tick_size: instrument.tickSize / 100,
  };
  switch (instrument.kind) {
    case "index":
      return { ...common, name: key.slice(key.indexOf("|") + 1), instrument_type: "INDEX" };
    case "equity": {
      const { isin, series } = instrument;
      const name = instrument.name.toUpperCase();
      const more = { short_name: symbol, qty_multiplier: 1.0, security_type: "NORMAL", cas_eligible: false };
      return { ...common, ...measures, name, isin, instrument_type: series, ...more };
    }
    case "future":
    case "option": {
      const { underlying } = instrument;
      const isOption = instrument.kind === "option";
      return {
        ...common,
        ...measures,
        name: underlying,
        expiry: istInstant(instrument.expiry, "23:59:59"),
        instrument_type: isOption ? instrument.optionType : "FUT",
        underlying_symbol: underlying,
        minimum_lot: instrument.lotSize,
        ...(isOption ? { strike_price: instrument.strike / PRICE_SCALE } : {}),
      };
    }
  }
}
