import type { Access, CandleQuery, ConnectorDeps, VenueInstrument } from "../base.ts";
import type { InstrumentKey } from "../../src/domain/ids.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { paiseFromRupees } from "../../src/domain/money.ts";
import type { OrderCost, OrderRequest } from "../../src/domain/order.ts";
import type { Candle, Depth, Quote } from "../../src/domain/portfolio.ts";
import { BrokerError } from "../../src/errors.ts";
import { HttpFailure } from "../../src/lib/http.ts";
import { JsonArrayError, objectsOf } from "../../src/lib/json-array.ts";
import { batchesOf } from "../batches.ts";
import { finishCandles, readCalls } from "../candles.ts";
import { nullIfRefused } from "../replies.ts";
import { candleRequests, toCandle } from "./candles.ts";
import { ENDPOINTS, endpointName, type AngelClient, type CallerOf } from "./client.ts";
import { mapReply, noReply } from "./errors.ts";
import { toInstruments } from "./instruments.ts";
import { fromProduct, fromTerms } from "./order-bodies.ts";
import { venueNames, venueOf } from "./orders.ts";
import { QUOTE_BATCH, toDepth, tokensByExchange, toQuote, venueId, venueTokenOf } from "./quotes.ts";
import type { FetchedRaw } from "./schemas.ts";
import { ANGELONE } from "./facts.ts";

const QUOTES = endpointName(ENDPOINTS.getQuotes);
const MASTER = "GET OpenAPIScripMaster.json";
/** For the whole file: 40 to 50 MB, at the pace of its reader. */
const MASTER_TIMEOUT_MS = 180_000;

/** Quotes, depth, candles, the cost of an order, and the master file. */
export function createMarketData(
  deps: Pick<ConnectorDeps, "http" | "instruments" | "now">,
  client: AngelClient,
  callerOf: CallerOf,
  masterUrl: string,
) {
  /** Rows in mode FULL, each with its instrument. Unknown instruments are absent. */
  async function fetchRows(
    access: Access,
    instruments: readonly Instrument[],
    signal?: AbortSignal,
  ): Promise<{ row: FetchedRaw; instrument: Instrument }[]> {
    const wanted = instruments.flatMap((instrument) => {
      const venue = venueTokenOf(instrument);
      return venue ? [{ instrument, venue }] : [];
    });
    const found: { row: FetchedRaw; instrument: Instrument }[] = [];
    for (const batch of batchesOf(wanted, QUOTE_BATCH)) {
      const byId = new Map(batch.map(({ instrument, venue }) => [venueId(venue), instrument]));
      const exchangeTokens = tokensByExchange(batch.map(({ venue }) => venue));
      const { fetched } = await client.getQuotes(callerOf(access), { mode: "FULL", exchangeTokens }, signal);
      for (const row of fetched ?? []) {
        const instrument = byId.get(venueId({ exchange: row.exchange, token: row.symbolToken }));
        if (instrument) found.push({ row, instrument });
      }
    }
    return found;
  }

  async function getQuotes(
    access: Access,
    instruments: readonly Instrument[],
    signal?: AbortSignal,
  ): Promise<Map<InstrumentKey, Quote>> {
    const rows = await fetchRows(access, instruments, signal);
    const quotes = mapReply(QUOTES, () => rows.map(({ row, instrument }) => toQuote(row, instrument)));
    return new Map(quotes.filter((quote) => quote !== null).map((quote) => [quote.key, quote]));
  }

  return {
    getQuotes,
    async getQuote(access: Access, instrument: Instrument, signal?: AbortSignal): Promise<Quote> {
      const quote = (await getQuotes(access, [instrument], signal)).get(instrument.key);
      if (!quote) throw noPrice(instrument);
      return quote;
    },

    async getOrderbook(access: Access, instrument: Instrument, signal?: AbortSignal): Promise<Depth> {
      const [found] = await fetchRows(access, [instrument], signal);
      if (!found) throw noPrice(instrument);
      return mapReply(QUOTES, () => toDepth(found.row, instrument));
    },

    async getHistoricalData(access: Access, query: CandleQuery, signal?: AbortSignal): Promise<Candle[]> {
      const { instrument, interval } = query;
      const venue = venueTokenOf(instrument);
      if (!venue) throw noPrice(instrument);
      const candles = await readCalls(candleRequests(query, deps.now()), async (range) => {
        const body = { exchange: venue.exchange, symboltoken: venue.token, ...range };
        const rows = await client.getCandles(callerOf(access), body, signal);
        return mapReply(endpointName(ENDPOINTS.getCandles), () => rows.map(toCandle));
      });
      return finishCandles(candles, interval, query);
    },

    /**
     * A market order is priced at its protective limit, as it is sent. What Angel One refuses to estimate (charges of
     * derivatives are undocumented) is null.
     */
    async getOrderCost(access: Access, request: OrderRequest, signal?: AbortSignal): Promise<OrderCost> {
      const caller = callerOf(access);
      const order = costedOrder(request, await venueOf(deps, request));
      const [margin, charges] = await Promise.all([
        client.getMargin(caller, order.margin, signal).catch(nullIfRefused),
        client.getCharges(caller, order.charges, signal).catch(nullIfRefused),
      ]);
      return mapReply(endpointName(ENDPOINTS.getMargin), () => ({
        margin: margin && paiseFromRupees(margin.totalMarginRequired),
        charges: charges && paiseFromRupees(charges.summary.total_charges),
      }));
    },

    async *getInstruments(
      { onSkipped }: { onSkipped: (reason: string) => void },
      signal?: AbortSignal,
    ): AsyncGenerator<VenueInstrument> {
      try {
        const pieces = await deps.http.stream({
          scope: ANGELONE,
          method: "GET",
          url: masterUrl,
          timeoutMs: MASTER_TIMEOUT_MS,
          signal,
        });
        yield* toInstruments(objectsOf(pieces), onSkipped);
      } catch (error) {
        throw masterError(error, signal);
      }
    },
  };
}

/** Bodies of margin/v1/batch (camel case, numbers) and brokerage/v1/estimateCharges (snake case, text). */
function costedOrder(request: OrderRequest, venue: VenueInstrument) {
  const product = fromProduct(request.productType);
  const { ordertype, price } = fromTerms(request.terms);
  const { exchange, tradingsymbol, symboltoken: token } = venueNames(venue);
  const position = {
    exchange,
    qty: request.qty,
    price: Number(price),
    productType: product,
    token,
    tradeType: request.side,
    orderType: ordertype,
  };
  const order = {
    product_type: product,
    transaction_type: request.side,
    quantity: String(request.qty),
    price,
    exchange,
    symbol_name: tradingsymbol,
    token,
  };
  return { margin: { positions: [position] }, charges: { orders: [order] } };
}

const noPrice = (instrument: Instrument): BrokerError =>
  new BrokerError("rejected", `Angel One has no price of ${instrument.symbol}`, { broker: ANGELONE, endpoint: QUOTES });

function masterError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof JsonArrayError)
    return new BrokerError("bad-response", `Angel One's master file is unusable: ${error.message}`, {
      broker: ANGELONE,
      endpoint: MASTER,
    });
  if (error instanceof HttpFailure || signal?.aborted === true) return noReply(error, MASTER, true);
  return new BrokerError("unavailable", "Angel One's master file broke off", {
    broker: ANGELONE,
    endpoint: MASTER,
    cause: error,
  });
}
