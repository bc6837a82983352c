import type { Access, ConnectorDeps, VenueInstrument } from "../base.ts";
import type { Order, OrderChange, OrderOutcome, OrderRequest } from "../../src/domain/order.ts";
import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { accepted, outcomeOf } from "../outcomes.ts";
import { requireSame } from "./errors.ts";
import { ENDPOINTS, endpointName, type AngelClient, type CallerOf } from "./client.ts";
import { fromChange, fromRequest, handleOf } from "./order-bodies.ts";
import { ANGELONE, PRODUCTS } from "./facts.ts";

/** Place, modify and cancel. Each sends one request at most and returns an outcome. */
export function createOrderCalls(deps: Pick<ConnectorDeps, "instruments">, client: AngelClient, callerOf: CallerOf) {
  return {
    placeOrder: (access: Access, request: OrderRequest, signal?: AbortSignal): Promise<OrderOutcome> =>
      outcomeOf(async () => {
        const caller = callerOf(access);
        if (!PRODUCTS.includes(request.productType))
          throw notSent("invalid-request", `${request.productType} orders are not placed at Angel One`);
        const body = fromRequest(request, venueNames(await venueOf(deps, request)));
        const ack = await client.placeOrder(caller, body, signal);
        return accepted(ack.orderid, handleOf(body, ack));
      }),

    modifyOrder: (access: Access, order: Order, change: OrderChange, signal?: AbortSignal): Promise<OrderOutcome> =>
      outcomeOf(async () => {
        const caller = callerOf(access);
        const body = fromChange(order, change);
        if (!body) throw notSent("invalid-request", "this order's handle is not from Angel One's book");
        const ack = await client.modifyOrder(caller, body, signal);
        requireSame(endpointName(ENDPOINTS.modifyOrder), "orderid", order.orderId, ack.orderid);
        return accepted(ack.orderid, { ...order.handle, ...handleOf(body, ack) });
      }),

    cancelOrder: (access: Access, order: Order, signal?: AbortSignal): Promise<OrderOutcome> =>
      outcomeOf(async () => {
        const caller = callerOf(access);
        const { variety } = order.handle;
        if (!variety) throw notSent("invalid-request", "this order's handle is not from Angel One's book");
        const ack = await client.cancelOrder(caller, { variety, orderid: order.orderId }, signal);
        requireSame(endpointName(ENDPOINTS.cancelOrder), "orderid", order.orderId, ack.orderid);
        const { uniqueorderid } = ack;
        return accepted(ack.orderid, { ...order.handle, ...(uniqueorderid ? { uniqueorderid } : {}) });
      }),
  };
}

/** The fields that name an instrument in Angel One's calls; all three must agree. */
export const venueNames = ({ instrument, venueSymbol, venueToken }: VenueInstrument) => ({
  exchange: instrument.segment,
  tradingsymbol: venueSymbol,
  symboltoken: venueToken,
});

/** The instrument in Angel One's master. Throws before anything is sent. */
export async function venueOf(
  deps: Pick<ConnectorDeps, "instruments">,
  request: OrderRequest,
): Promise<VenueInstrument> {
  const master = await deps.instruments().catch(() => {
    throw notSent("unreachable", "Angel One's list of instruments could not be had");
  });
  const venue = master.byKey(request.key);
  if (!venue || venue.instrument.kind === "index")
    throw notSent("invalid-request", `Angel One does not trade ${request.symbol}`);
  return venue;
}

/** The error of an order for which no request was sent. */
const notSent = (kind: BrokerErrorKind & ("invalid-request" | "unreachable"), message: string): BrokerError =>
  new BrokerError(kind, message, { broker: ANGELONE, endpoint: endpointName(ENDPOINTS.placeOrder) });
