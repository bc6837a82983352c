import type { Exchange, ExchangeOrder } from "../../../connectors/paper/exchange/types.ts";
import { brokerOrderId, type BrokerOrderId } from "../../../src/domain/ids.ts";
import { istDate } from "../../../src/domain/market.ts";
import { rupeesFromPaise } from "../../../src/domain/money.ts";
import type { Order } from "../../../src/domain/order.ts";
import { listedRows } from "../listed-rows.ts";
import { placeOrQueue } from "../place-or-queue.ts";
import { rejectedOrder } from "../rejected-order.ts";
import type { Directory, Listing } from "./names.ts";
import { newOrder, quantityOf, termsOf } from "./order-bodies.ts";
import { orderRow, tradeRow } from "./order-rows.ts";
import { acted, success, UpstoxRefusal, type Fields } from "./replies.ts";

export interface OrderDeskParts {
  readonly exchange: Exchange;
  readonly directory: Directory;
  readonly accountId: string;
  readonly userId: string;
}

/** Upstox acknowledges every order that passes its input checks; an exchange's refusal shows only in the order book. */
export function createOrderDesk({ exchange, directory, accountId, userId }: OrderDeskParts) {
  /** Orders that the exchange refused: the day's book shows them as rejected. */
  let refused: { readonly date: string; readonly row: object }[] = [];
  /** Why the last change of an order was refused. */
  const notModified = new Map<BrokerOrderId, string>();
  const account = () => exchange.account(accountId);

  function refuse(order: ExchangeOrder, message: string): string {
    const placedAt = exchange.now();
    const date = istDate(placedAt);
    refused = refused.filter((each) => each.date === date);
    const orderId = `${date.slice(2).replaceAll("-", "")}9${String(refused.length + 1).padStart(8, "0")}`;
    const listing = directory.of(order.key);
    if (listing) {
      const rejected = rejectedOrder(order, listing.instrument, { orderId, message, placedAt });
      refused.push({ date, row: orderRow(rejected, listing, { userId, notModified: null }) });
    }
    return orderId;
  }

  function known(orderId: unknown): { order: Order; listing: Listing } {
    if (typeof orderId !== "string" || orderId === "") throw new UpstoxRefusal(400, 1023, "Order id is required");
    const order = account().order(brokerOrderId(orderId));
    const listing = order?.key ? directory.of(order.key) : undefined;
    if (!order || !listing) throw new UpstoxRefusal(400, 100010, "Order not found");
    return { order, listing };
  }

  function askedOf(query: URLSearchParams): ExchangeOrder {
    const price = Number(query.get("price"));
    const quantity = Number(query.get("quantity"));
    return estimated(Object.fromEntries(query), { price, quantity });
  }

  /** An order whose cost is asked for; it is not placed. */
  function estimated(body: Fields, more: Fields): ExchangeOrder {
    const rest = { order_type: "LIMIT", validity: "DAY", disclosed_quantity: 0, trigger_price: 0, is_amo: false };
    return newOrder(exchange, directory, { ...rest, instrument_token: body["instrument_key"], ...body, ...more });
  }

  return {
    place(body: Fields): Response {
      const order = newOrder(exchange, directory, body);
      const reply = placeOrQueue(account(), order);
      return acted({ order_ids: [reply.kind === "accepted" ? reply.orderId : refuse(order, reply.message)] });
    },

    modify(body: Fields): Response {
      const { order, listing } = known(body["order_id"]);
      if (body["validity"] === undefined || body["order_type"] === undefined || typeof body["price"] !== "number")
        throw new UpstoxRefusal(400, 1004, "validity, order_type and price are required");
      const terms = termsOf(exchange, listing, order.side, body);
      const qty = body["quantity"] === undefined ? {} : { qty: quantityOf(body["quantity"]) };
      const reply = account().modify(order.orderId, { ...qty, terms });
      notModified.delete(order.orderId);
      if (reply.kind === "refused") {
        if (reply.code === "order-final") throw new UpstoxRefusal(400, 100041, "Order cannot be modified");
        notModified.set(order.orderId, reply.message);
      }
      return acted({ order_id: order.orderId });
    },

    cancel(orderId: string | null): Response {
      const { order } = known(orderId ?? "");
      const reply = account().cancel(order.orderId);
      if (reply.kind === "refused") throw new UpstoxRefusal(400, 100040, "Order cannot be cancelled");
      return acted({ order_id: order.orderId });
    },

    book(): Response {
      const today = istDate(exchange.now());
      const own = listedRows(account().orders(), directory.of, (order, of) =>
        orderRow(order, of, { userId, notModified: notModified.get(order.orderId) ?? null }),
      );
      return success([...own, ...refused.filter(({ date }) => date === today).map(({ row }) => row)]);
    },

    trades: (): Response =>
      success(
        listedRows(account().trades(), directory.of, (trade, of) =>
          tradeRow(trade, of, account().order(trade.orderId)),
        ),
      ),

    margin(body: Fields): Response {
      const [asked] = Array.isArray(body["instruments"]) ? (body["instruments"] as Fields[]) : [];
      if (!asked) throw new UpstoxRefusal(400, 1004, "instruments is required");
      const total = rupeesFromPaise(account().cost(estimated(asked, {})).margin);
      const parts = {
        span_margin: 0,
        exposure_margin: 0,
        equity_margin: total,
        net_buy_premium: 0,
        total_margin: total,
      };
      return success({ margins: [parts], required_margin: total, final_margin: total });
    },

    charges(query: URLSearchParams): Response {
      const total = rupeesFromPaise(account().cost(askedOf(query)).charges);
      return success({ charges: { total, brokerage: 0, taxes: { gst: 0, stt: 0, stamp_duty: 0 }, dp_plan: null } });
    },
  };
}
