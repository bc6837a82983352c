import { brokerOrderId } from "../../src/domain/ids.ts";
import type { BrokerOrderId } from "../../src/domain/ids.ts";
import type { NotSentCause, OrderOutcome } from "../../src/domain/order.ts";
import { type BrokerError, failedOutcome, withCode } from "../../src/errors.ts";
import { type Access, type BrokerConnector, type ConnectorDeps, ORDER_ID } from "../base.ts";
import { parseReply, refusal } from "./client.ts";
import type { Client, OrderReply } from "./client.ts";
import { fromChange, fromRequest } from "./map.ts";
import { envelopeSchema } from "./schemas.ts";
import { PRODUCTS } from "./facts.ts";
import { venueSymbolOf } from "./venue.ts";

/** `code` of an acceptance. Not 201: Fyers took the request, but the exchange has not confirmed it. */
const PLACED = [1101];
/** 1101 too, because the sample reply in the docs has it. */
const CHANGED = [1102, 1101];
const CANCELLED = [1103];

type Orders = Pick<BrokerConnector, "placeOrder" | "modifyOrder" | "cancelOrder">;

export function createOrders(client: Client, deps: ConnectorDeps): Orders {
  return {
    async placeOrder(access, request, signal) {
      if (!PRODUCTS.includes(request.productType))
        return notSent(`Fyers: product ${request.productType} is not served`);
      const table = await deps.instruments().catch(() => null);
      if (!table) return notSent("Fyers' list of instruments could not be had", "unreachable");
      const symbol = venueSymbolOf(table, request.key);
      if (!symbol) return notSent("Fyers does not list this instrument");
      return outcomeOf(client.postOrder(access, fromRequest(request, symbol), signal), { accepts: PLACED, access });
    },

    async modifyOrder(access, order, change, signal) {
      const call = client.patchOrder(access, fromChange(order, change), signal);
      return outcomeOf(call, { accepts: CHANGED, access, orderId: order.orderId });
    },

    async cancelOrder(access, { orderId }, signal) {
      // The id becomes part of the path, which must address exactly one order.
      if (!/^[\w-]+$/.test(orderId)) return notSent("Fyers: this order id cannot be addressed");
      return outcomeOf(client.deleteOrder(access, orderId, signal), { accepts: CANCELLED, access, orderId });
    },
  };
}

const notSent = (reason: string, cause: NotSentCause = "invalid-request"): OrderOutcome => ({
  kind: "not-sent",
  reason,
  cause,
});

interface Expected {
  readonly accepts: readonly number[];
  readonly access: Access;
  /** The order to modify or cancel; absent when placing. */
  readonly orderId?: BrokerOrderId;
}

async function outcomeOf(call: Promise<OrderReply>, expected: Expected): Promise<OrderOutcome> {
  try {
    return toOutcome(await call, expected);
  } catch (error) {
    return failedOutcome(error);
  }
}

/** Accepted or rejected only if the reply says so clearly; anything else is unknown. */
function toOutcome({ endpoint, reply }: OrderReply, expected: Expected): OrderOutcome {
  const envelope = envelopeSchema.safeParse(parseReply(reply.body)).data;
  if (envelope?.s === "ok" && reply.status < 300) {
    const orderId = orderIdIn(envelope);
    // A reply that names another order proves nothing about ours.
    const isOurs = orderId === (expected.orderId ?? orderId);
    const isClear = envelope.code !== undefined && expected.accepts.includes(envelope.code);
    if (isClear && isOurs && orderId !== undefined) return { kind: "accepted", orderId, handle: {} };
    return {
      kind: "unknown",
      reason: `Fyers took the request without confirming it (code ${envelope.code ?? "none"})`,
    };
  }
  const error = refusal(endpoint, reply, { isOrder: true, secrets: [expected.access.session.accessToken] });
  const rejectedId = expected.orderId === undefined && envelope?.s === "error" ? orderIdIn(envelope) : undefined;
  return fromError(error, rejectedId);
}

const orderIdIn = ({ id = "" }: { id?: string | undefined }): BrokerOrderId | undefined =>
  ORDER_ID.test(id) ? brokerOrderId(id) : undefined;

/** A refusal with an id is about an order that exists as rejected; with a code that we do not know, it may be live. */
function fromError(error: BrokerError, rejectedId?: BrokerOrderId): OrderOutcome {
  const outcome = failedOutcome(error);
  const isRefused = outcome.kind === "rejected" || error.kind === "invalid-request";
  if (!rejectedId || !isRefused) return outcome;
  return { kind: "rejected", reason: outcome.reason, raw: withCode(error), orderId: rejectedId };
}
