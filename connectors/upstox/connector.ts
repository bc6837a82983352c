import type { Order } from "../../src/domain/order.ts";
import { ownedNow, type Position } from "../../src/domain/portfolio.ts";
import { type ReadRow, rowsWhere } from "../../src/lib/rows.ts";
import type { Access, BrokerConnector, ConnectorDeps } from "../base.ts";
import { byOrderId, finishBook, readBook, requireComplete } from "../book.ts";
import { createLogin } from "./auth.ts";
import { callerOf, createClient } from "./client.ts";
import { mapReply } from "./errors.ts";
import { toOrder, toTrade } from "./map.ts";
import { toFunds, toHolding, toPosition, toProfile } from "./map-portfolio.ts";
import { createMarketData } from "./market-data.ts";
import { createMaster } from "./master.ts";
import { createOrders } from "./orders.ts";
import type { ListedRaw, OrderRaw } from "./schemas.ts";
import { UPSTOX } from "./facts.ts";
import { lookupIn, identityOf, type Lookup } from "./venue.ts";

/** The contract, over the raw client and the pure mappings. */
export function createConnector(deps: ConnectorDeps): BrokerConnector {
  const client = createClient(deps);

  async function lookup(): Promise<Lookup> {
    try {
      return lookupIn(await deps.instruments());
    } catch {
      deps.warn("upstox: no instrument master; shares are known by name only");
      return lookupIn(null);
    }
  }

  async function book<R extends ListedRaw & { order_id?: string }, T>(
    endpoint: string,
    rows: readonly ReadRow<R>[],
    map: (row: R, lookup: Lookup) => T,
  ): Promise<T[]> {
    const find = rows.length === 0 ? lookupIn(null) : await lookup();
    return readBook(rows, {
      broker: UPSTOX,
      endpoint,
      map: (row) => map(row, find),
      idBy: "order_id",
      listedBy: ["instrument_token", "trading_symbol"],
      listedOf: (row) => identityOf(row, find),
    });
  }

  const getPositions = async (access: Access, signal?: AbortSignal): Promise<Position[]> =>
    book("GET /v2/portfolio/short-term-positions", await client.getPositions(access, signal), toPosition);
  const orders = (rows: readonly ReadRow<OrderRaw>[]): Promise<Order[]> =>
    finishBook(book("GET /v2/order/retrieve-all", rows, toOrder), (all) => all.toSorted(byOrderId));

  return {
    ...createLogin(client, deps),
    ...createMarketData(client, deps),
    ...createOrders(client, deps),
    getInstruments: createMaster(deps, client.instrumentsUrl),

    getProfile: async (access, signal) => toProfile(await client.getProfile(callerOf(access), signal)),
    async getFunds(access, signal) {
      const reply = await client.getFunds(access, signal);
      return mapReply("GET /v3/user/get-funds-and-margin", () => toFunds(reply));
    },
    // `quantity` is not documented to exclude today's sales: if sell orders use any, positions tell how much was sold.
    async getHoldings(access, signal) {
      const rows = await client.getHoldings(access, signal);
      const mayHaveSales = rows.some((each) => each.ok && each.row.cnc_used_quantity > 0);
      const positions = mayHaveSales ? await requireComplete(getPositions(access, signal)) : [];
      const openingHoldings = book("GET /v2/portfolio/long-term-holdings", rows, toHolding);
      return finishBook(openingHoldings, (holdings) => ownedNow(holdings, positions));
    },
    getPositions,
    getOrders: async (access, signal) => orders(await client.getOrders(access, signal)),
    getTrades: async (access, signal) =>
      book("GET /v2/order/trades/get-trades-for-day", await client.getTrades(access, signal), toTrade),

    /** Searches the whole book: if Upstox's search by tag missed the order, it would seem not to exist. */
    findOrdersByTag: async (access, wanted, signal) =>
      orders(rowsWhere(await client.getOrders(access, signal), ["tag"], ({ tag }) => tag === wanted)),
    /** From the book too. Unverified: how the endpoint for one order refuses an unknown id. */
    async getOrder(access, orderId, _handle, signal) {
      const rows = await client.getOrders(access, signal);
      return (await orders(rowsWhere(rows, ["order_id"], ({ order_id: id }) => id === orderId)))[0] ?? null;
    },
  };
}
