import { brokerOrderId, type BrokerOrderId } from "../../src/domain/ids.ts";
import { parseJson } from "../../src/lib/json.ts";
import type { Credentials } from "../base.ts";
import { postbackSchema } from "./schemas.ts";

/** Postbacks carry no signature: one names an order of this client to read again, and nothing else is believed. */
export function readPostback(body: string, credentials: Credentials): { orderId: BrokerOrderId } | null {
  const { data } = postbackSchema.safeParse(parseJson(body));
  if (!data || data.dhanClientId !== credentials["clientId"]?.reveal()) return null;
  return { orderId: brokerOrderId(data.orderId) };
}
