import { z } from "zod";
import type { Exchange, ExchangeAccount, ExchangeOrder } from "../../../connectors/paper/exchange/types.ts";
import { brokerOrderId, type BrokerOrderId } from "../../../src/domain/ids.ts";
import { istDate } from "../../../src/domain/market.ts";
import { price, priceFromRupees, roundToTick, type Price } from "../../../src/domain/money.ts";
import type { Order, OrderTerms, Side } from "../../../src/domain/order.ts";
import { listedRows } from "../listed-rows.ts";
import { placeOrQueue } from "../place-or-queue.ts";
import { rejectedOrder } from "../rejected-order.ts";
import type { Listing, Listings } from "./names.ts";
import { malformed, refuse, succeed, succeedWithRows } from "./replies.ts";
import { orderRow, PRODUCT_NAMES, statusText, uniqueOrderId, varietyOf } from "./rows.ts";

const MAX_TAG = 19;
/** How far from the last price a market order's limit is set, as a fraction. */
const COLLAR = 0.01;
const VARIETIES = new Set(["NORMAL", "STOPLOSS", "AMO"]);

/** All values are text; anything else is a malformed body. */
const placeSchema = z.object({
  variety: z.string(),
  tradingsymbol: z.string(),
  symboltoken: z.string(),
  transactiontype: z.enum(["BUY", "SELL"]),
  exchange: z.string(),
  ordertype: z.enum(["MARKET", "LIMIT", "STOPLOSS_LIMIT", "STOPLOSS_MARKET"]),
  producttype: z.string(),
  duration: z.enum(["DAY", "IOC"]),
  price: z.string().default("0"),
  triggerprice: z.string().default("0"),
  quantity: z.string(),
  ordertag: z.string().default(""),
});
const modifySchema = placeSchema.omit({ transactiontype: true, ordertag: true }).extend({ orderid: z.string() });
const cancelSchema = z.object({ variety: z.string(), orderid: z.string() });

type PlaceBody = z.output<typeof placeSchema>;

export interface OrderDesk {
  readonly place: (body: unknown) => Response;
  readonly modify: (body: unknown) => Response;
  readonly cancel: (body: unknown) => Response;
  readonly book: () => Response;
  readonly details: (uniqueId: string) => Response;
}

/** Angel One's order system over one account: acknowledges most orders and shows a rejection only in the order book. */
export function createOrderDesk(exchange: Exchange, account: () => ExchangeAccount, listings: Listings): OrderDesk {
  /** Orders that the exchange refused: the book shows them as rejected. */
  const rejected: { order: Order; listing: Listing }[] = [];
  /** How often the book has shown each pending order: its status text advances with every read. */
  const reads = new Map<BrokerOrderId, number>();
  /** Why the last change of an order was refused. */
  const notModified = new Map<BrokerOrderId, string>();
  /** After-market orders that were changed before their session, when the exchange did not have them yet. */
  const changedWaiting = new Set<BrokerOrderId>();

  function rowOf(order: Order, listing: Listing): Record<string, unknown> {
    const seen = reads.get(order.orderId) ?? 0;
    if (order.status === "pending") reads.set(order.orderId, seen + 1);
    const problem = notModified.get(order.orderId);
    const isResting = order.status === "open" || order.status === "trigger-pending";
    const status =
      problem !== undefined && isResting
        ? "not modified"
        : statusText(order, { reads: seen, isChangedWaiting: changedWaiting.has(order.orderId) });
    return orderRow(order, listing, status, order.message ?? problem ?? "");
  }

  function rows(): { id: string; row: () => Record<string, unknown> }[] {
    const today = istDate(exchange.now());
    const rejectedToday = rejected.filter(({ order }) => istDate(order.placedAt ?? 0) === today);
    const known = listedRows(account().orders(), listings.byKey, (order, listing) => ({ order, listing }));
    return [...known, ...rejectedToday].map(({ order, listing }) => ({
      id: order.orderId,
      row: () => rowOf(order, listing),
    }));
  }

  const acknowledge = (orderId: string, listing?: Listing): Response =>
    succeed({
      ...(listing ? { script: listing.tradingsymbol } : {}),
      orderid: orderId,
      uniqueorderid: uniqueOrderId(orderId),
    });

  function acknowledgeRejected(order: ExchangeOrder, listing: Listing, message: string): Response {
    const now = exchange.now();
    const orderId = `${istDate(now).slice(2).replaceAll("-", "")}9${String(rejected.length).padStart(8, "0")}`;
    rejected.push({ listing, order: rejectedOrder(order, listing.instrument, { orderId, message, placedAt: now }) });
    return acknowledge(orderId, listing);
  }

  return {
    place(body) {
      const parsed = placeSchema.safeParse(body);
      if (!parsed.success) return malformed();
      const problem = problemOf(parsed.data);
      if (problem) return problem;
      const listing = listings.byToken(parsed.data.exchange, parsed.data.symboltoken);
      const product = PRODUCT_NAMES[parsed.data.producttype];
      if (!listing || listing.tradingsymbol !== parsed.data.tradingsymbol) return refuse("AB1009", "Symbol Not Found");
      if (!product) return refuse("AB1012", "Invalid Product Type");
      const order: ExchangeOrder = {
        tag: parsed.data.ordertag || null,
        key: listing.instrument.key,
        side: parsed.data.transactiontype,
        productType: product,
        validity: parsed.data.duration,
        qty: Number(parsed.data.quantity),
        isAmo: parsed.data.variety === "AMO",
        terms: termsOf(parsed.data, parsed.data.transactiontype, listing, exchange),
      };
      const reply = placeOrQueue(account(), order);
      if (reply.kind === "accepted") return acknowledge(reply.orderId, listing);
      if (reply.code === "unknown-instrument") return refuse("AB1009", "Symbol Not Found");
      return acknowledgeRejected(order, listing, `Your order has been rejected: ${reply.message}`);
    },

    modify(body) {
      const parsed = modifySchema.safeParse(body);
      if (!parsed.success) return malformed();
      const order = account().order(brokerOrderId(parsed.data.orderid));
      const listing = order?.key && listings.byKey(order.key);
      if (!order || !listing) return refuse("AB1013", "Order not found");
      if (parsed.data.variety !== varietyOf(order)) return refuse("AB1008", "Invalid Order Variety");
      const terms = termsOf(parsed.data, order.side, listing, exchange);
      const reply = account().modify(order.orderId, { qty: Number(parsed.data.quantity), terms });
      if (reply.kind === "accepted") {
        notModified.delete(order.orderId);
        if (order.isAmo && order.status === "pending") changedWaiting.add(order.orderId);
      } else if (reply.code === "order-final") return refuse("AB1013", "Order not found");
      else notModified.set(order.orderId, reply.message);
      return acknowledge(order.orderId);
    },

    cancel(body) {
      const parsed = cancelSchema.safeParse(body);
      if (!parsed.success) return malformed();
      const order = account().order(brokerOrderId(parsed.data.orderid));
      if (!order) return refuse("AB1013", "Order not found");
      if (parsed.data.variety !== varietyOf(order)) return refuse("AB1008", "Invalid Order Variety");
      const reply = account().cancel(order.orderId);
      return reply.kind === "accepted" ? acknowledge(order.orderId) : refuse("AB1013", "Order not found");
    },

    book: () => succeedWithRows(rows().map(({ row }) => row())),

    /** Finds an order by its `uniqueorderid` only, not by its order id. */
    details(uniqueId) {
      const found = rows().find(({ id }) => uniqueOrderId(id) === uniqueId);
      return found ? succeed(found.row()) : refuse("AB1013", "Order not found");
    },
  };
}

function problemOf(body: PlaceBody): Response | null {
  if (!VARIETIES.has(body.variety)) return refuse("AB1008", "Invalid Order Variety");
  if ((body.variety === "STOPLOSS") !== body.ordertype.startsWith("STOPLOSS"))
    return refuse("AB1008", "Invalid Order Variety");
  if (body.symboltoken === "") return refuse("AB4018", "Symbol token cannot be empty");
  if (body.ordertag.length > MAX_TAG) return refuse("AB4008", "ordertag length should be less than 20 characters");
  return null;
}

/** A market order becomes a limit inside the band; the book shows it as one. */
export function termsOf(
  body: Pick<PlaceBody, "ordertype" | "price" | "triggerprice">,
  side: Side,
  { instrument }: Listing,
  exchange: Exchange,
): OrderTerms {
  const trigger = priceFromRupees(body.triggerprice);
  const collared = (from: Price): Price => {
    const away = from * (side === "BUY" ? 1 + COLLAR : 1 - COLLAR);
    return roundToTick(price(Math.round(away)), instrument.tickSize, "nearest");
  };
  switch (body.ordertype) {
    case "MARKET":
      return { type: "LIMIT", price: collared(exchange.quote(instrument.key).ltp) };
    case "LIMIT":
      return { type: "LIMIT", price: priceFromRupees(body.price) };
    case "STOPLOSS_LIMIT":
      return { type: "SL", price: priceFromRupees(body.price), triggerPrice: trigger };
    case "STOPLOSS_MARKET":
      return { type: "SL", price: collared(trigger), triggerPrice: trigger };
  }
}
