import type { ExchangeOrder } from "../../connectors/paper/exchange/types.ts";
import { brokerOrderId } from "../../src/domain/ids.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { ZERO_PRICE } from "../../src/domain/money.ts";
import type { Order } from "../../src/domain/order.ts";

/** The order book's record of an order that the exchange refused: the exchange itself keeps none. */
export function rejectedOrder(
  { terms, ...order }: ExchangeOrder,
  { symbol }: Instrument,
  { orderId, message, placedAt }: { readonly orderId: string; readonly message: string; readonly placedAt: number },
): Order {
  return {
    ...order,
    orderId: brokerOrderId(orderId),
    exchangeOrderId: null,
    symbol,
    type: terms.type,
    filledQty: 0,
    avgPrice: ZERO_PRICE,
    price: "price" in terms ? terms.price : ZERO_PRICE,
    triggerPrice: "triggerPrice" in terms ? terms.triggerPrice : ZERO_PRICE,
    status: "rejected",
    message,
    placedAt,
    handle: {},
  };
}
