import { gzipSync } from "node:zlib";
import type { BrokerName } from "../src/domain/ids.ts";
import { futureSymbol, monthlyExpiries, optionSymbol, type OptionType } from "../src/domain/instrument.ts";
import { addDays } from "../src/domain/market.ts";
import { price } from "../src/domain/money.ts";

export interface Share {
  readonly segment: "NSE" | "BSE";
  readonly ticker: string;
  readonly name: string;
  readonly token: number;
}
export interface Contract {
  readonly segment: "NFO" | "BFO";
  readonly underlying: string;
  readonly expiry: string;
  readonly isMonthly: boolean;
  /** Rupees; null for a future. */
  readonly strike: number | null;
  readonly optionType: OptionType | null;
  readonly token: number;
}
/** An invented market as large as the real one. */
export interface Market {
  readonly shares: readonly Share[];
  readonly contracts: readonly Contract[];
}

const SYLLABLES = "ra ma su ti ko la shri bha vi na gar tex pol chem agro in dus ka li ven ter mo do ba".split(" ");
const TRADES = "Industries Finance Chemicals Textiles Power Motors Foods Pharma Steel Infra Bank Cement".split(" ");
const KNOWN: readonly (readonly [ticker: string, name: string, token: number])[] = [
  ["RELIANCE", "RELIANCE INDUSTRIES", 2885],
  ["SBIN", "STATE BANK OF INDIA", 3045],
  ["INFY", "INFOSYS", 1594],
  ["M&M", "MAHINDRA & MAHINDRA", 2031],
  ["BAJAJ-AUTO", "BAJAJ AUTO", 16669],
  ["TATASTEEL", "TATA STEEL", 3499],
];

/** `rows` in all: 9,000 shares of NSE, 12,000 of BSE, the rest contracts of NSE and BSE. */
export function inventMarket(rows: number, today: string): Market {
  const nse = shares("NSE", 9_000, 100_000);
  const bse = shares("BSE", 12_000, 500_000);
  const underlyings = ["NIFTY", "BANKNIFTY", "FINNIFTY", ...nse.slice(0, 220).map(({ ticker }) => ticker)];
  const wanted = rows - nse.length - bse.length;
  const contracts = [
    ...chains(underlyings, "NFO", wanted * 0.75, today),
    ...chains(["SENSEX", "BANKEX"], "BFO", wanted * 0.25, today),
  ];
  return { shares: [...nse, ...bse], contracts };
}

function shares(segment: "NSE" | "BSE", count: number, firstToken: number): Share[] {
  return Array.from({ length: count }, (_, index) => {
    const known = KNOWN[index];
    if (known)
      return { segment, ticker: known[0], name: known[1], token: segment === "NSE" ? known[2] : firstToken + index };
    const syllable = (place: number): string =>
      SYLLABLES[Math.floor(index / SYLLABLES.length ** place) % SYLLABLES.length] ?? "";
    const word = `${syllable(0)}${syllable(1)}${syllable(2)}`;
    const trade = TRADES[index % TRADES.length] ?? "";
    return {
      segment,
      ticker: `${word}${trade.slice(0, 3)}`.toUpperCase(),
      name: `${word} ${trade} LTD`.toUpperCase(),
      token: firstToken + index,
    };
  });
}

function chains(
  underlyings: readonly string[],
  segment: Contract["segment"],
  count: number,
  today: string,
): Contract[] {
  const weeks = Array.from({ length: 12 }, (_, week) => addDays(today, week * 7));
  const monthlies = monthlyExpiries(weeks);
  const expiriesOf = (underlying: string): string[] =>
    /NIFTY|SENSEX|BANKEX/.test(underlying) ? weeks : [...monthlies];
  const expiries = underlyings.reduce((sum, underlying) => sum + expiriesOf(underlying).length, 0);
  const strikes = Math.floor(count / expiries / 2);
  let token = segment === "NFO" ? 35_000 : 800_000;
  return underlyings.flatMap((underlying) =>
    expiriesOf(underlying).flatMap((expiry) => {
      const terms = { segment, underlying, expiry, isMonthly: monthlies.has(expiry) };
      const options = Array.from({ length: strikes * 2 }, (_, index): Contract => ({
        ...terms,
        strike: 20_000 + Math.floor(index / 2) * 50,
        optionType: index % 2 === 0 ? "CE" : "PE",
        token: (token += 1),
      }));
      const future: Contract = { ...terms, strike: null, optionType: null, token: (token += 1) };
      return monthlies.has(expiry) ? [future, ...options] : options;
    }),
  );
}

/** A contract's symbol without the exchange; Kite and Fyers write it the same way. */
export function symbolOf(contract: Contract): string {
  const { underlying, expiry, strike, optionType, isMonthly } = contract;
  const prefix = contract.segment === "NFO" ? "NSE" : "BSE";
  const symbol =
    strike === null || optionType === null
      ? futureSymbol(prefix, underlying, expiry)
      : optionSymbol({ prefix, underlying, expiry, strike: price(strike * 10_000), optionType, isMonthly });
  return symbol.slice(prefix.length + 1);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const monthOf = (date: string): string => MONTHS[Number(date.slice(5, 7)) - 1] ?? "";
/** 24NOV26 */
const shortDate = (date: string): string => `${date.slice(8)}${monthOf(date).toUpperCase()}${date.slice(2, 4)}`;
const KITE_SEGMENT = { NSE: 1, NFO: 2, BSE: 4, BFO: 5 };

function kite({ shares, contracts }: Market): string {
  const token = (segment: keyof typeof KITE_SEGMENT, own: number): string =>
    `${own * 256 + KITE_SEGMENT[segment]},${own}`;
  const lines = [
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange",
    ...shares.map(
      (share) =>
        `${token(share.segment, share.token)},${share.ticker},${share.name},0,,0,0.05,1,EQ,${share.segment},${share.segment}`,
    ),
    ...contracts.map((each) => {
      const suffix = each.strike === null ? "FUT" : "OPT";
      return `${token(each.segment, each.token)},${symbolOf(each)},${each.underlying},0,${each.expiry},${each.strike ?? 0},0.05,75,${each.optionType ?? "FUT"},${each.segment}-${suffix},${each.segment}`;
    }),
  ];
  return lines.join("\n");
}

function dhan({ shares, contracts }: Market): string {
  const lines = [
    "SEM_EXM_EXCH_ID,SEM_SEGMENT,SEM_SMST_SECURITY_ID,SEM_INSTRUMENT_NAME,SEM_EXPIRY_CODE,SEM_TRADING_SYMBOL,SEM_LOT_UNITS,SEM_CUSTOM_SYMBOL,SEM_EXPIRY_DATE,SEM_STRIKE_PRICE,SEM_OPTION_TYPE,SEM_TICK_SIZE,SEM_EXPIRY_FLAG,SEM_EXCH_INSTRUMENT_TYPE,SEM_SERIES,SM_SYMBOL_NAME",
    ...shares.map(
      (share) =>
        `${share.segment},E,${share.token},EQUITY,0,${share.ticker},1.0,${share.name},,,,5.0000,NA,ES,${share.segment === "NSE" ? "EQ" : "A"},${share.name}`,
    ),
    ...contracts.map((each) => {
      const exchange = each.segment === "NFO" ? "NSE" : "BSE";
      const date = `${monthOf(each.expiry)}${each.expiry.slice(0, 4)}`;
      const symbol =
        each.strike === null
          ? `${each.underlying}-${date}-FUT`
          : `${each.underlying}-${date}-${each.strike}-${each.optionType}`;
      return `${exchange},D,${each.token},${each.strike === null ? "FUT" : "OPT"}IDX,0,${symbol},75.0,${symbol},${each.expiry} 14:30:00,${each.strike ?? "-0.01"},${each.optionType ?? "XX"},5.0000,${each.isMonthly ? "M" : "W"},OP,NA,`;
    }),
  ];
  return lines.join("\n");
}

function angelone({ shares, contracts }: Market): string {
  const rows = [
    ...shares.map(({ segment, ticker, token }) => ({
      token: `${token}`,
      symbol: segment === "NSE" ? `${ticker}-EQ` : ticker,
      name: ticker,
      expiry: "",
      strike: "-1.000000",
      lotsize: "1",
      instrumenttype: "",
      exch_seg: segment,
      tick_size: "5.000000",
    })),
    ...contracts.map((each) => ({
      token: `${each.token}`,
      symbol: `${each.underlying}${shortDate(each.expiry)}${each.strike ?? "FUT"}${each.optionType ?? ""}`,
      name: each.underlying,
      expiry: `${each.expiry.slice(8)}${monthOf(each.expiry).toUpperCase()}${each.expiry.slice(0, 4)}`,
      strike: each.strike === null ? "-1.000000" : `${each.strike * 100}.000000`,
      lotsize: "75",
      instrumenttype: each.strike === null ? "FUTIDX" : "OPTIDX",
      exch_seg: each.segment,
      tick_size: "5.000000",
    })),
  ];
  return JSON.stringify(rows);
}

function fyers({ shares, contracts }: Market, file: string): string {
  const exchangeCode = { NSE: 10, BSE: 12 };
  const [exchange, part] = file.split("_") as ["NSE" | "BSE", "CM" | "FO"];
  const code = exchangeCode[exchange];
  const cash = shares
    .filter(({ segment }) => segment === exchange)
    .map(({ token, name, ticker }) => {
      const suffix = exchange === "NSE" ? "EQ" : "A";
      return `${code}10000000${token},${name},0,1,0.05,INE062A01020,0915-1530|1815-1915:,2026-11-20,,${exchange}:${ticker}-${suffix},${code},10,${token},${ticker},${token},-1.0,XX,${code}10000000${token},None,0,0.0`;
    });
  const derived = contracts
    .filter(({ segment }) => segment === (exchange === "NSE" ? "NFO" : "BFO"))
    .map((each) => {
      const date = each.expiry.slice(2).replaceAll("-", "");
      const title =
        `${each.underlying} ${each.expiry.slice(8)} ${monthOf(each.expiry)} ${each.expiry.slice(2, 4)} ${each.strike ?? "FUT"} ${each.optionType ?? ""}`.trim();
      const expiryAt = Date.parse(`${each.expiry}T09:00:00Z`) / 1000;
      return `${code}11${date}${each.token},${title},14,75,0.05,,0915-1530|1815-1915:,2026-11-20,${expiryAt},${exchange}:${symbolOf(each)},${code},11,${each.token},${each.underlying},26000,${each.strike ?? -1}.0,${each.optionType ?? "XX"},101000000026000,None,0,0.0`;
    });
  return (part === "CM" ? cash : derived).join("\n");
}

function upstox({ shares, contracts }: Market): string {
  const rows = [
    ...shares.map(({ segment, ticker, name, token }) => ({
      segment: `${segment}_EQ`,
      name,
      exchange: segment,
      isin: `INE${String(token).padStart(9, "0")}`,
      instrument_type: segment === "NSE" ? "EQ" : "A",
      instrument_key: `${segment}_EQ|INE${String(token).padStart(9, "0")}`,
      lot_size: 1,
      freeze_quantity: 100_000,
      exchange_token: `${token}`,
      tick_size: 5,
      trading_symbol: ticker,
      security_type: "NORMAL",
    })),
    ...contracts.map((each) => ({
      weekly: !each.isMonthly,
      segment: each.segment === "NFO" ? "NSE_FO" : "BSE_FO",
      name: each.underlying,
      expiry: Date.parse(`${each.expiry}T23:59:59+05:30`),
      instrument_type: each.optionType ?? "FUT",
      underlying_symbol: each.underlying,
      instrument_key: `${each.segment === "NFO" ? "NSE_FO" : "BSE_FO"}|${each.token}`,
      lot_size: 75,
      freeze_quantity: 1_800,
      exchange_token: `${each.token}`,
      tick_size: 5,
      trading_symbol: symbolOf(each),
      ...(each.strike === null ? {} : { strike_price: each.strike }),
    })),
  ];
  return JSON.stringify(rows);
}

function groww({ shares, contracts }: Market): string {
  const lines = [
    "exchange,exchange_token,trading_symbol,groww_symbol,name,instrument_type,segment,series,isin,underlying_symbol,underlying_exchange_token,expiry_date,strike_price,lot_size,tick_size,freeze_quantity,is_reserved,buy_allowed,sell_allowed",
    ...shares.map(({ segment, ticker, name, token }) => {
      const isin = `INE${String(token).padStart(9, "0")}`;
      const series = segment === "NSE" ? "EQ" : "A";
      return `${segment},${token},${ticker},${segment}-${ticker},${name},EQ,CASH,${series},${isin},,,,,1,0.05,100000,0,1,1`;
    }),
    ...contracts.map((each) => {
      const exchange = each.segment === "NFO" ? "NSE" : "BSE";
      const terms = each.strike === null ? "FUT" : `${each.strike}-${each.optionType}`;
      const names = `${symbolOf(each)},${exchange}-${each.underlying}-${each.expiry}-${terms},${each.underlying}`;
      return `${exchange},${each.token},${names},${each.optionType ?? "FUT"},FNO,,,${each.underlying},,${each.expiry},${each.strike ?? ""},75,0.05,1800,0,1,1`;
    }),
  ];
  return lines.join("\n");
}

/** The market as the master file that a broker serves at a path. */
export function masterFile(broker: BrokerName, path: string, market: Market): Buffer {
  const write: Readonly<Record<string, () => string | Buffer>> = {
    zerodha: () => kite(market),
    dhan: () => dhan(market),
    angelone: () => angelone(market),
    upstox: () => gzipSync(upstox(market)),
    groww: () => groww(market),
    fyers: () => fyers(market, /([NB]SE_[CF][MO])\.csv/.exec(path)?.[1] ?? ""),
  };
  const file = write[broker]?.() ?? "";
  return typeof file === "string" ? Buffer.from(file) : file;
}
