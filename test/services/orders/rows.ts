import { price, ZERO_PAISE } from "../../../src/domain/money.ts";
import type { Holding, Position } from "../../../src/domain/portfolio.ts";
import { SBIN } from "./floor.ts";

/** A position as a broker reports it. */
export const holds = (qty: number, side: "BUY" | "SELL", more: Partial<Position> = {}): Position => ({
  symbol: SBIN.symbol,
  key: SBIN.key,
  segment: "NSE",
  productType: "INTRADAY",
  qty,
  side,
  avgPrice: price(8_000_000),
  ltp: null,
  pnl: ZERO_PAISE,
  realised: ZERO_PAISE,
  unrealised: ZERO_PAISE,
  dayPnl: null,
  buyQty: 0,
  buyValue: ZERO_PAISE,
  sellQty: 0,
  sellValue: ZERO_PAISE,
  multiplier: 1,
  ...more,
});

export const holding = (more: Partial<Holding> = {}): Holding => ({
  symbol: SBIN.symbol,
  key: SBIN.key,
  isin: null,
  productType: "CNC",
  qty: 50,
  t1Qty: 0,
  sellableQty: 50,
  pledgedQty: 0,
  avgPrice: price(7_000_000),
  ltp: null,
  prevClose: null,
  pnl: null,
  ...more,
});
