import { brokerOrderId, type BrokerOrderId } from "../../src/domain/ids.ts";
import { parseReply } from "./client.ts";
import { postbackSchema } from "./schemas.ts";

/** How the webhook's secret is delivered is not documented: the order is only a hint to re-read. */
export function readPostback(body: string): { orderId: BrokerOrderId } | null {
  const row = postbackSchema.safeParse(parseReply(body)).data;
  return row ? { orderId: brokerOrderId(row.id) } : null;
}
