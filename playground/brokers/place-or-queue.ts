import type { ExchangeAccount, ExchangeOrder, ExchangeReply } from "../../connectors/paper/exchange/types.ts";

/** Places an order at brokers that turn it into an after-market order by themselves when the market is closed. */
export function placeOrQueue(account: ExchangeAccount, order: ExchangeOrder): ExchangeReply {
  const reply = account.place(order);
  const isClosed = reply.kind === "refused" && reply.code === "market-closed" && !order.isAmo;
  return isClosed ? account.place({ ...order, isAmo: true }) : reply;
}
