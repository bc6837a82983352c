import type { InstrumentKey } from "../../../src/domain/ids.ts";
import { isDerivative } from "../../../src/domain/instrument.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { PRICE_SCALE, price } from "../../../src/domain/money.ts";
import type { Price } from "../../../src/domain/money.ts";
import type { Depth, DepthLevel, Quote } from "../../../src/domain/portfolio.ts";
import type { Side } from "../../../src/domain/order.ts";
import { SECOND_MS } from "./calendar.ts";
import type { Market } from "./market.ts";
import { hash2, unit } from "./noise.ts";

const LEVELS = 5;
const CASH_LEVEL_RUPEES = 600_000;
const MAX_LOTS = 24;

/** The other participants' orders in one second, less what our orders have already taken of them. */
export interface Liquidity {
  /** Best price first. `side` is the side of the resting orders: SELL for asks. */
  levels(instrument: Instrument, side: Side, at: number): DepthLevel[];
  take(instrument: Instrument, side: Side, level: Price, quantity: number, at: number): void;
  depth(instrument: Instrument, quote: Quote, at: number): Depth;
}

export function createLiquidity(market: Market): Liquidity {
  // Only the current second is kept: each second has a new book.
  let second = -1;
  const taken = new Map<string, number>();

  const name = (key: InstrumentKey, side: Side, level: Price): string => `${key} ${side} ${level}`;

  function turnTo(at: number): number {
    const now = Math.floor(at / SECOND_MS);
    if (now !== second) {
      second = now;
      taken.clear();
    }
    return now;
  }

  function offered(instrument: Instrument, side: Side, now: number, level: number, at: Price): number {
    const stream = market.stream(instrument);
    const share = unit(stream, now, 10 + level + (side === "BUY" ? 0 : LEVELS));
    if (isDerivative(instrument)) return instrument.lotSize * (1 + Math.floor(share * MAX_LOTS));
    return 1 + Math.floor((CASH_LEVEL_RUPEES * (0.2 + share) * PRICE_SCALE) / at);
  }

  function levels(instrument: Instrument, side: Side, at: number): DepthLevel[] {
    if (instrument.kind === "index") return [];
    const now = turnTo(at);
    const { bid, ask } = market.touch(instrument, at);
    const { lowerCircuit, upperCircuit } = market.pricing(instrument, at);
    const found: DepthLevel[] = [];
    for (let level = 0; level < LEVELS; level++) {
      const step = level * instrument.tickSize;
      const rupees = side === "BUY" ? bid - step : ask + step;
      // Real prices may lie outside the seeded circuit limits.
      const isInBand = market.hasSource || (rupees >= (lowerCircuit ?? 0) && rupees <= (upperCircuit ?? rupees));
      if (rupees <= 0 || !isInBand) continue;
      const at = price(rupees);
      const quantity = offered(instrument, side, now, level, at) - (taken.get(name(instrument.key, side, at)) ?? 0);
      if (quantity <= 0) continue;
      const crowd = hash2(market.stream(instrument), now, 30 + level) % 12;
      found.push({ price: at, quantity, orders: Math.min(quantity, 1 + crowd) });
    }
    return found;
  }

  return {
    levels,
    take(instrument, side, level, quantity, at) {
      turnTo(at);
      const key = name(instrument.key, side, level);
      taken.set(key, (taken.get(key) ?? 0) + quantity);
    },
    depth(instrument, quote, at) {
      const bids = levels(instrument, "BUY", at);
      const asks = levels(instrument, "SELL", at);
      const visible = (side: readonly DepthLevel[]): number => side.reduce((sum, { quantity }) => sum + quantity, 0);
      const { key, symbol, ltp } = quote;
      // Totals include simulated quantity beyond the five best levels.
      return { key, symbol, bids, asks, totalBidQty: visible(bids) * 14, totalAskQty: visible(asks) * 13, ltp };
    },
  };
}
