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

/** Today's orders, newest last. */
export async function ordersOf(client: Client, access: Access, signal?: AbortSignal): Promise<ReadRow<OrderRaw>[]> {
  const rows = await stableRows((page) => pageOf(client, access, page, signal));
  return newestLast(orderBookSchema.parse(rows));
}

/** The book's direction is not documented: its first and last row tell. Orders of the same second keep their order. */
function newestLast(rows: readonly ReadRow<OrderRaw>[]): ReadRow<OrderRaw>[] {
  const at = (each: ReadRow<OrderRaw> | undefined): string =>
    (each && fieldsOf(each, ["created_at"])?.created_at.slice(0, "2026-11-20T09:41:07".length)) ?? "";
  const oldestFirst = at(rows[0]) > at(rows.at(-1)) ? rows.toReversed() : rows;
  return oldestFirst.toSorted((a, b) => (at(a) < at(b) ? -1 : Number(at(a) > at(b))));
}

const pageOf = async (client: Client, access: Access, page: number, signal?: AbortSignal): Promise<unknown[]> =>
  (await client.getOrderPage(access, page, signal)).order_list;

/**
 * The rows of all pages. If an order arrives or changes while pages are read, rows move and one may be skipped, so
 * several pages are trusted only when two readings in a row agree and no order occurs twice.
 */
export async function stableRows(readPage: (page: number) => Promise<unknown[]>): Promise<unknown[]> {
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

/** Identifies a row; one without an id, which the schema will refuse, by its whole content. */
function idOf(row: unknown): string {
  const id = typeof row === "object" && row !== null && "groww_order_id" in row ? row.groww_order_id : null;
  return typeof id === "string" ? id : JSON.stringify(row);
}

/** The segments that orders may be in. */
const ORDER_SEGMENTS: readonly SegmentRaw[] = ["CASH", "FNO"];

/** Throws when Groww knows an order with this reference that the book, which may lag, does not list yet. */
export async function requireNoOrder(
  client: Client,
  access: Access,
  reference: string,
  signal?: AbortSignal,
): Promise<void> {
  const { active_segments: active } = await client.getUser(callerOf(access), signal);
  // In a segment that is not active the account has no orders, and the look-up is refused.
  for (const segment of ORDER_SEGMENTS.filter((each) => active?.includes(each) ?? true)) {
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

/** The trades of an order; null when Groww has none (for F&O the call was seen to answer 404). */
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
