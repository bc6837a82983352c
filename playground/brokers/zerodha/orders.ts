import type { Exchange, ExchangeOrder, ExchangeReply, RefusalCode } from "../../../connectors/paper/exchange/types.ts";
import { brokerOrderId, type BrokerOrderId } from "../../../src/domain/ids.ts";
import { type Price, rupeesFromPaise } from "../../../src/domain/money.ts";
import type { Order, OrderTerms, Side } from "../../../src/domain/order.ts";
import type { KiteDirectory, KiteListing } from "./names.ts";
import {
  amount,
  type Form,
  formOf,
  oneOf,
  PRODUCTS,
  protectedLimit,
  protectionPercent,
  quantityOf,
  required,
} from "./order-forms.ts";
import { fromKiteId, type KiteMemo, marginRow, orderRow, toKiteId, tradeRow } from "./order-rows.ts";
import { inputError, KiteRefusal, orderError } from "./replies.ts";

const MAX_TAG = 20;
const MAX_MODIFICATIONS = 25;

/** Kite's order desk over one exchange account. */
export function createOrders(exchange: Exchange, directory: KiteDirectory, accountId: string, userId: string) {
  const memos = new Map<BrokerOrderId, KiteMemo>();
  const account = () => exchange.account(accountId);

  function listingOf(form: Form): KiteListing {
    const listing = directory.named(`${required(form, "exchange")}:${required(form, "tradingsymbol")}`);
    if (!listing || listing.instrument.kind === "index")
      throw inputError("The instrument you are placing an order for has either expired or does not exist.");
    return listing;
  }

  function termsOf(form: Form, side: Side, listing: KiteListing): { terms: OrderTerms; memo: KiteMemo["protection"] } {
    const type = required(form, "order_type");
    if (type === "LIMIT") return { terms: { type, price: amount(form, "price") }, memo: null };
    const triggerPrice = (): Price => amount(form, "trigger_price");
    if (type === "SL")
      return { terms: { type, price: amount(form, "price"), triggerPrice: triggerPrice() }, memo: null };
    if (type !== "MARKET" && type !== "SL-M") throw inputError("Invalid `order_type`.");
    const percent = protectionPercent(form);
    const reference = type === "MARKET" ? exchange.quote(listing.instrument.key).ltp : triggerPrice();
    const limit = protectedLimit(reference, percent, side, listing.instrument.tickSize);
    const protection = { basisPoints: Math.round(percent * 100), limit };
    if (type === "MARKET") return { terms: { type, protection }, memo: { percent, limit } };
    return { terms: { type, triggerPrice: reference, protection }, memo: { percent, limit } };
  }

  function toExchangeOrder(form: Form, variety: string) {
    const listing = listingOf(form);
    const side = oneOf(form, "transaction_type", { BUY: "BUY", SELL: "SELL" } as const);
    const { terms, memo } = termsOf(form, side, listing);
    const tag = form["tag"] || null;
    if (tag !== null && tag.length > MAX_TAG) throw inputError(`Invalid \`tag\`: ${MAX_TAG} characters at most.`);
    const order: ExchangeOrder = {
      tag,
      key: listing.instrument.key,
      side,
      productType: oneOf(form, "product", PRODUCTS),
      validity: oneOf({ validity: "DAY", ...form }, "validity", { DAY: "DAY", IOC: "IOC" } as const),
      qty: quantityOf(form),
      isAmo: variety === "amo",
      terms,
    };
    return { order, memo };
  }

  function find(orderId: string): Order {
    const order = account().order(brokerOrderId(fromKiteId(orderId)));
    if (!order) throw orderError(`Couldn't find that \`order_id\`.`);
    return order;
  }

  function memoOf(order: Order): KiteMemo {
    const known = memos.get(order.orderId);
    if (known) return known;
    const memo: KiteMemo = { variety: order.isAmo ? "amo" : "regular", protection: null, modifications: 0 };
    memos.set(order.orderId, memo);
    return memo;
  }

  function ownVariety(order: Order, variety: string): KiteMemo {
    const memo = memoOf(order);
    if (memo.variety !== variety) throw orderError("Couldn't find that `order_id` in the given variety.");
    return memo;
  }

  const row = (order: Order): Record<string, unknown> => orderRow(order, memoOf(order), directory, userId);

  return {
    place(variety: string, form: Form) {
      if (variety !== "regular" && variety !== "amo") throw inputError("Invalid `variety`.");
      const { order, memo } = toExchangeOrder(form, variety);
      const orderId = acceptedId(account().place(order));
      memos.set(orderId, { variety, protection: memo, modifications: 0 });
      return { order_id: toKiteId(orderId) };
    },

    modify(variety: string, orderId: string, form: Form) {
      const order = find(orderId);
      const memo = ownVariety(order, variety);
      if (memo.modifications >= MAX_MODIFICATIONS) throw orderError("Maximum allowed order modifications exceeded.");
      const listing = order.key === null ? undefined : directory.of(order.key);
      if (!listing) throw orderError("The order's instrument has expired.");
      const isRepriced = ["order_type", "price", "trigger_price"].some((field) => form[field]);
      const repriced = isRepriced ? termsOf({ ...formOf(order), ...form }, order.side, listing) : null;
      const reply = account().modify(order.orderId, {
        ...(form["quantity"] ? { qty: quantityOf(form) } : {}),
        ...(repriced ? { terms: repriced.terms } : {}),
      });
      acceptedId(reply);
      memos.set(order.orderId, {
        ...memo,
        protection: repriced ? repriced.memo : memo.protection,
        modifications: memo.modifications + 1,
      });
      return { order_id: orderId };
    },

    cancel(variety: string, orderId: string) {
      const order = find(orderId);
      ownVariety(order, variety);
      acceptedId(account().cancel(order.orderId));
      return { order_id: orderId };
    },

    book: () => account().orders().map(row),
    history(orderId: string) {
      const last = row(find(orderId));
      return [{ ...last, status: "PUT ORDER REQ RECEIVED", status_message: null, filled_quantity: 0 }, last];
    },
    trades: (orderId?: string) =>
      account()
        .trades()
        .filter((trade) => orderId === undefined || toKiteId(trade.orderId) === orderId)
        .map((trade) => tradeRow(trade, directory)),

    margins(rows: readonly Form[], mode: string | null) {
      return rows.map((form) => {
        const isProtected = form["order_type"] === "MARKET" || form["order_type"] === "SL-M";
        const { order } = toExchangeOrder(
          { ...form, ...(isProtected ? { market_protection: "-1" } : {}) },
          required(form, "variety"),
        );
        const cost = account().cost(order);
        return marginRow(form, rupeesFromPaise(cost.margin), rupeesFromPaise(cost.charges), mode === "compact");
      });
    },
  };
}

const REFUSED: Readonly<Record<RefusalCode, readonly [type: string, message: string | null]>> = {
  "unknown-instrument": ["InputException", null],
  "not-tradable": ["InputException", null],
  "bad-quantity": ["InputException", null],
  "bad-lot": ["InputException", null],
  "above-freeze": ["InputException", null],
  "bad-tick": ["InputException", null],
  "outside-circuit": ["InputException", null],
  "bad-trigger": ["InputException", null],
  "bad-product": ["InputException", null],
  "unknown-order": ["OrderException", "Couldn't find that `order_id`."],
  "order-final": ["OrderException", "Order cannot be changed as it has already been completed, cancelled or rejected."],
  "market-closed": ["OrderException", "Markets are closed right now. Use AMO to place an order for the next session."],
};

function acceptedId(reply: ExchangeReply): BrokerOrderId {
  if (reply.kind === "accepted") return reply.orderId;
  const [type, message] = REFUSED[reply.code];
  throw new KiteRefusal(400, type, message ?? reply.message);
}
