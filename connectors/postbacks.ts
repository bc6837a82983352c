import { brokerOrderId, type BrokerOrderId } from "../src/domain/ids.ts";

/** The order that an unsigned postback names: only a hint to read that order again. Null when it names none. */
export function namedOrder(id: string | undefined): { orderId: BrokerOrderId } | null {
  const trimmed = id?.trim();
  return trimmed ? { orderId: brokerOrderId(trimmed) } : null;
}
