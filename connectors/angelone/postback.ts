import { brokerOrderId, type BrokerOrderId } from "../../src/domain/ids.ts";
import { postbackSchema } from "./schemas.ts";

/** An unsigned hint (card §9): names an order to re-read, proves nothing. */
export function readPostback(body: string): { orderId: BrokerOrderId } | null {
  try {
    return { orderId: brokerOrderId(postbackSchema.parse(JSON.parse(body)).orderid) };
  } catch {
    return null;
  }
}
