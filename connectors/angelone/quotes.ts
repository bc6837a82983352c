import { isDerivative, type Instrument } from "../../src/domain/instrument.ts";
import { parseIst } from "../../src/domain/market.ts";
import type { Depth, Quote } from "../../src/domain/portfolio.ts";
import { levelsOf, priceOrNull } from "../quotes.ts";
import { indexVenue } from "./instruments.ts";
import type { FetchedRaw } from "./schemas.ts";

/** Tokens per quote request, all exchanges together. */
export const QUOTE_BATCH = 50;

export interface VenueToken {
  readonly exchange: string;
  readonly token: string;
}

/** Angel One's exchange and token: those of the key, except for indices. Null for an unknown index. */
export function venueTokenOf(instrument: Instrument): VenueToken | null {
  if (instrument.segment !== "INDEX")
    return { exchange: instrument.segment, token: instrument.key.slice(instrument.key.indexOf(":") + 1) };
  return indexVenue(instrument.key);
}

/** `exchangeTokens` of the request: tokens grouped by exchange. */
export function tokensByExchange(venues: readonly VenueToken[]): Record<string, string[]> {
  const grouped: Record<string, string[]> = {};
  for (const { exchange, token } of venues) (grouped[exchange] ??= []).push(token);
  return grouped;
}

export const venueId = (venue: VenueToken): string => `${venue.exchange}:${venue.token}`;

/** Null when nothing has traded yet (a price of 0). `close` is the previous close. */
export function toQuote(row: FetchedRaw, instrument: Instrument): Quote | null {
  const ltp = priceOrNull(row.ltp);
  if (ltp === null) return null;
  // The epoch on an index: it is not traded.
  const at = row.exchTradeTime.trim() === "" ? 0 : parseIst(row.exchTradeTime);
  return {
    key: instrument.key,
    symbol: instrument.symbol,
    ltp,
    open: priceOrNull(row.open),
    high: priceOrNull(row.high),
    low: priceOrNull(row.low),
    prevClose: priceOrNull(row.close),
    bid: levelsOf(row.depth?.buy)[0]?.price ?? null,
    ask: levelsOf(row.depth?.sell)[0]?.price ?? null,
    volume: instrument.kind === "index" ? null : row.tradeVolume,
    openInterest: isDerivative(instrument) ? row.opnInterest : null,
    lowerCircuit: priceOrNull(row.lowerCircuit),
    upperCircuit: priceOrNull(row.upperCircuit),
    at: at > 0 ? at : null,
    source: "broker",
  };
}

export const toDepth = (row: FetchedRaw, instrument: Instrument): Depth => ({
  key: instrument.key,
  symbol: instrument.symbol,
  bids: levelsOf(row.depth?.buy),
  asks: levelsOf(row.depth?.sell),
  totalBidQty: row.totBuyQuan,
  totalAskQty: row.totSellQuan,
  ltp: priceOrNull(row.ltp),
});
