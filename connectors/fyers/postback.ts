import { brokerOrderId, type BrokerOrderId } from "../../src/domain/ids.ts";
import { parseReply } from "./client.ts";
import { postbackSchema } from "./schemas.ts";

/** How the webhook's secret is delivered is not documented, so the order id is only a hint to read that order again. */
export function readPostback(body: string): { orderId: BrokerOrderId } | null {
  const row = postbackSchema.safeParse(parseReply(body)).data;
  return row ? { orderId: brokerOrderId(row.id) } : null;
}
