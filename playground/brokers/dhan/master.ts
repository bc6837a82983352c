import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import { monthlyExpiries, type Instrument } from "../../../src/domain/instrument.ts";
import { PRICE_SCALE } from "../../../src/domain/money.ts";
import { displayName, tradingName, wireId } from "./names.ts";

const HEADER =
  "SEM_EXM_EXCH_ID,SEM_SEGMENT,SEM_SMST_SECURITY_ID,SEM_INSTRUMENT_NAME,SEM_EXPIRY_CODE,SEM_TRADING_SYMBOL," +
  "SEM_LOT_UNITS,SEM_CUSTOM_SYMBOL,SEM_EXPIRY_DATE,SEM_STRIKE_PRICE,SEM_OPTION_TYPE,SEM_TICK_SIZE,SEM_EXPIRY_FLAG," +
  "SEM_EXCH_INSTRUMENT_TYPE,SEM_SERIES,SM_SYMBOL_NAME";

/** Rows of the real file that an importer must skip: test symbols, other segments, unused indices, a truncated row. */
const JUNK_ROWS = [
  "NSE,E,14772,EQUITY,0,101NSETEST,1.0,101NSETEST,,,,5.0000,NA,ES,EQ,101NSETEST",
  "NSE,C,1047,FUTCUR,0,USDINR-Nov2026-FUT,1.0,USDINR NOV FUT,2026-11-26 12:30:00,-0.01000,XX,0.2500,M,FUTCUR,NA,USDINR",
  "MCX,M,449735,FUTCOM,0,CRUDEOIL-Nov2026-FUT,1.0,CRUDEOIL NOV FUT,2026-11-19 23:30:00,-0.01000,XX,100.0000,M,FUTCOM,NA,CRUDEOIL",
  "NSE,I,369,INDEX,0,NIFTY ROUNDABOUT,1.0,Nifty Roundabout,0001-01-01,,XX,0.0500,,INDEX,X,NIFTY ROUNDABOUT",
  "NSE,X,77001,MYSTERY,0,MYSTERY,1.0,Mystery,,,,5.0000,NA,ES,EQ,MYSTERY LTD",
  "NSE,E,77002,EQUITY,0,CUTSHORT",
];

const INDEX_UNDERLYING = /^(NIFTY|BANKNIFTY|FINNIFTY|MIDCPNIFTY|NIFTYNXT50|SENSEX|BANKEX)$/;

/** The compact master, a row at a time. */
export function master(exchange: Exchange): Response {
  const monthly = monthlyExpiryOf(exchange.instruments);
  const encoder = new TextEncoder();
  function* rows(): Iterable<string> {
    yield HEADER;
    yield* JUNK_ROWS;
    for (const instrument of exchange.instruments) yield rowOf(instrument, monthly);
  }
  const lines = rows()[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = lines.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(`${value}\n`));
    },
  });
  return new Response(body, { status: 200, headers: { "content-type": "text/csv" } });
}

type IsMonthly = (underlying: string, expiry: string) => boolean;

function monthlyExpiryOf(instruments: readonly Instrument[]): IsMonthly {
  const options = instruments.filter((instrument) => instrument.kind === "option");
  const byUnderlying = Map.groupBy(options, ({ underlying }) => underlying);
  const months = new Map(
    [...byUnderlying].map(([underlying, rows]) => [underlying, monthlyExpiries(rows.map(({ expiry }) => expiry))]),
  );
  return (underlying, expiry) => months.get(underlying)?.has(expiry) ?? true;
}

function rowOf(instrument: Instrument, isMonthly: IsMonthly): string {
  const { securityId } = wireId(instrument.key);
  const exchange = instrument.symbol.slice(0, instrument.symbol.indexOf(":"));
  const name = tradingName(instrument);
  const company = instrument.name.replaceAll(",", " ");
  const lot = `${instrument.lotSize}.0`;
  const tick = (instrument.tickSize / 100).toFixed(4);
  switch (instrument.kind) {
    case "equity":
      return [
        exchange,
        "E",
        securityId,
        "EQUITY",
        0,
        name,
        lot,
        company,
        "",
        "",
        "",
        tick,
        "NA",
        "ES",
        instrument.series,
        company.toUpperCase(),
      ].join(",");
    case "index":
      return [
        exchange,
        "I",
        securityId,
        "INDEX",
        0,
        name,
        "1.0",
        company,
        "0001-01-01",
        "",
        "XX",
        "0.0500",
        "",
        "INDEX",
        "X",
        name,
      ].join(",");
    case "future":
    case "option": {
      const isOption = instrument.kind === "option";
      const type = `${isOption ? "OPT" : "FUT"}${INDEX_UNDERLYING.test(instrument.underlying) ? "IDX" : "STK"}`;
      const strike = isOption ? (instrument.strike / PRICE_SCALE).toFixed(5) : "-0.01000";
      const right = isOption ? instrument.optionType : "XX";
      const flag = !isOption || isMonthly(instrument.underlying, instrument.expiry) ? "M" : "W";
      const expiry = `${instrument.expiry} 14:30:00`;
      return [
        exchange,
        "D",
        securityId,
        type,
        0,
        name,
        lot,
        displayName(instrument),
        expiry,
        strike,
        right,
        tick,
        flag,
        isOption ? "OP" : "FUT",
        "NA",
        exchange === "BSE" ? "SSXOPT" : "",
      ].join(",");
    }
  }
}
