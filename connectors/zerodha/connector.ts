import { type InstrumentKey } from "../../src/domain/ids.ts";
import { type Instrument } from "../../src/domain/instrument.ts";
import type { Order } from "../../src/domain/order.ts";
import type { Quote } from "../../src/domain/portfolio.ts";
import { type ReadRow, rowsWhere } from "../../src/lib/rows.ts";
import type { Access, BrokerConnector, CandleQuery, ConnectorDeps, VenueInstrument } from "../base.ts";
import { batchesOf } from "../batches.ts";
import { byPlacedAt, finishBook, readBook } from "../book.ts";
import { finishCandles, readCalls } from "../candles.ts";
import { accepted, outcomeOf } from "../outcomes.ts";
import { falseIfExpired } from "../replies.ts";
import { loginUrl, startSession } from "./auth.ts";
import { candleRanges, toCandle } from "./candles.ts";
import { createKiteClient, type KiteClient } from "./client.ts";
import { type Endpoint, mapReply, requireSame, zerodhaError } from "./errors.ts";
import { readMaster } from "./instruments.ts";
import * as portfolio from "./map-portfolio.ts";
import * as map from "./map.ts";
import type { OrderRaw, QuoteRaw } from "./schemas.ts";
import { ROOTS, ZERODHA } from "./facts.ts";

/** Instruments per GET /quote. */
const MAX_QUOTES = 500;

/** The contract, over the raw client and the pure mappings. */
export function createConnector(deps: ConnectorDeps): BrokerConnector {
  const client = createKiteClient(deps);

  return {
    getLoginUrl: async (request) => ({ url: loginUrl({ ...ROOTS, ...deps.roots }.ZERODHA_LOGIN_ROOT, request) }),
    generateSession: (grant, signal) => startSession(client, grant, deps.now(), signal),
    isTokenValid: (access, signal) => falseIfExpired(() => client.getProfile(access, signal)),
    logout: async (access, signal) => void (await client.deleteSessionToken(access, signal)),

    getProfile: async (access, signal) => portfolio.toProfile(await client.getProfile(access, signal)),
    async getFunds(access, signal) {
      const margins = await client.getMargins(access, signal);
      return mapReply("GET /user/margins", () => portfolio.toFunds(margins));
    },
    async getHoldings(access, signal) {
      const rows = await client.getHoldings(access, signal);
      const reading = { ...ROW_IDENTITY, endpoint: "GET /portfolio/holdings", map: portfolio.toHoldings };
      return finishBook(readBook(rows, reading), (pairs) => pairs.flat());
    },
    async getPositions(access, signal) {
      const { net } = await client.getPositions(access, signal);
      return readBook(net, { ...ROW_IDENTITY, endpoint: "GET /portfolio/positions", map: portfolio.toPosition });
    },
    async getTrades(access, signal) {
      const rows = await client.getTrades(access, signal);
      return readBook(rows, { ...ROW_IDENTITY, endpoint: "GET /trades", map: map.toTrade });
    },
    getOrders: async (access, signal) => newestLast(await client.getOrders(access, signal)),
    async findOrdersByTag(access, tag, signal) {
      const rows = await client.getOrders(access, signal);
      return newestLast(rowsWhere(rows, ["tag", "tags"], (row) => map.carriesTag(row, tag)));
    },
    async getOrder(access, orderId, _handle, signal) {
      const rows = await client.getOrders(access, signal);
      const [order] = await newestLast(rowsWhere(rows, ["order_id"], (row) => row.order_id === orderId));
      return order ?? null;
    },

    async getQuotes(access, instruments, signal) {
      const quotes = new Map<InstrumentKey, Quote>();
      for await (const [instrument, raw] of rawQuotes(deps, client, access, instruments, signal)) {
        const quote = mapReply("GET /quote", () => portfolio.toQuote(instrument, raw));
        if (quote) quotes.set(quote.key, quote);
      }
      return quotes;
    },
    async getQuote(access, instrument, signal) {
      const raw = await rawQuote(deps, client, access, instrument, signal);
      return mapReply("GET /quote", () => portfolio.toQuote(instrument, raw)) ?? notQuoted(instrument);
    },
    async getOrderbook(access, instrument, signal) {
      const raw = await rawQuote(deps, client, access, instrument, signal);
      return mapReply("GET /quote", () => portfolio.toDepth(instrument, raw));
    },
    getHistoricalData: (access, query, signal) => historicalData(deps, client, access, query, signal),

    async placeOrder(access, request, signal) {
      const variety = map.varietyOf(request);
      return outcomeOf(async () => {
        const venue = await listedVenue(deps, request.key, { path: "POST /orders", isOrder: true });
        const answer = await client.postOrder(access, variety, map.fromRequest(request, venue), signal);
        return accepted(answer.order_id, { variety });
      });
    },
    modifyOrder: (access, order, change, signal) =>
      outcomeOf(async () => {
        const answer = await client.putOrder(access, map.fromOrder(order), map.fromChange(change), signal);
        requireSame("PUT /orders", "order_id", order.orderId, answer.order_id);
        return accepted(answer.order_id, order.handle);
      }),
    cancelOrder: (access, order, signal) =>
      outcomeOf(async () => {
        const answer = await client.deleteOrder(access, map.fromOrder(order), signal);
        requireSame("DELETE /orders", "order_id", order.orderId, answer.order_id);
        return accepted(answer.order_id, order.handle);
      }),

    async getOrderCost(access, request, signal) {
      const venue = await listedVenue(deps, request.key, { path: "POST /margins/orders" });
      const [margin] = await client.postOrderMargins(access, map.fromRequestForCost(request, venue), signal);
      if (!margin) throw zerodhaError("bad-response", "no margin in the answer", { path: "POST /margins/orders" });
      return mapReply("POST /margins/orders", () => map.toOrderCost(margin));
    },

    async *getInstruments({ onSkipped }, signal) {
      yield* readMaster(client.streamInstruments(signal), onSkipped);
    },
  };
}

/** The fields that identify a row's instrument even when the rest of the row cannot be read. */
const ROW_IDENTITY = {
  broker: ZERODHA,
  listedBy: ["exchange", "tradingsymbol", "instrument_token"],
  listedOf: map.toListed,
} as const;

const newestLast = (rows: readonly ReadRow<OrderRaw>[]): Promise<Order[]> =>
  finishBook(
    readBook(rows, { ...ROW_IDENTITY, endpoint: "GET /orders", map: map.toOrder, idBy: "order_id" }),
    (orders) => orders.toSorted(byPlacedAt),
  );

/** The instrument in Zerodha's master. Throws before anything is sent. */
async function listedVenue(deps: ConnectorDeps, key: InstrumentKey, endpoint: Endpoint): Promise<VenueInstrument> {
  const table = await deps.instruments().catch((error: unknown) => {
    throw zerodhaError("unreachable", "Zerodha's list of instruments could not be had", endpoint, { cause: error });
  });
  const venue = table.byKey(key);
  if (!venue) throw zerodhaError("invalid-request", `Zerodha does not list ${key}`, endpoint);
  return venue;
}

/** `NSE:SBIN`; an index is quoted under its exchange: `NSE:NIFTY 50`. */
function quoteName({ instrument, venueSymbol }: VenueInstrument): string {
  if (instrument.segment === "INDEX") return `${instrument.symbol.split(":", 1)[0]}:${venueSymbol}`;
  return `${instrument.segment}:${venueSymbol}`;
}

async function* rawQuotes(
  deps: ConnectorDeps,
  client: KiteClient,
  access: Access,
  instruments: readonly Instrument[],
  signal?: AbortSignal,
): AsyncIterable<[Instrument, QuoteRaw]> {
  const table = await deps.instruments();
  const named = instruments.flatMap((instrument) => {
    const venue = table.byKey(instrument.key);
    return venue ? [{ instrument, name: quoteName(venue) }] : [];
  });
  for (const batch of batchesOf(named, MAX_QUOTES)) {
    const raw = await client.getQuote(
      access,
      batch.map(({ name }) => name),
      signal,
    );
    for (const { instrument, name } of batch) {
      const quote = raw[name];
      if (quote) yield [instrument, quote];
    }
  }
}

async function rawQuote(
  deps: ConnectorDeps,
  client: KiteClient,
  access: Access,
  instrument: Instrument,
  signal?: AbortSignal,
): Promise<QuoteRaw> {
  for await (const [, raw] of rawQuotes(deps, client, access, [instrument], signal)) return raw;
  return notQuoted(instrument);
}

function notQuoted({ symbol }: Instrument): never {
  throw zerodhaError("rejected", `Zerodha has no quote of ${symbol}`, { path: "GET /quote" });
}

async function historicalData(
  deps: ConnectorDeps,
  client: KiteClient,
  access: Access,
  query: CandleQuery,
  signal?: AbortSignal,
) {
  const { venueToken: token } = await listedVenue(deps, query.instrument.key, { path: "GET /instruments/historical" });
  const candles = await readCalls(candleRanges(query), async (range) => {
    const raw = await client.getHistorical(access, { token, ...range }, signal);
    return mapReply("GET /instruments/historical", () => raw.candles.map(toCandle));
  });
  return finishCandles(candles, query.interval, query);
}
