import { paiseFromRupees } from "../../src/domain/money.ts";
import type { Order } from "../../src/domain/order.ts";
import { type ReadRow, rowsWhere } from "../../src/lib/rows.ts";
import type { Access, BrokerConnector, ConnectorDeps } from "../base.ts";
import { readBook } from "../book.ts";
import { accepted, outcomeOf } from "../outcomes.ts";
import { createLogin } from "./auth.ts";
import { callerOf, createClient } from "./client.ts";
import { mapReply, requireSame } from "./errors.ts";
import { readInstruments } from "./instruments.ts";
import * as map from "./map.ts";
import { createMarketData } from "./market-data.ts";
import type { OrderRaw } from "./schemas.ts";
import { ACME } from "./facts.ts";

/** The contract, over the raw client and the pure mappings. */
export function createConnector(deps: ConnectorDeps): BrokerConnector {
  const client = createClient(deps);

  const orders = (access: Access, signal?: AbortSignal) => client.getOrders(access, undefined, signal);

  return {
    ...createLogin(client, deps),
    ...createMarketData(client),

    async getProfile(access, signal) {
      const { account: accountId, name } = await client.getProfile(callerOf(access), signal);
      return { accountId, name, canSellWithoutAuthorisation: null, hasMarketData: null };
    },
    async getFunds(access, signal) {
      const row = await client.getFunds(access, undefined, signal);
      return mapReply("GET /funds", () => map.toFunds(row));
    },
    async getHoldings(access, signal) {
      const rows = await client.getHoldings(access, undefined, signal);
      return readBook(rows, { ...ROW_IDENTITY, endpoint: "GET /holdings", map: map.toHolding });
    },
    async getPositions(access, signal) {
      const rows = await client.getPositions(access, undefined, signal);
      return readBook(rows, { ...ROW_IDENTITY, endpoint: "GET /positions", map: map.toPosition });
    },
    async getTrades(access, signal) {
      const rows = await client.getTrades(access, undefined, signal);
      return readBook(rows, { ...ROW_IDENTITY, endpoint: "GET /trades", map: map.toTrade });
    },
    getOrders: async (access, signal) => toOrders(await orders(access, signal)),
    // A row that cannot be read must not fail the search for another order.
    findOrdersByTag: async (access, wanted, signal) =>
      toOrders(rowsWhere(await orders(access, signal), ["tag"], ({ tag }) => tag === wanted)),
    async getOrder(access, orderId, _handle, signal) {
      const [order] = await toOrders(rowsWhere(await orders(access, signal), ["id"], ({ id }) => id === orderId));
      return order ?? null;
    },

    placeOrder: (access, request, signal) =>
      outcomeOf(async () => {
        const { id } = await client.postOrder(access, map.fromRequest(request), signal);
        return accepted(id, {});
      }),
    modifyOrder: (access, { orderId }, { qty, terms }, signal) => {
      const change = { ...(qty === undefined ? {} : { quantity: qty }), ...(terms ? map.fromTerms(terms) : {}) };
      return outcomeOf(async () => {
        const { id } = await client.putOrder(access, orderId, change, signal);
        requireSame("PUT /orders/{id}", "id", orderId, id);
        return accepted(id, {});
      });
    },
    cancelOrder: (access, { orderId }, signal) =>
      outcomeOf(async () => {
        const { id } = await client.deleteOrder(access, orderId, signal);
        requireSame("DELETE /orders/{id}", "id", orderId, id);
        return accepted(id, {});
      }),
    async getOrderCost(access, request, signal) {
      const { margin, charges } = await client.postCost(access, map.fromRequest(request), signal);
      return mapReply("POST /cost", () => ({ margin: paiseFromRupees(margin), charges: paiseFromRupees(charges) }));
    },

    getInstruments: ({ onSkipped }, signal) => readInstruments(client.streamInstruments(signal), onSkipped),
  };
}

/** The fields that identify a row's instrument even when the rest of the row cannot be read. */
const ROW_IDENTITY = {
  broker: ACME,
  listedBy: ["instrument", "symbol"],
  listedOf: map.toListed,
} as const;

const toOrders = (rows: readonly ReadRow<OrderRaw>[]): Promise<Order[]> =>
  readBook(rows, { ...ROW_IDENTITY, endpoint: "GET /orders", map: map.toOrder, idBy: "id" });
