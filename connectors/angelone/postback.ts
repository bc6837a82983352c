import { brokerOrderId, type BrokerOrderId } from "../../src/domain/ids.ts";
import { postbackSchema } from "./schemas.ts";

/** Postbacks are unsigned: only the order id is used, as a hint to read that order again. */
export function readPostback(body: string): { orderId: BrokerOrderId } | null {
  try {
    return { orderId: brokerOrderId(postbackSchema.parse(JSON.parse(body)).orderid) };
  } catch {
    return null;
  }
}
