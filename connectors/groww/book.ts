import { BrokerError } from "../../src/errors.ts";
import { type ReadRow, fieldsOf } from "../../src/lib/rows.ts";
import type { Access, ConnectorDeps } from "../base.ts";
import { ORDERS_PER_PAGE, TRADES_PER_PAGE, type Client } from "./client.ts";
import { badResponse, isNotFound } from "./errors.ts";
import { GROWW } from "./facts.ts";
import { callerOf } from "./transport.ts";
import { orderBookSchema, type OrderRaw, type SegmentRaw, type TradeRaw } from "./schemas.ts";

const LIST = "GET /v1/order/list";
const MAX_PAGES = 200;
const MAX_PASSES = 5;

/** The day's orders, the newest last. */
export async function ordersOf(client: Client, access: Access, signal?: AbortSignal): Promise<ReadRow<OrderRaw>[]> {
  const rows = await steadyRows((page) => pageOf(client, access, page, signal));
  return newestLast(orderBookSchema.parse(rows));
}

/** Which way the book runs is not documented: its ends tell, and orders of one second keep its order. */
function newestLast(rows: readonly ReadRow<OrderRaw>[]): ReadRow<OrderRaw>[] {
  const at = (each: ReadRow<OrderRaw> | undefined): string =>
    (each && fieldsOf(each, ["created_at"])?.created_at.slice(0, "2026-11-20T09:41:07".length)) ?? "";
  const oldestFirst = at(rows[0]) > at(rows.at(-1)) ? rows.toReversed() : rows;
  return oldestFirst.toSorted((a, b) => (at(a) < at(b) ? -1 : Number(at(a) > at(b))));
}

const pageOf = async (client: Client, access: Access, page: number, signal?: AbortSignal): Promise<unknown[]> =>
  (await client.getOrderPage(access, page, signal)).order_list;

/**
 * Every page. While they are read one after the other, an order that comes in or changes may move the others, and one
 * would fall between two pages: several pages are believed when two readings were the same, each order once.
 */
export async function steadyRows(readPage: (page: number) => Promise<unknown[]>): Promise<unknown[]> {
  let before: string | null = null;
  for (let passes = 0; passes < MAX_PASSES; passes += 1) {
    const rows = await allPages(readPage);
    if (rows.length < ORDERS_PER_PAGE) return rows;
    const ids = rows.map(idOf);
    const now = JSON.stringify(ids);
    if (now === before && new Set(ids).size === ids.length) return rows;
    before = now;
  }
  throw new BrokerError("unavailable", "Groww's order book kept changing while it was read", {
    broker: GROWW,
    endpoint: LIST,
  });
}

async function allPages(readPage: (page: number) => Promise<unknown[]>): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const list = await readPage(page);
    rows.push(...list);
    if (list.length < ORDERS_PER_PAGE) return rows;
  }
  throw badResponse(LIST, "the pages do not end");
}

/** A row without an id is told apart by all that it says; the schema refuses it. */
function idOf(row: unknown): string {
  const id = typeof row === "object" && row !== null && "groww_order_id" in row ? row.groww_order_id : null;
  return typeof id === "string" ? id : JSON.stringify(row);
}

/** Where an order of unknown kind could be. */
const PLACED_IN: readonly SegmentRaw[] = ["CASH", "FNO"];

/**
 * Throws when Groww knows an order by this reference although the book does not list it: that it lags is no proof that
 * there is none.
 */
export async function requireUnknown(
  client: Client,
  access: Access,
  reference: string,
  signal?: AbortSignal,
): Promise<void> {
  const { active_segments: active } = await client.getUser(callerOf(access), signal);
  // In a segment that is not open to the account it has no order, and may not ask for one.
  for (const segment of PLACED_IN.filter((each) => active?.includes(each) ?? true)) {
    const isKnown = await client.getByReference(access, reference, segment, signal).then(
      () => true,
      (error: unknown) => {
        if (isNotFound(error)) return false;
        throw error;
      },
    );
    if (!isKnown) continue;
    throw new BrokerError("unavailable", "Groww has an order with this reference that its book does not list yet", {
      broker: GROWW,
      endpoint: "GET /v1/order/status/reference/{order_reference_id}",
    });
  }
}

/** Null where Groww has no trades of the order: for F&O the call was seen to answer 404. */
export async function tradesOf(
  client: Client,
  access: Access,
  order: Pick<OrderRaw, "groww_order_id" | "segment">,
  { signal, warn }: { signal: AbortSignal | undefined; warn: ConnectorDeps["warn"] },
): Promise<ReadRow<TradeRaw>[] | null> {
  const { groww_order_id: orderId, segment } = order;
  const trades: ReadRow<TradeRaw>[] = [];
  try {
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const { trade_list: list } = await client.getTradePage(access, { orderId, segment, page }, signal);
      trades.push(...list);
      if (list.length < TRADES_PER_PAGE) return trades.length === 0 ? null : trades;
    }
  } catch (error) {
    const isGone = isNotFound(error) || (error instanceof BrokerError && error.status === 404);
    if (!isGone) throw error;
    warn("groww: an order's trades could not be had; its average price stands for them", { segment });
    return null;
  }
  throw badResponse("GET /v1/order/trades/{groww_order_id}", "the pages do not end");
}
