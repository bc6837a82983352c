import type { InstrumentKey } from "../../src/domain/ids.ts";
import { paiseFromRupees } from "../../src/domain/money.ts";
import type { Order, OrderOutcome } from "../../src/domain/order.ts";
import { type Holding, ownedNow, type Position } from "../../src/domain/portfolio.ts";
import { BrokerError } from "../../src/errors.ts";
import { type ReadRow, rowsWhere } from "../../src/lib/rows.ts";
import type { Access, BrokerConnector, ConnectorDeps } from "../base.ts";
import { byOrderId, byPlacedAt, finishBook, readBook, requireComplete } from "../book.ts";
import { nullUnlessExpired } from "../replies.ts";
import { createLogin, isExpired } from "./auth.ts";
import { createClient } from "./client.ts";
import { mapReply } from "./errors.ts";
import { readInstruments } from "./instruments.ts";
import { holdingIdentity, pricedAt, toFunds, toHolding, toOrder, toPosition, toProfile, toTrade } from "./map.ts";
import { createMarketData, lastPrices } from "./market-data.ts";
import { fromChange, fromRequest, marginBody, toCancelled, toChanged, toOutcome, toPlaced } from "./order-wire.ts";
import { type HoldingRaw, LISTED_BY, type ListedRaw, type OrderRaw } from "./schemas.ts";
import { DHAN } from "./facts.ts";
import { createTransport } from "./transport.ts";
import { toListed, type Lookup } from "./venue.ts";

/** The contract, over the raw client and the pure mappings. */
export function createConnector(deps: ConnectorDeps): BrokerConnector {
  const client = createClient(createTransport(deps));

  async function table() {
    try {
      return await deps.instruments();
    } catch {
      deps.warn("dhan: no instrument master; symbols are built from the broker's rows");
      return null;
    }
  }

  async function lookupFor(rows: readonly unknown[]): Promise<Lookup> {
    const master = rows.length === 0 ? null : await table();
    return (key: InstrumentKey) => master?.byKey(key);
  }

  async function book<R extends ListedRaw & { orderId?: string }, T>(
    endpoint: string,
    rows: readonly ReadRow<R>[],
    map: (row: R, lookup: Lookup) => T,
  ): Promise<T[]> {
    const find = await lookupFor(rows);
    return readBook(rows, {
      broker: DHAN,
      endpoint,
      map: (row) => map(row, find),
      idBy: "orderId",
      listedBy: LISTED_BY,
      listedOf: (row) => toListed(row, find),
    });
  }

  const getPositions = async (access: Access, signal?: AbortSignal): Promise<Position[]> =>
    book("GET /positions", await client.getPositions(access, signal), toPosition);
  const orders = (endpoint: string, rows: readonly ReadRow<OrderRaw>[]): Promise<Order[]> =>
    finishBook(book(endpoint, rows, toOrder), (all) => all.toSorted((a, b) => byPlacedAt(a, b) || byOrderId(a, b)));
  async function readHoldings(rows: readonly ReadRow<HoldingRaw>[]): Promise<Holding[]> {
    const find = await lookupFor(rows);
    return readBook(rows, {
      broker: DHAN,
      endpoint: "GET /holdings",
      map: (row) => toHolding(row, find),
      listedBy: ["exchange", "securityId", "tradingSymbol"],
      listedOf: (row) => holdingIdentity(row, find),
    });
  }

  /** Adds last prices, which rows may lack. A holding that cannot be quoted stays without. */
  async function priced(access: Access, rows: readonly Holding[], signal?: AbortSignal): Promise<Holding[]> {
    const lacking = rows.flatMap(({ key, ltp }) => (ltp === null && key !== null ? [key] : []));
    const prices = await lastPrices(client, access, lacking, signal).catch(nullUnlessExpired);
    return rows.map((row) => {
      const ltp = row.ltp === null && row.key !== null ? prices?.get(row.key) : undefined;
      return ltp === undefined ? row : mapReply("POST /marketfeed/ltp", () => pricedAt(row, ltp));
    });
  }

  /** Makes an order call once and turns its failure into an outcome. */
  async function outcomeOf(access: Access, call: () => Promise<OrderOutcome>): Promise<OrderOutcome> {
    if (isExpired(access, deps.now()))
      return { kind: "not-sent", reason: "The Dhan session has ended; log in again", cause: "session-expired" };
    try {
      return await call();
    } catch (error) {
      return toOutcome(error);
    }
  }

  return {
    ...createLogin(client, deps.now),
    ...createMarketData({ client, table, now: deps.now }),

    getProfile: async (access, signal) =>
      toProfile(await client.getProfile(access, signal), access.session.extra?.["name"]),
    async getFunds(access, signal) {
      const raw = await client.getFundLimit(access, signal);
      return mapReply("GET /fundlimit", () => toFunds(raw));
    },
    /** `totalQty` is not documented to exclude today's sales. `availableQty` is, but it never includes T1 shares. */
    async getHoldings(access, signal) {
      const rows = await client.getHoldings(access, signal);
      const mayHaveSales = rows.some((each) => each.ok && each.row.availableQty < each.row.totalQty);
      const positions = mayHaveSales ? await requireComplete(getPositions(access, signal)) : [];
      const owned = finishBook(readHoldings(rows), (holdings) => ownedNow(holdings, positions));
      return finishBook(owned, (holdings) => priced(access, holdings, signal));
    },
    getPositions,
    getOrders: async (access, signal) => orders("GET /orders", await client.getOrders(access, signal)),
    getTrades: async (access, signal) => book("GET /trades", await client.getTrades(access, signal), toTrade),

    async placeOrder(access, request, signal) {
      const body = fromRequest(request);
      return outcomeOf(access, async () => toPlaced(await client.postOrder(access, body, signal)));
    },
    modifyOrder(access, order, change, signal) {
      return outcomeOf(access, async () => {
        const body = fromChange(order, change);
        return toChanged(await client.putOrder(access, order.orderId, body, signal), order);
      });
    },
    cancelOrder: (access, order, signal) =>
      outcomeOf(access, async () => toCancelled(await client.deleteOrder(access, order.orderId, signal), order)),

    /** By correlation id; if that fails or finds none, which is so for orders in TRANSIT, the whole book is searched. */
    async findOrdersByTag(access, tag, signal) {
      const tagged = (rows: readonly ReadRow<OrderRaw>[]) =>
        rowsWhere(rows, ["correlationId"], ({ correlationId }) => correlationId === tag);
      const rows = await client.getOrderByCorrelationId(access, tag, signal).catch(nullUnlessExpired);
      const found = tagged(rows ?? []);
      return orders("GET /orders", found.length > 0 ? found : tagged(await client.getOrders(access, signal)));
    },
    async getOrder(access, orderId, _handle, signal) {
      const rows = await client.getOrder(access, orderId, signal).catch(emptyWhenNotFound);
      const [order] = await orders(
        "GET /orders/{order-id}",
        rowsWhere(rows, ["orderId"], (row) => row.orderId === orderId),
      );
      return order ?? null;
    },
    /** `charges` is null: Dhan's `brokerage` is only a part of them. */
    async getOrderCost(access, request, signal) {
      const { totalMargin } = await client.postMarginCalculator(access, marginBody(request), signal);
      return { margin: mapReply("POST /margincalculator", () => paiseFromRupees(totalMargin)), charges: null };
    },
    getInstruments: ({ onSkipped }, signal) => readInstruments(client.streamInstruments(signal), onSkipped),
  };
}

function emptyWhenNotFound(error: unknown): [] {
  if (error instanceof BrokerError && error.kind === "rejected" && error.status === 404) return [];
  throw error;
}
