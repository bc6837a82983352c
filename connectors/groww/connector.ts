import type { Order } from "../../src/domain/order.ts";
import { ownedNow, type Holding, type Trade } from "../../src/domain/portfolio.ts";
import { type ReadRow, rowsWhere, fieldsOf } from "../../src/lib/rows.ts";
import type { Access, BrokerConnector, ConnectorDeps } from "../base.ts";
import { finishBook, readBook, requireComplete } from "../book.ts";
import { createLogin } from "./auth.ts";
import { ordersOf, requireNoOrder, tradesOf } from "./book.ts";
import { createClient } from "./client.ts";
import { mapReply } from "./errors.ts";
import { averageFill, toOrder, toReference, toTag, toTrade } from "./map.ts";
import { toListed, listingOf, toFunds, toHolding, toProfile } from "./map-portfolio.ts";
import { createMarketData } from "./market-data.ts";
import { createMaster } from "./master.ts";
import { createOrders } from "./orders.ts";
import { createPositions, pricesOrNone } from "./positions.ts";
import type { HeldRaw, OrderRaw, TradeRaw } from "./schemas.ts";
import { GROWW } from "./facts.ts";
import { callerOf } from "./transport.ts";
import { LISTED_BY, ltpName, lookupIn, identityOf, venueOf, type Lookup } from "./venue.ts";

const TRADES = "GET /v1/order/trades/{groww_order_id}";

/** The contract, over the raw client and the pure mappings. */
export function createConnector(deps: ConnectorDeps): BrokerConnector {
  const client = createClient(deps);
  const { warn } = deps;

  async function lookup(): Promise<Lookup> {
    try {
      return lookupIn(await deps.instruments());
    } catch {
      warn("groww: no instrument master; everything is known by name only");
      return lookupIn(null);
    }
  }
  const lookupFor = (rows: readonly unknown[]): Promise<Lookup> =>
    rows.length === 0 ? Promise.resolve(lookupIn(null)) : lookup();

  const getPositions = createPositions(client, { lookup, warn });

  async function getHoldings(access: Access, signal?: AbortSignal): Promise<Holding[]> {
    const { holdings: rows } = await client.getHoldings(access, signal);
    const find = await lookupFor(rows);
    const nameIn = (row: HeldRaw): string | undefined => {
      const listing = listingOf(row, find);
      const venue = listing && venueOf(listing);
      return venue && ltpName(venue);
    };
    const names = rows.flatMap((each) => (each.ok ? (nameIn(each.row) ?? []) : []));
    const prices = await pricesOrNone(client, access, { segment: "CASH", names }, { signal, warn });
    // `quantity` is not documented to exclude today's sales: if sell orders lock any, positions tell how much was sold.
    const mayHaveSales = rows.some((each) => each.ok && each.row.groww_locked_quantity > 0);
    const positions = mayHaveSales ? await requireComplete(getPositions(access, signal)) : [];
    const openingHoldings = readBook(rows, {
      broker: GROWW,
      endpoint: "GET /v1/holdings/user",
      map: (row) => toHolding(row, find, prices.get(nameIn(row) ?? "") ?? null),
      listedBy: ["isin", "trading_symbol"],
      listedOf: (row) => toListed(row, find),
    });
    return finishBook(openingHoldings, (holdings) => ownedNow(holdings, positions));
  }

  async function toOrders(rows: readonly ReadRow<OrderRaw>[]): Promise<Order[]> {
    const find = await lookupFor(rows);
    return readBook(rows, {
      broker: GROWW,
      endpoint: "GET /v1/order/list",
      map: (row) => toOrder(row, find),
      idBy: "groww_order_id",
      listedBy: LISTED_BY,
      listedOf: (row) => identityOf(row, find),
    });
  }

  /** Groww has no trade book, so each filled order is asked for its trades. An unread order counts as unread trades. */
  async function getTrades(access: Access, signal?: AbortSignal): Promise<Trade[]> {
    const orders = rowsWhere(
      await ordersOf(client, access, signal),
      ["filled_quantity"],
      ({ filled_quantity: filled }) => filled > 0,
    );
    const find = await lookupFor(orders);
    const rows = await Promise.all(
      orders.map(async (each): Promise<ReadRow<TradeRaw>[]> => {
        if (!each.ok) return [{ ...each, partial: fieldsOf(each, ["groww_order_id", ...LISTED_BY]) ?? {} }];
        return (await tradesOf(client, access, each.row, { signal, warn })) ?? [averageFill(each.row)];
      }),
    );
    const trades = readBook(rows.flat(), {
      broker: GROWW,
      endpoint: TRADES,
      map: (row) => toTrade(row, find),
      idBy: "groww_order_id",
      listedBy: LISTED_BY,
      listedOf: (row) => identityOf(row, find),
    });
    return finishBook(trades, (all) => all.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0)));
  }

  return {
    ...createLogin(client, deps),
    ...createMarketData(client, deps),
    ...createOrders(client, deps),
    getInstruments: createMaster(deps, client.instrumentsUrl),

    getProfile: async (access, signal) => toProfile(await client.getUser(callerOf(access), signal)),
    async getFunds(access, signal) {
      const reply = await client.getFunds(access, signal);
      return mapReply("GET /v1/margins/detail/user", () => toFunds(reply));
    },
    getHoldings,
    getPositions,
    getOrders: async (access, signal) => toOrders(await ordersOf(client, access, signal)),
    getTrades,

    /** Searches the book; if that finds none, the look-up by reference is asked too, since the book may lag. */
    async findOrdersByTag(access, wanted, signal) {
      const rows = rowsWhere(
        await ordersOf(client, access, signal),
        ["order_reference_id"],
        ({ order_reference_id: reference }) => toTag(reference) === wanted,
      );
      if (rows.length === 0) await requireNoOrder(client, access, toReference(wanted), signal);
      return toOrders(rows);
    },
    /** From the book: the fields of the reply for one order are not documented. */
    async getOrder(access, orderId, _handle, signal) {
      const rows = await ordersOf(client, access, signal);
      const matching = rowsWhere(rows, ["groww_order_id"], ({ groww_order_id: id }) => id === orderId);
      return (await toOrders(matching))[0] ?? null;
    },
  };
}
