import { brokerOrderId, type BrokerOrderId } from "../../src/domain/ids.ts";
import { parseJson } from "../../src/lib/json.ts";
import type { Credentials } from "../base.ts";
import { postbackSchema } from "./schemas.ts";

/** Postbacks are unsigned: only the order id is used, as a hint to read that order again. */
export function readPostback(body: string, credentials: Credentials): { orderId: BrokerOrderId } | null {
  const { data } = postbackSchema.safeParse(parseJson(body));
  if (!data || data.dhanClientId !== credentials["clientId"]?.reveal()) return null;
  return { orderId: brokerOrderId(data.orderId) };
}
