import { brokerOrderId } from "../src/domain/ids.ts";
import type { OrderOutcome } from "../src/domain/order.ts";
import { failedOutcome } from "../src/errors.ts";

/** Makes an order call and turns its failure into an outcome. */
export const outcomeOf = (call: () => Promise<OrderOutcome>): Promise<OrderOutcome> => call().catch(failedOutcome);

/** The broker took the order: risk checks or the exchange may still reject it, as the book shows. */
export const accepted = (orderId: string, handle: Readonly<Record<string, string>>): OrderOutcome => ({
  kind: "accepted",
  orderId: brokerOrderId(orderId),
  handle,
});
