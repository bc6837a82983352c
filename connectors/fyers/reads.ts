import type { InstrumentKey } from "../../src/domain/ids.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { paiseFromRupees } from "../../src/domain/money.ts";
import type { Order } from "../../src/domain/order.ts";
import { ownedNow, type Position, type Quote } from "../../src/domain/portfolio.ts";
import { BrokerError } from "../../src/errors.ts";
import { type ReadRow, rowsWhere, fieldsOf } from "../../src/lib/rows.ts";
import type { Access, BrokerConnector, ConnectorDeps, InstrumentTable } from "../base.ts";
import { batchesOf } from "../batches.ts";
import { byOrderId, byPlacedAt, finishBook, readBook, requireComplete } from "../book.ts";
import { finishCandles, readCalls } from "../candles.ts";
import type { Client } from "./client.ts";
import { isUnknownOrder, mapReply } from "./errors.ts";
import * as market from "./map-market.ts";
import * as map from "./map.ts";
import type { DepthRaw, HoldingRaw, OrderRaw } from "./schemas.ts";
import { segmentOf, venueSymbolOf } from "./venue.ts";
import { FYERS } from "./facts.ts";

const QUOTES_PER_CALL = 50;

type PortfolioReads = Pick<
  BrokerConnector,
  | "getProfile"
  | "getFunds"
  | "getHoldings"
  | "getPositions"
  | "getOrders"
  | "getTrades"
  | "findOrdersByTag"
  | "getOrder"
>;

export function createPortfolioReads(client: Client, deps: ConnectorDeps): PortfolioReads {
  async function getPositions(access: Access, signal?: AbortSignal): Promise<Position[]> {
    const { netPositions } = await client.getPositions(access, signal);
    return readBook(netPositions, { ...ROW_IDENTITY, endpoint: "GET /positions", map: map.toPosition });
  }

  return {
    getProfile: async (access, signal) => map.toProfile(await client.getProfile(access, signal)),

    async getFunds(access, signal) {
      const reply = await client.getFunds(access, signal);
      return mapReply("GET /funds", () => map.toFunds(reply));
    },

    async getHoldings(access, signal) {
      const { holdings } = await client.getHoldings(access, signal);
      const shares = holdings.filter((each) => !isUnlisted(each));
      if (shares.length < holdings.length)
        deps.warn("fyers: holdings that are not shares were left out", { count: holdings.length - shares.length });
      // `quantity` is from the start of the day; what was sold since, T1 shares too, is among the positions.
      const mayHaveSales = shares.some((each) => each.ok && each.row.remainingQuantity < map.openingQty(each.row));
      const positions = mayHaveSales ? await requireComplete(getPositions(access, signal)) : [];
      const openingHoldings = readBook(shares, { ...ROW_IDENTITY, endpoint: "GET /holdings", map: map.toHolding });
      return finishBook(openingHoldings, (rows) => ownedNow(rows, positions));
    },

    getPositions,

    async getOrders(access, signal) {
      const { orderBook } = await client.getOrders(access, signal);
      return newestLast(orderBook);
    },

    async getTrades(access, signal) {
      const { tradeBook } = await client.getTradebook(access, signal);
      return readBook(tradeBook, { ...ROW_IDENTITY, endpoint: "GET /tradebook", map: map.toTrade });
    },

    /** Searches the whole book: if Fyers' filter missed the order, it would seem not to exist. */
    async findOrdersByTag(access, tag, signal) {
      const { orderBook } = await client.getOrders(access, signal);
      return newestLast(rowsWhere(orderBook, ["orderTag"], ({ orderTag }) => map.toTag(orderTag) === tag));
    },

    async getOrder(access, orderId, _handle, signal) {
      const { orderBook } = await client.getOrders(access, signal, { id: orderId }).catch((error: unknown) => {
        if (isUnknownOrder(error)) return { orderBook: [] };
        throw error;
      });
      const [order] = await newestLast(rowsWhere(orderBook, ["id"], ({ id }) => id === orderId));
      return order ?? null;
    },
  };
}

/** The fields that identify a row's instrument even when the rest of the row cannot be read. */
const ROW_IDENTITY = {
  broker: FYERS,
  listedBy: ["symbol", "fyToken", "exchange", "segment"],
  listedOf: map.toListed,
} as const;

/** Whether the row is of no known exchange (mutual funds). A row without those fields may be a share: it is kept. */
function isUnlisted(each: ReadRow<HoldingRaw>): boolean {
  const place = fieldsOf(each, ["exchange", "segment"]);
  return place !== null && segmentOf(place.exchange, place.segment) === undefined;
}

/** The book's order is not documented; within a day, ids grow. */
const newestLast = (rows: readonly ReadRow<OrderRaw>[]): Promise<Order[]> =>
  finishBook(readBook(rows, { ...ROW_IDENTITY, endpoint: "GET /orders", map: map.toOrder, idBy: "id" }), (orders) =>
    orders.toSorted((a, b) => byPlacedAt(a, b) || byOrderId(a, b)),
  );

type MarketReads = Pick<
  BrokerConnector,
  "getQuotes" | "getQuote" | "getOrderbook" | "getHistoricalData" | "getOrderCost"
>;

export function createMarketReads(client: Client, deps: ConnectorDeps): MarketReads {
  async function getQuotes(
    access: Access,
    instruments: readonly Instrument[],
    signal?: AbortSignal,
  ): Promise<Map<InstrumentKey, Quote>> {
    const bySymbol = venueSymbols(await deps.instruments(), instruments);
    const quotes = new Map<InstrumentKey, Quote>();
    for (const symbols of batchesOf([...bySymbol.keys()], QUOTES_PER_CALL)) {
      const { d } = await client.getQuotes(access, symbols, signal);
      for (const item of d) {
        const instrument = bySymbol.get(item.n);
        if (item.s === "error" || instrument === undefined) continue;
        const quote = mapReply("GET /data/quotes", () => market.toQuote(instrument, item.v));
        if (quote) quotes.set(quote.key, quote);
      }
    }
    return quotes;
  }

  async function depthOf(access: Access, instrument: Instrument, signal?: AbortSignal): Promise<DepthRaw> {
    const symbol = await symbolFor(deps, instrument.key, "GET /data/depth");
    const { d } = await client.getDepth(access, symbol, signal);
    return d[symbol] ?? notQuoted(instrument, "GET /data/depth");
  }

  return {
    getQuotes,

    async getQuote(access, instrument, signal) {
      // An index has no depth.
      if (instrument.kind === "index")
        return (
          (await getQuotes(access, [instrument], signal)).get(instrument.key) ??
          notQuoted(instrument, "GET /data/quotes")
        );
      const row = await depthOf(access, instrument, signal);
      const quote = mapReply("GET /data/depth", () => market.quoteFromDepth(instrument, row));
      return quote ?? notQuoted(instrument, "GET /data/depth");
    },

    async getOrderbook(access, instrument, signal) {
      const row = await depthOf(access, instrument, signal);
      return mapReply("GET /data/depth", () => market.toDepth(instrument, row));
    },

    async getHistoricalData(access, query, signal) {
      const { instrument, interval } = query;
      const symbol = await symbolFor(deps, instrument.key, "GET /data/history");
      const bars = await readCalls(market.candleRanges(query), async (range) => {
        // cont_flag 1 would join the expiries of a future into one series.
        const params = { symbol, resolution: market.RESOLUTIONS[interval], cont_flag: "0", ...range };
        const { candles } = await client.getHistory(access, params, signal);
        return mapReply("GET /data/history", () => candles.map((row) => market.toCandle(row, interval)));
      });
      return finishCandles(bars, interval, query);
    },

    async getOrderCost(access, request, signal) {
      const endpoint = "POST /multiorder/margin";
      const symbol = await symbolFor(deps, request.key, endpoint);
      const { data } = await client.postMargin(access, [map.fromCostRequest(request, symbol)], signal);
      return { margin: mapReply(endpoint, () => paiseFromRupees(data.margin_new_order)), charges: null };
    },
  };
}

function venueSymbols(table: InstrumentTable, instruments: readonly Instrument[]): Map<string, Instrument> {
  const bySymbol = new Map<string, Instrument>();
  for (const instrument of instruments) {
    const symbol = venueSymbolOf(table, instrument.key);
    if (symbol !== undefined) bySymbol.set(symbol, instrument);
  }
  return bySymbol;
}

async function symbolFor(deps: ConnectorDeps, key: InstrumentKey, endpoint: string): Promise<string> {
  return venueSymbolOf(await deps.instruments(), key) ?? notListed(endpoint);
}

function notListed(endpoint: string): never {
  throw new BrokerError("rejected", "Fyers does not list this instrument", { broker: FYERS, endpoint });
}

function notQuoted(instrument: Instrument, endpoint: string): never {
  throw new BrokerError("rejected", `Fyers has no price for ${instrument.symbol}`, { broker: FYERS, endpoint });
}
