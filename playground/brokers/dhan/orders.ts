import type {
  Exchange,
  ExchangeAccount,
  ExchangeReply,
  RefusalCode,
} from "../../../connectors/paper/exchange/types.ts";
import { brokerOrderId } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { price, priceFromRupees, roundToTick, type Price } from "../../../src/domain/money.ts";
import type { Order, OrderTerms, Product, Side } from "../../../src/domain/order.ts";
import { findInstrument } from "./names.ts";
import { orderRow, tradeRow } from "./order-rows.ts";
import { inputError, json, orderError, type Fields } from "./reply.ts";

/** How long an order is in TRANSIT: it cannot be cancelled and its correlation id is not known. */
const TRANSIT_MS = 400;
/** How far from the last price Dhan sets the limit when it converts a market order, as a fraction. */
const MARKET_BAND = 0.01;
const MAX_CORRELATION_ID = 25;

export interface OrderDesk {
  place(body: Fields): Response;
  modify(orderId: string, body: Fields): Response;
  cancel(orderId: string): Response;
  book(): Response;
  byId(orderId: string): Response;
  byCorrelationId(correlationId: string): Response;
  trades(orderId?: string): Response;
  margin(body: Fields): Response;
}

export interface OrderDeskParts {
  readonly exchange: Exchange;
  readonly account: () => ExchangeAccount;
  readonly clientId: string;
}

export function createOrderDesk({ exchange, account, clientId }: OrderDeskParts): OrderDesk {
  /** Orders that were looked up at least once since they were placed: they are no longer in TRANSIT. */
  const arrived = new Set<string>();

  /** True only for the first look-up, and only within TRANSIT_MS of placing: a stopped clock must not hold an order forever. */
  function isInTransit(order: Order): boolean {
    if (arrived.has(order.orderId)) return false;
    arrived.add(order.orderId);
    return order.placedAt !== null && exchange.now() - order.placedAt < TRANSIT_MS;
  }

  const row = (order: Order): Fields =>
    orderRow(order, order.key ? exchange.find(order.key) : undefined, {
      clientId,
      isInTransit: isInTransit(order),
    });

  function answer(reply: ExchangeReply, orderStatus: string): Response {
    return reply.kind === "accepted"
      ? json({ orderId: reply.orderId, orderStatus })
      : refused(reply.code, reply.message);
  }

  return {
    place(body) {
      const problem = problemOf(body);
      if (problem !== null) return inputError(problem);
      const instrument = instrumentOf(exchange, body);
      if (!instrument) return inputError("Invalid SecurityId");
      const side = body["transactionType"] as Side;
      const terms = termsOf(body, () => marketLimit(exchange, instrument, side));
      if (terms === null) return inputError("Missing required fields, bad values for parameters etc.");
      const tag = (body["correlationId"] as string | undefined) ?? `${clientId}-${exchange.now()}`;
      const reply = account().place({
        tag,
        key: instrument.key,
        side,
        productType: body["productType"] as Product,
        validity: body["validity"] as "DAY" | "IOC",
        qty: body["quantity"] as number,
        isAmo: body["afterMarketOrder"] === true,
        terms,
      });
      return answer(reply, "TRANSIT");
    },

    modify(orderId, body) {
      const order = account().order(brokerOrderId(orderId));
      if (!order) return orderError("Incorrect request for order and cannot be processed", 404);
      if (isInTransit(order)) return orderError("Order is in Transit state, please try after sometime");
      if (typeof body["quantity"] !== "number") return inputError("quantity is required");
      const instrument = order.key ? exchange.find(order.key) : undefined;
      const terms = termsOf(body, () => (instrument ? marketLimit(exchange, instrument, order.side) : null));
      if (terms === null) return inputError("Missing required fields, bad values for parameters etc.");
      return answer(account().modify(order.orderId, { qty: body["quantity"], terms }), "TRANSIT");
    },

    cancel(orderId) {
      const order = account().order(brokerOrderId(orderId));
      if (!order) return orderError("Incorrect request for order and cannot be processed", 404);
      if (isInTransit(order)) return orderError("Order is in Transit state, please try after sometime");
      return answer(account().cancel(order.orderId), "CANCELLED");
    },

    book: () => json(account().orders().map(row)),
    /** Documented as an object; really an array, empty for an unknown id. */
    byId: (orderId) =>
      json(
        account()
          .orders()
          .filter((order) => order.orderId === orderId)
          .map(row),
      ),
    byCorrelationId(correlationId) {
      const order = account()
        .orders()
        .findLast(({ tag }) => tag === correlationId);
      return !order || isInTransit(order) ? orderError("Incorrect correlationId", 404) : json(row(order));
    },
    trades: (orderId) =>
      json(
        account()
          .trades()
          .filter((trade) => orderId === undefined || trade.orderId === orderId)
          .map((trade) => tradeRow(trade, trade.key ? exchange.find(trade.key) : undefined, clientId)),
      ),

    margin(body) {
      const instrument = instrumentOf(exchange, body);
      if (!instrument || typeof body["quantity"] !== "number") return inputError("Invalid SecurityId");
      const { margin } = account().cost({
        tag: null,
        key: instrument.key,
        side: body["transactionType"] as Side,
        productType: body["productType"] as Product,
        validity: "DAY",
        qty: body["quantity"],
        isAmo: false,
        terms: { type: "LIMIT", price: priceFromRupees(Number(body["price"])) },
      });
      const available = account().funds().available;
      return json({
        totalMargin: margin / 100,
        spanMargin: 0,
        exposureMargin: 0,
        availableBalance: available / 100,
        variableMargin: margin / 100,
        insufficientBalance: Math.max(0, margin - available) / 100,
        brokerage: 0,
        leverage: "1X",
      });
    },
  };
}

/** What Dhan's input checks find wrong with an order's body; a failed risk check shows up later, in the order book. */
function problemOf(body: Fields): string | null {
  if (Object.values(body).includes("")) return "Missing required fields, bad values for parameters etc.";
  if (typeof body["quantity"] !== "number") return "quantity is required";
  if (!Number.isInteger(body["quantity"]) || body["quantity"] <= 0) return "Invalid quantity";
  const tag = body["correlationId"];
  if (tag !== undefined && (typeof tag !== "string" || tag.length > MAX_CORRELATION_ID || !/^[\w -]+$/.test(tag)))
    return "Invalid correlationId";
  if (body["transactionType"] !== "BUY" && body["transactionType"] !== "SELL") return "Invalid transactionType";
  if (body["validity"] !== "DAY" && body["validity"] !== "IOC") return "Invalid validity";
  if (
    body["afterMarketOrder"] === true &&
    !["PRE_OPEN", "OPEN", "OPEN_30", "OPEN_60"].includes(String(body["amoTime"]))
  )
    return "Invalid amoTime";
  return productProblem(String(body["productType"]), String(body["exchangeSegment"]));
}

function productProblem(product: string, segment: string): string | null {
  const isCash = segment.endsWith("_EQ");
  if (product === "INTRADAY") return null;
  if (product === "CNC" || product === "MTF") return isCash ? null : "Invalid productType for segment";
  if (product === "MARGIN") return isCash ? "Invalid productType for segment" : null;
  return "Invalid productType";
}

const instrumentOf = (exchange: Exchange, body: Fields): Instrument | undefined =>
  typeof body["securityId"] === "string"
    ? findInstrument(exchange, {
        exchangeSegment: String(body["exchangeSegment"]),
        securityId: body["securityId"],
      })
    : undefined;

/** Dhan turns MARKET into a limit order; the book shows it as one. */
function termsOf(body: Fields, marketLimit: () => Price | null): OrderTerms | null {
  const limit = optionalPrice(body["price"]);
  const triggerPrice = optionalPrice(body["triggerPrice"]);
  switch (body["orderType"]) {
    case "MARKET":
      return asLimit(marketLimit());
    case "LIMIT":
      return asLimit(limit);
    case "STOP_LOSS":
      return limit === null || triggerPrice === null ? null : { type: "SL", price: limit, triggerPrice };
    case "STOP_LOSS_MARKET": {
      const converted = marketLimit();
      if (triggerPrice === null || converted === null) return null;
      return { type: "SL-M", triggerPrice, protection: { basisPoints: MARKET_BAND * 10_000, limit: converted } };
    }
    default:
      return null;
  }
}

const asLimit = (limit: Price | null): OrderTerms | null => (limit === null ? null : { type: "LIMIT", price: limit });
const optionalPrice = (value: unknown): Price | null =>
  typeof value === "number" && value > 0 ? priceFromRupees(value) : null;

function marketLimit(exchange: Exchange, instrument: Instrument, side: Side): Price {
  const quote = exchange.quote(instrument.key);
  const far = Math.round(quote.ltp * (side === "BUY" ? 1 + MARKET_BAND : 1 - MARKET_BAND));
  const inBand = Math.max(quote.lowerCircuit ?? far, Math.min(quote.upperCircuit ?? far, far));
  return roundToTick(price(inBand), instrument.tickSize, side === "BUY" ? "down" : "up");
}

function refused(code: RefusalCode, message: string): Response {
  if (code === "unknown-instrument") return inputError("Invalid SecurityId");
  return orderError(message, code === "unknown-order" ? 404 : 400);
}
