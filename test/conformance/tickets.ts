import type { Access } from "../../connectors/base.ts";
import { orderTag } from "../../src/domain/ids.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { isDerivative, monthlyExpiries } from "../../src/domain/instrument.ts";
import type { Price } from "../../src/domain/money.ts";
import { price, roundToTick } from "../../src/domain/money.ts";
import type { Order, OrderRequest, OrderTerms, OrderType, Product, Side } from "../../src/domain/order.ts";
import type { Street } from "./street.ts";

/** What the cases trade. */
export const SYMBOLS = {
  share: "NSE:SBIN-EQ",
  ampersand: "NSE:M&M-EQ",
  hyphen: "NSE:BAJAJ-AUTO-EQ",
  bse: "BSE:SBIN",
  index: "NSE:NIFTY50-INDEX",
} as const;

export function listed({ exchange }: Street, symbol: string): Instrument {
  const found = exchange.instruments.find((instrument) => instrument.symbol === symbol);
  if (!found) throw new Error(`not listed: ${symbol}`);
  return found;
}

export const share = (street: Street): Instrument => listed(street, SYMBOLS.share);

export function future({ exchange }: Street): Instrument {
  const found = exchange.instruments.find((each) => each.kind === "future" && each.underlying === "NIFTY");
  if (!found) throw new Error("no future is listed");
  return found;
}

/** Near the money, of the first weekly or monthly expiry. */
export function option({ exchange }: Street, expiries: "weekly" | "monthly"): Instrument {
  const options = exchange.instruments.filter((each) => each.kind === "option" && each.underlying === "NIFTY");
  const monthly = monthlyExpiries(options.flatMap((each) => (isDerivative(each) ? [each.expiry] : [])));
  const near = options.filter((each) => isDerivative(each) && monthly.has(each.expiry) === (expiries === "monthly"));
  const found = near[Math.floor(near.length / 4) * 2];
  if (!found) throw new Error(`no ${expiries} option is listed`);
  return found;
}

/** A price so many hundredths of a percent from the last one, on a tick. */
export function away({ exchange }: Street, instrument: Instrument, basisPoints: number): Price {
  const { ltp } = exchange.quote(instrument.key);
  const at = price(Math.round((ltp * (10_000 + basisPoints)) / 10_000));
  return roundToTick(at, instrument.tickSize, "nearest");
}

/** Terms of each type that are in order for a BUY or SELL now: limits rest, stops wait. */
export function termsOf(street: Street, instrument: Instrument, type: OrderType, side: Side = "BUY"): OrderTerms {
  const sign = side === "BUY" ? 1 : -1;
  const at = (basisPoints: number): Price => away(street, instrument, sign * basisPoints);
  switch (type) {
    case "MARKET":
      return { type, protection: { basisPoints: 200, limit: at(200) } };
    case "LIMIT":
      return { type, price: at(-200) };
    case "SL":
      return { type, price: at(300), triggerPrice: at(200) };
    case "SL-M":
      return { type, triggerPrice: at(200), protection: { basisPoints: 200, limit: at(400) } };
  }
}

export const productsFor = (instrument: Instrument): readonly Product[] =>
  isDerivative(instrument) ? ["INTRADAY", "MARGIN"] : ["CNC", "INTRADAY", "MTF"];

export function ticket(street: Street, instrument: Instrument, more: Partial<OrderRequest> = {}): OrderRequest {
  const side = more.side ?? "BUY";
  return {
    tag: orderTag("intent0001"),
    key: instrument.key,
    symbol: instrument.symbol,
    side,
    productType: isDerivative(instrument) ? "MARGIN" : "CNC",
    validity: "DAY",
    qty: instrument.lotSize * 3,
    isAmo: false,
    terms: termsOf(street, instrument, "LIMIT", side),
    ...more,
  };
}

/** The order as the broker's book has it, once it is no longer on its way. */
export async function inBook(street: Street, access: Access, tag: string): Promise<Order> {
  street.hands.now += 1_000;
  const [order, second] = await street.connector.findOrdersByTag(access, orderTag(tag));
  if (!order || second) throw new Error(`${order ? "more than one order" : "no order"} with tag ${tag}`);
  return order;
}

/** A resting limit order that was placed and accepted. */
export async function resting(street: Street, access: Access, more: Partial<OrderRequest> = {}): Promise<Order> {
  const request = ticket(street, share(street), more);
  const outcome = await street.connector.placeOrder(access, request);
  if (outcome.kind !== "accepted") throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
  return inBook(street, access, request.tag);
}

/** Every read of the contract, by its name. */
export function readsOf(street: Street, access: Access): Readonly<Record<string, () => Promise<unknown>>> {
  const { connector } = street;
  const instrument = share(street);
  const { now } = street.hands;
  const from = now - 3_600_000;
  return {
    getProfile: () => connector.getProfile(access),
    getFunds: () => connector.getFunds(access),
    getHoldings: () => connector.getHoldings(access),
    getPositions: () => connector.getPositions(access),
    getOrders: () => connector.getOrders(access),
    getTrades: () => connector.getTrades(access),
    findOrdersByTag: () => connector.findOrdersByTag(access, orderTag("intent0001")),
    getOrder: () => connector.getOrder(access, "261120000000001" as Order["orderId"], {}),
    ...marketReadsOf(street, access),
    getHistoricalData: () => connector.getHistoricalData(access, { instrument, interval: "5m", from, to: now }),
  };
}

function marketReadsOf(street: Street, access: Access): Readonly<Record<string, () => Promise<unknown>>> {
  const { connector } = street;
  const instrument = share(street);
  return {
    getQuote: () => connector.getQuote(access, instrument),
    getQuotes: () => connector.getQuotes(access, [instrument]),
    getOrderbook: () => connector.getOrderbook(access, instrument),
  };
}

/** What a promise ends in, error or value. */
export async function ending(promise: Promise<unknown>): Promise<{ error: unknown } | { value: unknown }> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}
