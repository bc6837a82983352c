import type { Segment } from "../../src/domain/instrument.ts";
import { paiseFromRupees, rupeesFromPrice } from "../../src/domain/money.ts";
import {
  limitTerms,
  type Order,
  type OrderChange,
  type OrderCost,
  type OrderOutcome,
  type OrderRequest,
  type OrderTerms,
} from "../../src/domain/order.ts";
import { BrokerError } from "../../src/errors.ts";
import type { BrokerConnector, ConnectorDeps, VenueInstrument } from "../base.ts";
import { accepted, outcomeOf } from "../outcomes.ts";
import { nullIfRefused } from "../replies.ts";
import type { Client } from "./client.ts";
import { mapReply, requireSame } from "./errors.ts";
import type { ProductRaw } from "./schemas.ts";
import { UPSTOX } from "./facts.ts";

type Orders = Required<Pick<BrokerConnector, "placeOrder" | "modifyOrder" | "cancelOrder" | "getOrderCost">>;
const PLACE = "POST /v3/order/place";
const MODIFY = "PUT /v3/order/modify";

/** Place, modify and cancel, each sent once at most, and the cost of an order. */
export function createOrders(client: Client, deps: Pick<ConnectorDeps, "instruments">): Orders {
  return {
    placeOrder: (access, request, signal) =>
      outcomeOf(async () => {
        const body = fromRequest(request, await listedVenue(deps, request, PLACE));
        const { order_ids: ids } = await client.postOrder(access, body, signal);
        return accepted(ids[0] ?? "", {});
      }),

    modifyOrder: (access, order, change, signal) =>
      outcomeOf(async () => {
        const { order_id: orderId } = await client.putOrder(access, fromChange(order, change), signal);
        return acceptedFor(order, orderId, MODIFY);
      }),

    cancelOrder: (access, order, signal) =>
      outcomeOf(async () => {
        const { order_id: orderId } = await client.deleteOrder(access, order.orderId, signal);
        return acceptedFor(order, orderId, "DELETE /v3/order/cancel");
      }),

    async getOrderCost(access, request, signal): Promise<OrderCost> {
      const endpoint = "POST /v2/charges/margin";
      const { margin, charges } = costBodies(request, await listedVenue(deps, request, endpoint));
      const [margins, fees] = await Promise.all([
        client.postMargin(access, margin, signal).catch(nullIfRefused),
        client.getCharges(access, charges, signal).catch(nullIfRefused),
      ]);
      return mapReply(endpoint, () => ({
        margin: margins && paiseFromRupees(margins.final_margin),
        charges: fees && paiseFromRupees(fees.charges.total),
      }));
    },
  };
}

function acceptedFor({ orderId, handle }: Order, answered: string, endpoint: string): OrderOutcome {
  requireSame(endpoint, "order_id", orderId, answered);
  return accepted(orderId, handle);
}

function refuse(message: string, endpoint: string): never {
  throw new BrokerError("invalid-request", message, { broker: UPSTOX, endpoint });
}

/** The instrument in Upstox's master. Throws before anything is sent. */
async function listedVenue(
  deps: Pick<ConnectorDeps, "instruments">,
  { key }: OrderRequest,
  endpoint: string,
): Promise<VenueInstrument> {
  const table = await deps.instruments().catch((cause: unknown) => {
    throw new BrokerError("unreachable", "Upstox's list of instruments could not be had", {
      broker: UPSTOX,
      endpoint,
      cause,
    });
  });
  return table.byKey(key) ?? refuse(`Upstox does not list ${key}`, endpoint);
}

/** `D` means delivery for shares and carry-over for contracts, so CNC is only for shares, MARGIN only for contracts. */
function fromProduct({ productType }: OrderRequest, segment: Segment): ProductRaw {
  const isShare = segment === "NSE" || segment === "BSE";
  const isContract = segment === "NFO" || segment === "BFO";
  if (productType === "INTRADAY" && (isShare || isContract)) return "I";
  if ((productType === "CNC" && isShare) || (productType === "MARGIN" && isContract)) return "D";
  return refuse(`${productType} orders of ${segment} are not placed at Upstox from here`, PLACE);
}

/**
 * Upstox protects market orders by whole percents of a price that it sees, so the limit shown on the card is sent
 * instead, with the trigger for SL-M.
 */
const fromTerms = (terms: OrderTerms) => wireTerms(limitTerms(terms));

const wireTerms = ({ type, price, triggerPrice }: Pick<Order, "type" | "price" | "triggerPrice">) => ({
  order_type: type,
  price: rupeesFromPrice(price),
  trigger_price: rupeesFromPrice(triggerPrice),
});

/** As in the documented body of a limit order, where it has no effect; a MARKET order keeps Upstox's own band. */
const AUTOMATIC_BAND = { market_protection: -1 };

/** `slice` is false, so that there is one order with one id. `is_amo` is mandatory, but Upstox decides by its clock. */
export const fromRequest = (request: OrderRequest, { instrument, venueSymbol }: VenueInstrument) => ({
  quantity: request.qty,
  product: fromProduct(request, instrument.segment),
  validity: request.validity,
  tag: request.tag,
  instrument_token: venueSymbol,
  transaction_type: request.side,
  ...fromTerms(request.terms),
  disclosed_quantity: 0,
  is_amo: request.isAmo,
  slice: false,
  ...AUTOMATIC_BAND,
});

/** Sends every field: what Upstox does with a missing one is not documented. `quantity` is the new total. */
export function fromChange(order: Order, { qty, terms }: OrderChange) {
  if (order.validity === "OTHER") refuse("an order of unknown validity cannot be changed", MODIFY);
  return {
    order_id: order.orderId,
    quantity: qty ?? order.qty,
    validity: order.validity,
    ...(terms ? fromTerms(terms) : wireTerms(order)),
    disclosed_quantity: Number(order.handle["disclosedQuantity"] ?? 0),
    ...AUTOMATIC_BAND,
  };
}

function costBodies(request: OrderRequest, { instrument, venueSymbol }: VenueInstrument) {
  const { price } = fromTerms(request.terms);
  const quantity = request.qty;
  const product = fromProduct(request, instrument.segment);
  return {
    margin: {
      instruments: [{ instrument_key: venueSymbol, transaction_type: request.side, quantity, product, price }],
    },
    charges: {
      instrument_token: venueSymbol,
      quantity: String(quantity),
      product,
      transaction_type: request.side,
      price: String(price),
    },
  };
}
