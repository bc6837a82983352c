import { isDerivative } from "../../../src/domain/instrument.ts";
import type { Instrument, Segment } from "../../../src/domain/instrument.ts";
import { istClock, istDate } from "../../../src/domain/market.ts";
import type { OrderStatus, OrderType, Side } from "../../../src/domain/order.ts";

/** [exchange, segment] */
const CODES: Partial<Record<Segment, readonly [number, number]>> = {
  NSE: [10, 10],
  NFO: [10, 11],
  CDS: [10, 12],
  BSE: [12, 10],
  BFO: [12, 11],
  BCD: [12, 12],
  MCX: [11, 20],
  INDEX: [10, 10],
};
/** Fyers lists indices with the cash segment of their exchange, under numbers of its own. */
const INDEX_TOKENS: Readonly<Record<string, string>> = {
  NIFTY50: "26000",
  NIFTYBANK: "26009",
  FINNIFTY: "26037",
  MIDCPNIFTY: "26074",
  NIFTYNXT50: "26013",
  INDIAVIX: "26017",
  SENSEX: "1",
  BANKEX: "12",
};
const INDEX_UNDERLYINGS = new Set(["NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "NIFTYNXT50", "SENSEX", "BANKEX"]);

export function codesOf(instrument: Instrument): { exchange: number; segment: number } {
  const codes = CODES[instrument.segment];
  if (codes === undefined) throw new RangeError(`Fyers has no code of ${instrument.segment}`);
  const [exchange, segment] = codes;
  return { exchange: instrument.symbol.startsWith("BSE:") ? 12 : exchange, segment };
}

export function tokenOf({ kind, key }: Instrument): string {
  const own = key.slice(key.indexOf(":") + 1);
  return kind === "index" ? (INDEX_TOKENS[own] ?? "26999") : own;
}

export function fyTokenOf(instrument: Instrument): string {
  const { exchange, segment } = codesOf(instrument);
  const expiry = isDerivative(instrument) ? instrument.expiry.slice(2).replaceAll("-", "") : "000000";
  return `${exchange}${segment}${expiry}${tokenOf(instrument)}`;
}

/** Our own symbol, except that BSE shares carry their group. */
export const tickerOf = (instrument: Instrument): string =>
  instrument.kind === "equity" && instrument.segment === "BSE"
    ? `${instrument.symbol}-${instrument.series}`
    : instrument.symbol;

export function instrumentTypeOf(instrument: Instrument): number {
  if (instrument.kind === "equity") return 0;
  if (instrument.kind === "index") return 10;
  const isOnIndex = INDEX_UNDERLYINGS.has(instrument.underlying);
  if (instrument.kind === "future") return isOnIndex ? 11 : 13;
  return isOnIndex ? 14 : 15;
}

export const TYPE_CODES: Record<OrderType, number> = { LIMIT: 1, MARKET: 2, "SL-M": 3, SL: 4 };
export const STATUS_CODES: Record<OrderStatus, number> = {
  cancelled: 1,
  filled: 2,
  pending: 4,
  rejected: 5,
  open: 6,
  "trigger-pending": 6,
  expired: 7,
};
export const sideCode = (side: Side): number => (side === "BUY" ? 1 : -1);

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `20-Nov-2026 11:04:33` */
export function bookTime(at: number): string {
  const [year = "", month = "", day = ""] = istDate(at).split("-");
  return `${day}-${MONTHS[Number(month) - 1]}-${year} ${istClock(at)}`;
}
