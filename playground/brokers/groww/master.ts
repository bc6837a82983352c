import { isDerivative } from "../../../src/domain/instrument.ts";
import { PRICE_SCALE } from "../../../src/domain/money.ts";
import type { Directory, Listing } from "./names.ts";

/** Readers must find columns by name: their order is not promised, and the file has more than are documented. */
const HEADER = [
  "exchange",
  "exchange_token",
  "trading_symbol",
  "groww_symbol",
  "name",
  "instrument_type",
  "segment",
  "series",
  "isin",
  "underlying_symbol",
  "underlying_exchange_token",
  "expiry_date",
  "strike_price",
  "lot_size",
  "tick_size",
  "freeze_quantity",
  "is_reserved",
  "buy_allowed",
  "sell_allowed",
  "internal_trading_symbol",
  "feed_key",
] as const;
type Cells = Readonly<Partial<Record<(typeof HEADER)[number], string | number>>>;

/** Rows of the real file that an importer must skip: test scrips, commodities, unused indices, broken rows. */
const JUNK_ROWS: readonly string[] = [
  lineOf({ exchange: "MCX", exchange_token: 9, trading_symbol: "GOLD", instrument_type: "FUT", segment: "COMMODITY" }),
  lineOf({ exchange: "NSE", trading_symbol: "NIFTYROUND", instrument_type: "IDX", segment: "CASH" }),
  lineOf({
    exchange: "NSE",
    exchange_token: 11,
    trading_symbol: "011NSETEST",
    groww_symbol: "NSE-011NSETEST",
    instrument_type: "EQ",
    segment: "CASH",
    series: "EQ",
    lot_size: 1,
    tick_size: 0.05,
  }),
  lineOf({ exchange: "MOON", exchange_token: 8, trading_symbol: "MOON", groww_symbol: "M-M", segment: "CASH" }),
  lineOf({
    exchange: "NSE",
    exchange_token: "none",
    trading_symbol: "BROKEN",
    groww_symbol: "NSE-BROKEN",
    name: "BROKEN, PARTLY",
    instrument_type: "EQ",
    segment: "CASH",
    series: "EQ",
    lot_size: 1,
    tick_size: 0.05,
  }),
  "NSE,CUT SHORT",
];

/** The list as CSV. */
export function masterFile(directory: Directory): Response {
  const lines = [HEADER.join(","), ...JUNK_ROWS, ...directory.all().map((listing) => lineOf(cellsOf(listing)))];
  return new Response(`${lines.join("\n")}\n`, { headers: { "content-type": "text/csv" } });
}

function lineOf(cells: Cells): string {
  return HEADER.map((name) => {
    const text = String(cells[name] ?? "");
    return text.includes(",") ? `"${text}"` : text;
  }).join(",");
}

function cellsOf({ instrument, exchange, segment, symbol, growwSymbol }: Listing): Cells {
  const token = instrument.key.slice(instrument.key.indexOf(":") + 1);
  const names = {
    exchange,
    segment,
    trading_symbol: symbol,
    groww_symbol: growwSymbol,
    internal_trading_symbol: symbol,
    feed_key: `${segment}_${token}`,
    is_reserved: 0,
  };
  if (instrument.kind === "index")
    return { ...names, exchange_token: symbol, name: instrument.name, instrument_type: "IDX", buy_allowed: 0 };
  const traded = {
    ...names,
    exchange_token: token,
    lot_size: instrument.lotSize,
    tick_size: instrument.tickSize / PRICE_SCALE,
    freeze_quantity: instrument.freezeQty ?? "",
    buy_allowed: 1,
    sell_allowed: 1,
  };
  if (!isDerivative(instrument)) {
    const { name, series, isin } = instrument;
    return { ...traded, name: name.toUpperCase(), instrument_type: "EQ", series, isin: isin ?? "" };
  }
  const { underlying, expiry } = instrument;
  const contract = { ...traded, name: underlying, underlying_symbol: underlying, expiry_date: expiry };
  return instrument.kind === "future"
    ? { ...contract, instrument_type: "FUT" }
    : { ...contract, instrument_type: instrument.optionType, strike_price: instrument.strike / PRICE_SCALE };
}
