import { INDICES, instrumentKey, indexInstrument } from "../../src/domain/instrument.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { istDate } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import type { BrokerConnector, ConnectorDeps, VenueInstrument } from "../base.ts";
import { linesOf } from "../csv.ts";
import { ROOTS } from "./facts.ts";
import { noReply } from "./errors.ts";
import { canonicalSymbol, keyFromFyToken, segmentOf } from "./venue.ts";

const FILES = ["NSE_CM", "NSE_FO", "BSE_CM", "BSE_FO"] as const;
const STREAM_TIMEOUT_MS = 180_000;
/** Columns of the headerless CSV, https://public.fyers.in/sym_details/NSE_CM.csv */
const COLUMNS = 21;
const INDEX_TYPE = "10";
/** Of an index and of a share. Their option type is XX in NSE's file and empty in BSE's. */
const FUTURE_TYPES = new Set(["11", "13"]);
const ISIN = /^IN[A-Z0-9]{10}$/;
/** NSE series or BSE group: `EQ` of `NSE:BAJAJ-AUTO-EQ`. */
const SERIES = /-([A-Z0-9]{1,3})$/;

/** All four files, line by line: together they are tens of megabytes. */
export const createInstruments = (deps: ConnectorDeps): NonNullable<BrokerConnector["getInstruments"]> =>
  async function* getInstruments({ onSkipped }, signal) {
    const { FYERS_INSTRUMENTS_ROOT: root } = { ...ROOTS, ...deps.roots };
    for (const file of FILES) {
      const path = `/sym_details/${file}.csv`;
      try {
        const url = `${root}${path}`;
        const bytes = await deps.http.stream({
          scope: "fyers",
          method: "GET",
          url,
          timeoutMs: STREAM_TIMEOUT_MS,
          signal,
        });
        for await (const line of linesOf(bytes)) {
          const row = toInstrument(line);
          if (typeof row === "string") onSkipped(row);
          else yield row;
        }
      } catch (error) {
        throw noReply(error, `GET ${path}`, true);
      }
    }
  };

/** The row's instrument, or a text that says why the row is left out. */
export function toInstrument(line: string): VenueInstrument | string {
  const columns = line.split(",");
  if (columns.length !== COLUMNS) return "wrong number of columns";
  const row = toRow(columns);
  const segment = segmentOf(row.exchange, row.segmentCode);
  if (segment !== "NSE" && segment !== "BSE" && segment !== "NFO" && segment !== "BFO") return "segment not served";
  if (/(NSE|BSE)TEST/i.test(row.ticker)) return "test symbol";
  try {
    const instrument = row.type === INDEX_TYPE ? toIndex(row) : toListed(row, segment);
    if (typeof instrument === "string") return instrument;
    return { instrument, venueSymbol: row.ticker.slice(row.ticker.indexOf(":") + 1), venueToken: row.fyToken };
  } catch (error) {
    if (error instanceof RangeError) return "bad row";
    throw error;
  }
}

type Row = ReturnType<typeof toRow>;

/** Columns by position: the file has no header. */
const toRow = (columns: readonly string[]) => ({
  fyToken: columns[0] ?? "",
  name: columns[1] ?? "",
  type: columns[2] ?? "",
  lot: columns[3] ?? "",
  tick: columns[4] ?? "",
  isin: columns[5] ?? "",
  expiryEpoch: columns[8] ?? "",
  ticker: columns[9] ?? "",
  exchange: columns[10] ?? "",
  segmentCode: columns[11] ?? "",
  token: columns[12] ?? "",
  underlying: columns[13] ?? "",
  strike: columns[15] ?? "",
  optionType: columns[16] ?? "",
});

function toIndex(row: Row): Instrument | string {
  const known = INDICES.find(({ name, exchange }) => row.ticker === `${exchange}:${name}-INDEX`);
  return known ? indexInstrument(known) : "index that is not served";
}

function toListed(row: Row, segment: "NSE" | "BSE" | "NFO" | "BFO"): Instrument | string {
  const key = instrumentKey(segment, row.token);
  if (keyFromFyToken(row.fyToken) !== key) return "fyToken and scrip code disagree";
  const listed = {
    key,
    symbol: canonicalSymbol(row.ticker, segment),
    segment,
    name: row.name.trim(),
    lotSize: positive(row.lot),
    tickSize: priceFromRupees(row.tick),
    ...(ISIN.test(row.isin) ? { isin: row.isin } : {}),
  };
  if (segment === "NSE" || segment === "BSE") {
    const series = SERIES.exec(row.ticker)?.[1];
    return series === undefined ? "no series" : { kind: "equity", ...listed, series };
  }
  const derivative = { ...listed, underlying: row.underlying, expiry: istDate(positive(row.expiryEpoch) * 1_000) };
  if (FUTURE_TYPES.has(row.type)) return { kind: "future", ...derivative };
  if (row.optionType !== "CE" && row.optionType !== "PE") return "unknown option type";
  return { kind: "option", ...derivative, strike: priceFromRupees(row.strike), optionType: row.optionType };
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) throw new RangeError(`not a positive number: ${text}`);
  return value;
}
