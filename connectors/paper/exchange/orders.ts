import { brokerOrderId } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istDate } from "../../../src/domain/market.ts";
import { ZERO_PAISE } from "../../../src/domain/money.ts";
import type { AccountState, BookOrder, World } from "./book.ts";
import type { ExchangeOrder } from "./types.ts";

/** Adds an order, in transit, to the day's book. Ids start with the date as YYMMDD. */
export function addOrder(
  world: World,
  account: AccountState,
  instrument: Instrument,
  at: number,
  asked: ExchangeOrder,
): BookOrder {
  const sequence = ++world.counters.order;
  const { tag, key, side, productType, validity, qty, isAmo, terms } = asked;
  const order: BookOrder = {
    orderId: brokerOrderId(istDate(at).slice(2).replaceAll("-", "") + String(sequence).padStart(9, "0")),
    sequence,
    accountId: account.id,
    tag,
    key,
    symbol: instrument.symbol,
    side,
    productType,
    validity,
    isAmo,
    placedAt: at,
    qty,
    terms,
    status: "pending",
    message: null,
    filledQty: 0,
    filledValue: ZERO_PAISE,
    charges: ZERO_PAISE,
    reserve: ZERO_PAISE,
    reserveQty: 0,
    arrivesAt: at,
    isTriggered: false,
    takesAt: at,
    seenUntil: at,
  };
  account.orders.set(order.orderId, order);
  world.live.add(order);
  return order;
}
