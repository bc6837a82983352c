import { brokerOrderId, type BrokerOrderId } from "../../src/domain/ids.ts";
import { postbackSchema } from "./schemas.ts";

/** Unsigned: it names an order to read again, and nothing else in it is believed. */
export function readPostback(body: string): { orderId: BrokerOrderId } | null {
  try {
    return { orderId: brokerOrderId(postbackSchema.parse(JSON.parse(body)).order_id) };
  } catch {
    return null;
  }
}
