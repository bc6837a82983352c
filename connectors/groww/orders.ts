import { brokerOrderId } from "../../src/domain/ids.ts";
import { paiseFromRupees, rupeesFromPrice, ZERO_PRICE } from "../../src/domain/money.ts";
import {
  limitTerms,
  type Order,
  type OrderChange,
  type OrderOutcome,
  type OrderRequest,
  type OrderTerms,
  type OrderType,
} from "../../src/domain/order.ts";
import { BrokerError } from "../../src/errors.ts";
import type { BrokerConnector, ConnectorDeps } from "../base.ts";
import { accepted, outcomeOf } from "../outcomes.ts";
import type { Client } from "./client.ts";
import { badResponse, mapReply, requireSame } from "./errors.ts";
import { GROWW } from "./facts.ts";
import { toReference } from "./map.ts";
import { SEGMENTS, type OrderTypeRaw, type ProductRaw, type SegmentRaw } from "./schemas.ts";
import { venueOf, type Venue } from "./venue.ts";

type Orders = Required<Pick<BrokerConnector, "placeOrder" | "modifyOrder" | "cancelOrder" | "getOrderCost">>;
const CREATE = "POST /v1/order/create";
const MODIFY = "POST /v1/order/modify";
const CANCEL = "POST /v1/order/cancel";
const COST = "POST /v1/margins/detail/orders";
const REJECTED_STATUSES: ReadonlySet<string> = new Set(["REJECTED", "FAILED"]);

/** Place, modify and cancel, each sent once at most, and the cost of an order. */
export function createOrders(client: Client, deps: Pick<ConnectorDeps, "instruments">): Orders {
  return {
    placeOrder: (access, request, signal) =>
      outcomeOf(async () => {
        const venue = await listedVenue(deps, request, CREATE);
        const body = fromRequest(request, venue);
        const placed = await client.postCreate(access, body, signal);
        if (placed.order_reference_id !== body.order_reference_id)
          throw badResponse(CREATE, "order_reference_id: not the order that was asked for");
        const { groww_order_id: orderId } = placed;
        if (!REJECTED_STATUSES.has(placed.order_status)) return accepted(orderId, { segment: venue.segment });
        const reason = placed.remark || "Groww refused the order without a reason";
        return { kind: "rejected", reason, raw: `${placed.order_status} ${reason}`, orderId: brokerOrderId(orderId) };
      }),

    modifyOrder: (access, order, change, signal) =>
      outcomeOf(async () => {
        const { groww_order_id: answered } = await client.postModify(access, fromChange(order, change), signal);
        return acceptedFor(order, answered, MODIFY);
      }),

    /** Accepted means requested: the book shows whether the order was cancelled or had already filled. */
    cancelOrder: (access, order, signal) =>
      outcomeOf(async () => {
        const body = { segment: segmentOf(order, CANCEL), groww_order_id: order.orderId };
        const { groww_order_id: answered } = await client.postCancel(access, body, signal);
        return acceptedFor(order, answered, CANCEL);
      }),

    async getOrderCost(access, request, signal) {
      const venue = await listedVenue(deps, request, COST);
      const {
        validity: _day,
        trigger_price: _trigger,
        order_reference_id: _tag,
        ...body
      } = fromRequest(request, venue);
      const cost = await client.postMargin(access, venue.segment, [body], signal);
      return mapReply(COST, () => ({
        margin: paiseFromRupees(cost.total_requirement),
        charges: typeof cost.brokerage_and_charges === "number" ? paiseFromRupees(cost.brokerage_and_charges) : null,
      }));
    },
  };
}

function acceptedFor({ orderId, handle }: Order, answered: string, endpoint: string): OrderOutcome {
  requireSame(endpoint, "groww_order_id", orderId, answered);
  return accepted(orderId, handle);
}

function refuse(message: string, endpoint: string): never {
  throw new BrokerError("invalid-request", message, { broker: GROWW, endpoint });
}

/** The instrument in Groww's master, as its calls name it. Throws before anything is sent. */
async function listedVenue(
  deps: Pick<ConnectorDeps, "instruments">,
  { key }: OrderRequest,
  endpoint: string,
): Promise<Venue> {
  const table = await deps.instruments().catch((cause: unknown) => {
    throw new BrokerError("unreachable", "Groww's list of instruments could not be had", {
      broker: GROWW,
      endpoint,
      cause,
    });
  });
  const listed = table.byKey(key);
  const venue = listed && listed.instrument.kind !== "index" ? venueOf(listed) : undefined;
  return venue ?? refuse(`Groww does not list ${key} for trading`, endpoint);
}

function segmentOf({ handle, key }: Order, endpoint: string): SegmentRaw {
  const segment = SEGMENTS.find((each) => each === handle["segment"]);
  if (segment) return segment;
  const [head] = key?.split(":") ?? [];
  if (head === "NSE" || head === "BSE") return "CASH";
  if (head === "NFO" || head === "BFO") return "FNO";
  return refuse("the segment of this order is not known", endpoint);
}

/** CNC is for shares, NRML for contracts: what Groww does with the opposite is not documented. */
function fromProduct({ productType }: OrderRequest, segment: SegmentRaw): ProductRaw {
  if (productType === "INTRADAY" && segment !== "COMMODITY") return "MIS";
  if (productType === "CNC" && segment === "CASH") return "CNC";
  if (productType === "MARGIN" && segment === "FNO") return "NRML";
  return refuse(`${productType} orders of ${segment} are not placed at Groww from here`, CREATE);
}

/** Groww has no market protection, so the limit shown on the card is sent instead, with the trigger for SL-M. */
const fromTerms = (terms: OrderTerms) => wireTerms(limitTerms(terms));

const TYPES_ON_WIRE = {
  LIMIT: "LIMIT",
  MARKET: "MARKET",
  SL: "SL",
  "SL-M": "SL_M",
} as const satisfies Record<OrderType, OrderTypeRaw>;

const wireTerms = ({ type, price, triggerPrice }: Pick<Order, "type" | "price" | "triggerPrice">) => ({
  order_type: TYPES_ON_WIRE[type],
  price: rupeesFromPrice(price),
  trigger_price: rupeesFromPrice(triggerPrice),
});

/** There is no AMO flag: outside the session any order waits for the next one. */
export const fromRequest = (request: OrderRequest, { exchange, segment, trading_symbol }: Venue) => ({
  trading_symbol,
  quantity: request.qty,
  ...fromTerms(request.terms),
  validity: request.validity,
  exchange,
  segment,
  product: fromProduct(request, segment),
  transaction_type: request.side,
  order_reference_id: toReference(request.tag),
});

/** The order's current terms. Throws if a price that its type needs is missing: it would be changed to 0. */
function currentTerms(order: Order): ReturnType<typeof wireTerms> {
  const { type, price, triggerPrice } = order;
  const lacksPrice = (type === "LIMIT" || type === "SL") && price === ZERO_PRICE;
  const lacksTrigger = (type === "SL" || type === "SL-M") && triggerPrice === ZERO_PRICE;
  if (lacksPrice || lacksTrigger) refuse("the order's own prices are not known", MODIFY);
  return wireTerms(order);
}

/** Sends every field: what Groww does with a missing one is not documented. `quantity` is the new total. */
export const fromChange = (order: Order, { qty, terms }: OrderChange) => ({
  quantity: qty ?? order.qty,
  ...(terms ? fromTerms(terms) : currentTerms(order)),
  segment: segmentOf(order, MODIFY),
  groww_order_id: order.orderId,
});
