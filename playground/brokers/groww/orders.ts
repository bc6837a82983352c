import type { Exchange, ExchangeOrder } from "../../../connectors/paper/exchange/types.ts";
import { brokerOrderId, type BrokerOrderId } from "../../../src/domain/ids.ts";
import { istDate } from "../../../src/domain/market.ts";
import { rupeesFromPaise } from "../../../src/domain/money.ts";
import type { Order } from "../../../src/domain/order.ts";
import { listedRows } from "../listed-rows.ts";
import { placeOrQueue } from "../place-or-queue.ts";
import { rejectedOrder } from "../rejected-order.ts";
import { idOf, numberIn, type Directory, type Listing } from "./names.ts";
import { estimated, newOrder, quantityOf, termsOf } from "./order-bodies.ts";
import { orderRow, statusOf, tradeRow } from "./order-rows.ts";
import { badRequest, cannotProcess, GrowwRefusal, notFound, success, type Fields } from "./replies.ts";

const MAX_ORDERS_A_PAGE = 25;
const MAX_TRADES_A_PAGE = 50;
/** A cancel is acknowledged at once and takes effect this much later. */
const CANCELLED_AFTER_MS = 1_000;

export interface OrderDeskParts {
  readonly exchange: Exchange;
  readonly directory: Directory;
  readonly accountId: string;
}

interface Row {
  readonly at: number;
  readonly id: string;
  readonly reference: string | null;
  readonly segment: string;
  readonly row: object;
}

/** Groww acknowledges every order that passes its input checks; an exchange's refusal shows only in the order list. */
export function createOrderDesk({ exchange, directory, accountId }: OrderDeskParts) {
  /** Orders that the exchange refused: the day's list shows them as FAILED. */
  let failed: (Row & { readonly date: string })[] = [];
  const references = new Set<string>();
  const cancelledAt = new Map<BrokerOrderId, number>();
  const account = () => exchange.account(accountId);

  function fail(order: ExchangeOrder, listing: Listing, message: string): string {
    const at = exchange.now();
    const date = istDate(at);
    failed = failed.filter((each) => each.date === date);
    const orderId = `${date.replaceAll("-", "")}9${String(failed.length + 1).padStart(6, "0")}`;
    const id = idOf(orderId, listing);
    const rejected = rejectedOrder(order, listing.instrument, { orderId, message, placedAt: at });
    const row = { ...orderRow(rejected, listing, false), order_status: "FAILED" };
    failed.push({ date, at, id, reference: order.tag, segment: listing.segment, row });
    return id;
  }

  function known(body: Fields): { order: Order; listing: Listing; id: string } {
    const id = typeof body["groww_order_id"] === "string" ? body["groww_order_id"] : "";
    const found = rowOf(id, body["segment"]);
    if (!found) throw notFound("Order not found.");
    return { ...found, id };
  }

  function rowOf(id: string, segment: unknown): { order: Order; listing: Listing } | undefined {
    const number = numberIn(id);
    const order = number === "" ? undefined : account().order(brokerOrderId(number));
    const listing = order?.key ? directory.of(order.key) : undefined;
    return order && listing && listing.segment === segment ? { order, listing } : undefined;
  }

  /** True only for the first look-up, and only within CANCELLED_AFTER_MS of the cancel. */
  function isBeingCancelled({ orderId }: Order): boolean {
    const at = cancelledAt.get(orderId);
    cancelledAt.delete(orderId);
    return at !== undefined && exchange.now() < at + CANCELLED_AFTER_MS;
  }

  /** Newest first. */
  function rows(segment: string | null): Row[] {
    const own = listedRows(account().orders(), directory.of, (order, listing): Row => {
      const id = idOf(order.orderId, listing);
      const row = orderRow(order, listing, isBeingCancelled(order));
      return { at: order.placedAt ?? 0, id, reference: order.tag, segment: listing.segment, row };
    });
    const today = istDate(exchange.now());
    return [...own, ...failed.filter(({ date }) => date === today)]
      .filter((each) => segment === null || each.segment === segment)
      .sort((a, b) => a.at - b.at)
      .toReversed();
  }

  return {
    place(body: Fields): Response {
      const { order, listing, reference } = newOrder(exchange, directory, body);
      if (references.has(reference)) throw new GrowwRefusal(400, "GA007", "Duplicate order reference id.");
      references.add(reference);
      const reply = placeOrQueue(account(), order);
      const id = reply.kind === "accepted" ? idOf(reply.orderId, listing) : fail(order, listing, reply.message);
      return success({
        groww_order_id: id,
        order_status: "OPEN",
        order_reference_id: reference,
        remark: "Order placed successfully",
      });
    },

    modify(body: Fields): Response {
      const { order, listing, id } = known(body);
      const qty = quantityOf(body["quantity"]);
      const terms = termsOf(exchange, listing, order.side, body);
      const reply = account().modify(order.orderId, { qty, terms });
      if (reply.kind === "accepted") return success({ groww_order_id: id, order_status: statusOf(order, false) });
      throw reply.code === "order-final" ? cannotProcess("Order cannot be modified.") : badRequest(reply.message);
    },

    /** Answers with the status that the order had before the cancel. */
    cancel(body: Fields): Response {
      const { order, id } = known(body);
      const reply = account().cancel(order.orderId);
      if (reply.kind === "refused") throw cannotProcess("Order cannot be cancelled.");
      cancelledAt.set(order.orderId, exchange.now());
      return success({ groww_order_id: id, order_status: "OPEN" });
    },

    list(query: URLSearchParams): Response {
      const [page, size] = pageOf(query, MAX_ORDERS_A_PAGE);
      const list = rows(query.get("segment")).slice(page * size, (page + 1) * size);
      return success({ order_list: list.map(({ row }) => row) });
    },

    byReference(reference: string, segment: string | null): Response {
      const found = rows(segment).find((row) => row.reference === reference);
      if (segment === null) throw badRequest("segment is required.");
      if (!found) throw notFound("Order not found.");
      const { groww_order_id, order_status, remark, filled_quantity, order_reference_id } = found.row as Fields;
      return success({ groww_order_id, order_status, remark, filled_quantity, order_reference_id });
    },

    /** Answers 404 for derivatives. */
    trades(id: string, query: URLSearchParams): Response {
      const found = rowOf(id, query.get("segment"));
      if (!found || found.listing.segment === "FNO") throw notFound("Trades not found.");
      const [page, size] = pageOf(query, MAX_TRADES_A_PAGE);
      const own = account()
        .trades()
        .filter(({ orderId }) => orderId === found.order.orderId)
        .slice(page * size, (page + 1) * size);
      return success({ trade_list: own.map((trade) => tradeRow(trade, found.listing, found.order)) });
    },

    margin(asked: readonly Fields[]): Response {
      const costs = asked.map((body) => account().cost(estimated(exchange, directory, body).order));
      const sum = (pick: (cost: (typeof costs)[number]) => number): number =>
        Math.round(costs.reduce((total, cost) => total + pick(cost), 0) * 100) / 100;
      return success({
        exposure_required: 0,
        span_required: 0,
        option_buy_premium: 0,
        brokerage_and_charges: sum(({ charges }) => rupeesFromPaise(charges)),
        total_requirement: sum(({ margin }) => rupeesFromPaise(margin)),
        cash_cnc_margin_required: 0,
        cash_mis_margin_required: 0,
        physical_delivery_margin_requirement: 0,
      });
    },
  };
}

/** A page size above the maximum is reduced, not refused. */
function pageOf(query: URLSearchParams, most: number): readonly [page: number, size: number] {
  const [page, size] = [Number(query.get("page") ?? 0), Number(query.get("page_size") ?? most)];
  if (!Number.isSafeInteger(page) || page < 0 || !Number.isSafeInteger(size) || size < 1)
    throw badRequest("Invalid page.");
  return [page, Math.min(size, most)];
}
