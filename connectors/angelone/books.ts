import type { Access, ConnectorDeps, InstrumentTable } from "../base.ts";
import type { BrokerOrderId, OrderTag } from "../../src/domain/ids.ts";
import { istDate } from "../../src/domain/market.ts";
import type { Price } from "../../src/domain/money.ts";
import type { Order } from "../../src/domain/order.ts";
import type { Funds, Holding, Position, Profile, Trade } from "../../src/domain/portfolio.ts";
import { BrokerError } from "../../src/errors.ts";
import { type ReadRow, rowsWhere } from "../../src/lib/rows.ts";
import { batchesOf } from "../batches.ts";
import { byOrderId, finishBook, readBook, requireComplete } from "../book.ts";
import { priceOrNull } from "../quotes.ts";
import { nullUnlessExpired } from "../replies.ts";
import { ENDPOINTS, endpointName, type AngelClient, type CallerOf, type Endpoint } from "./client.ts";
import { mapReply } from "./errors.ts";
import { soldToday, toFunds, toHolding, toPosition, toProfile } from "./map-portfolio.ts";
import { identityOf, type InstrumentFields, toOrder, toTrade } from "./map.ts";
import { QUOTE_BATCH, tokensByExchange, venueId } from "./quotes.ts";
import type { HoldingRaw, OrderRaw, PositionRaw } from "./schemas.ts";
import { ANGELONE } from "./facts.ts";

/** Profile, funds, portfolio, orders and trades. */
export function createBooks(
  deps: Pick<ConnectorDeps, "instruments" | "now" | "warn">,
  client: AngelClient,
  callerOf: CallerOf,
) {
  /** Null when not needed or not available: derivatives then keep Angel One's own names. */
  async function masterFor(isNeeded: boolean): Promise<InstrumentTable | null> {
    if (!isNeeded) return null;
    return await deps.instruments().catch(() => {
      deps.warn("Angel One's instruments could not be had: derivatives keep Angel One's names");
      return null;
    });
  }

  async function book<R extends Required<InstrumentFields> & { orderid?: string }, T>(
    endpoint: Endpoint,
    rows: readonly ReadRow<R>[],
    map: (row: R, master: InstrumentTable | null) => T,
  ): Promise<T[]> {
    const master = await masterFor(rows.some((each) => isDerivativeRow(each.ok ? each.row : each.partial)));
    return readBook(rows, {
      broker: ANGELONE,
      endpoint: endpointName(endpoint),
      map: (row) => map(row, master),
      idBy: "orderid",
      listedBy: ["exchange", "tradingsymbol", "symboltoken"],
      listedOf: (row) => identityOf(row, master),
    });
  }

  const orders = (rows: readonly ReadRow<OrderRaw>[]): Promise<Order[]> =>
    finishBook(book(ENDPOINTS.getOrders, rows, toOrder), (all) => all.toSorted(byOrderId));

  /** Last prices for the rows that have none. A row that cannot be quoted stays without. */
  async function missingPrices(
    access: Access,
    rows: readonly PricedRaw[],
    signal?: AbortSignal,
  ): Promise<(row: PricedRaw) => Price | null> {
    const venues = rows
      .filter(({ ltp }) => Number(ltp ?? 0) <= 0)
      .map((row) => ({ exchange: row.exchange, token: row.symboltoken }));
    const prices = new Map<string, Price>();
    for (const batch of batchesOf(venues, QUOTE_BATCH)) {
      const exchangeTokens = tokensByExchange(batch);
      const reply = await client
        .getQuotes(callerOf(access), { mode: "LTP", exchangeTokens }, signal)
        .catch(nullUnlessExpired);
      for (const row of reply?.fetched ?? []) {
        const ltp = asDocumented(ENDPOINTS.getQuotes, () => priceOrNull(row.ltp));
        if (ltp !== null) prices.set(venueId({ exchange: row.exchange, token: row.symbolToken }), ltp);
      }
    }
    return (row) => prices.get(venueId({ exchange: row.exchange, token: row.symboltoken })) ?? null;
  }

  return {
    getOrders: async (access: Access, signal?: AbortSignal): Promise<Order[]> =>
      orders(await client.getOrders(callerOf(access), signal)),
    getProfile: async (access: Access, signal?: AbortSignal): Promise<Profile> =>
      toProfile(await client.getProfile(callerOf(access), signal)),

    async getFunds(access: Access, signal?: AbortSignal): Promise<Funds> {
      const raw = await client.getRms(callerOf(access), signal);
      return asDocumented(ENDPOINTS.getRms, () => toFunds(raw));
    },

    async getHoldings(access: Access, signal?: AbortSignal): Promise<Holding[]> {
      const caller = callerOf(access);
      const [rows, positionRows] = await Promise.all([
        client.getHoldings(caller, signal),
        client.getPositions(caller, signal),
      ]);
      const positions = await requireComplete(book(ENDPOINTS.getPositions, positionRows, (row) => row));
      const holdings = rows.flatMap((each) => (each.ok ? each.row : []));
      const sold = (row: HoldingRaw): number => soldToday(row, { holdings, positions });
      const quoted = await missingPrices(access, holdings, signal);
      return finishBook(
        book(ENDPOINTS.getHoldings, rows, (row) => toHolding(row, sold(row), quoted(row))),
        (held) => held.filter(({ qty }) => qty > 0),
      );
    },

    async getPositions(access: Access, signal?: AbortSignal): Promise<Position[]> {
      const rows = await client.getPositions(callerOf(access), signal);
      const open = rows.flatMap((each) => (each.ok && each.row.netqty !== 0 ? each.row : []));
      const quoted = await missingPrices(access, open, signal);
      return book(ENDPOINTS.getPositions, rows, (row, master) => toPosition(row, master, quoted(row)));
    },

    async getTrades(access: Access, signal?: AbortSignal): Promise<Trade[]> {
      const rows = await client.getTrades(callerOf(access), signal);
      const master = await masterFor(rows.length > 0);
      const today = istDate(deps.now());
      return readBook(rows, {
        broker: ANGELONE,
        endpoint: endpointName(ENDPOINTS.getTrades),
        map: (row) => toTrade(row, master, today),
        listedBy: ["exchange", "tradingsymbol"],
        listedOf: (row) => identityOf(row, master),
      });
    },

    /** Angel One has no look-up by tag, so the book is searched. */
    async findOrdersByTag(access: Access, tag: OrderTag, signal?: AbortSignal): Promise<Order[]> {
      const rows = await client.getOrders(callerOf(access), signal);
      return orders(rowsWhere(rows, ["ordertag"], ({ ordertag }) => ordertag === tag));
    },

    /** By the unique id if the handle has it (10 calls a second), else from the book (1 a second). */
    async getOrder(
      access: Access,
      orderId: BrokerOrderId,
      handle: Order["handle"],
      signal?: AbortSignal,
    ): Promise<Order | null> {
      const uniqueId = handle.uniqueorderid;
      const row = uniqueId ? await client.getOrder(callerOf(access), uniqueId, signal).catch(nullWhenUnknown) : null;
      if (row?.orderid !== orderId) {
        const rows = await client.getOrders(callerOf(access), signal);
        return (await orders(rowsWhere(rows, ["orderid"], ({ orderid }) => orderid === orderId)))[0] ?? null;
      }
      const master = await masterFor(isDerivativeRow(row));
      return asDocumented(ENDPOINTS.getOrder, () => toOrder(row, master));
    },
  };
}

type PricedRaw = Pick<PositionRaw | HoldingRaw, "exchange" | "symboltoken" | "ltp">;

const asDocumented = <T>(endpoint: Endpoint, map: () => T): T => mapReply(endpointName(endpoint), map);

const isDerivativeRow = (row: { exchange?: string }): boolean => row.exchange !== "NSE" && row.exchange !== "BSE";

/**
 * For an unknown id `details` was seen to answer AB1013 and AB1007, and may answer in other ways: the book then decides.
 * Without an answer, or without a session, nothing is known.
 */
function nullWhenUnknown(error: unknown): null {
  if (!(error instanceof BrokerError) || error.kind === "auth-expired") throw error;
  const isAnswer = error.kind === "bad-response" || (error.brokerCode ?? "") !== "";
  if (isAnswer) return null;
  throw error;
}
