import type { InstrumentKey } from "../../src/domain/ids.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { istDateTime } from "../../src/domain/market.ts";
import type { Quote } from "../../src/domain/portfolio.ts";
import { BrokerError } from "../../src/errors.ts";
import type { Access, BrokerConnector } from "../base.ts";
import { batchesOf } from "../batches.ts";
import { finishCandles, readCalls, spansOf } from "../candles.ts";
import type { Client } from "./client.ts";
import { mapReply } from "./errors.ts";
import { toCandle, toDepth, toQuote } from "./map.ts";
import { ACME } from "./facts.ts";

const QUOTES_PER_CALL = 200;
/** The longest range of one call. */
const MAX_RANGE_MS = 100 * 86_400_000;

type MarketData = Pick<BrokerConnector, "getQuotes" | "getQuote" | "getOrderbook" | "getHistoricalData">;

export function createMarketData(client: Client): MarketData {
  async function getQuotes(access: Access, instruments: readonly Instrument[], signal?: AbortSignal) {
    const quotes = new Map<InstrumentKey, Quote>();
    for (const batch of batchesOf(instruments, QUOTES_PER_CALL)) {
      const rows = await client.getQuotes(access, { ids: batch.map(({ key }) => key).join(",") }, signal);
      for (const instrument of batch) {
        const row = rows[instrument.key];
        if (row)
          quotes.set(
            instrument.key,
            mapReply("GET /quotes", () => toQuote(instrument, row)),
          );
      }
    }
    return quotes;
  }

  return {
    getQuotes,
    async getQuote(access, instrument, signal) {
      const quote = (await getQuotes(access, [instrument], signal)).get(instrument.key);
      if (quote) return quote;
      throw new BrokerError("rejected", `Acme has no price of ${instrument.symbol}`, {
        broker: ACME,
        endpoint: "GET /quotes",
      });
    },
    async getOrderbook(access, instrument, signal) {
      const row = await client.getDepth(access, { id: instrument.key }, signal);
      return mapReply("GET /depth", () => toDepth(instrument, row));
    },
    async getHistoricalData(access, query, signal) {
      const { instrument, interval } = query;
      const candles = await readCalls(spansOf(query, MAX_RANGE_MS, 1_000), async ({ from, to }) => {
        const params = { id: instrument.key, interval, from: istDateTime(from), to: istDateTime(to) };
        const rows = await client.getCandles(access, params, signal);
        return mapReply("GET /candles", () => rows.map(toCandle));
      });
      return finishCandles(candles, interval, query);
    },
  };
}
