import { createHash, timingSafeEqual } from "node:crypto";
import { brokerOrderId, type BrokerOrderId } from "../../src/domain/ids.ts";
import { parseJson } from "../../src/lib/json.ts";
import type { Credentials } from "../base.ts";
import { credential } from "./client.ts";
import { postbackSchema } from "./schemas.ts";

/** Kite signs a postback with SHA-256 over order id, order time and API secret. */
export function readPostback(body: string, credentials: Credentials): { orderId: BrokerOrderId } | null {
  const postback = postbackSchema.safeParse(parseJson(body));
  if (!postback.success) return null;
  const { order_id: orderId, order_timestamp: orderTime, checksum } = postback.data;
  const expected = createHash("sha256")
    .update(`${orderId}${orderTime}${credential(credentials, "apiSecret")}`)
    .digest();
  const given = Buffer.from(checksum, "hex");
  const isSigned = given.length === expected.length && timingSafeEqual(given, expected);
  return isSigned ? { orderId: brokerOrderId(orderId) } : null;
}
