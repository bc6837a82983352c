import type { Order } from "../../src/domain/order.ts";
import { ownedNow, type Position } from "../../src/domain/portfolio.ts";
import type { Access, BrokerConnector, ConnectorDeps } from "../base.ts";
import { createLogin } from "./auth.ts";
import { callerOf, createClient } from "./client.ts";
import { mapped } from "./errors.ts";
import { newestLast, toOrder, toTrade } from "./map.ts";
import { toFunds, toHolding, toPosition, toProfile } from "./map-portfolio.ts";
import { createMarketData } from "./market-data.ts";
import { createMaster } from "./master.ts";
import { createOrders } from "./orders.ts";
import type { OrderMarks } from "./schemas.ts";
import { lookupIn, type Lookup } from "./venue.ts";

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

  async function named<R, T>(endpoint: string, rows: readonly R[], map: (row: R, lookup: Lookup) => T): Promise<T[]> {
    const find = rows.length === 0 ? lookupIn(null) : await lookup();
    return mapped(endpoint, () => rows.map((row) => map(row, find)));
  }

  const getPositions = async (access: Access, signal?: AbortSignal): Promise<Position[]> =>
    named("GET /v2/portfolio/short-term-positions", await client.getPositions(access, signal), toPosition);
  const getOrders = async (
    access: Access,
    isWanted: (marks: OrderMarks) => boolean,
    signal?: AbortSignal,
  ): Promise<Order[]> =>
    (await named("GET /v2/order/retrieve-all", await client.getOrders(access, isWanted, signal), toOrder)).sort(
      newestLast,
    );

  return {
    ...createLogin(client, deps),
    ...createMarketData(client, deps),
    ...createOrders(client, deps),
    getInstruments: createMaster(deps, client.instrumentsUrl),

    getProfile: async (access, signal) => toProfile(await client.getProfile(callerOf(access), signal)),
    async getFunds(access, signal) {
      const reply = await client.getFunds(access, signal);
      return mapped("GET /v3/user/get-funds-and-margin", () => toFunds(reply));
    },
    /** `quantity` is not said to lack what was sold today; what open and filled sales use is, and the positions tell how much was sold. */
    async getHoldings(access, signal) {
      const rows = await client.getHoldings(access, signal);
      const holdings = await named("GET /v2/portfolio/long-term-holdings", rows, toHolding);
      const isUsed = rows.some((row) => row.cnc_used_quantity > 0);
      return isUsed ? ownedNow(holdings, await getPositions(access, signal)) : holdings;
    },
    getPositions,
    getOrders: (access, signal) => getOrders(access, () => true, signal),
    getTrades: async (access, signal) =>
      named("GET /v2/order/trades/get-trades-for-day", await client.getTrades(access, signal), toTrade),

    /** Over the whole book: a search by tag that misses would prove that an order does not exist. */
    findOrdersByTag: (access, wanted, signal) => getOrders(access, ({ tag }) => tag === wanted, signal),
    /** From the book as well: how an id is refused that nobody knows is not verified. */
    getOrder: async (access, orderId, _handle, signal) =>
      (await getOrders(access, ({ order_id: id }) => id === orderId, signal))[0] ?? null,
  };
}
