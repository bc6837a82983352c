import type { Access } from "../../connectors/base.ts";
import { orderTag } from "../../src/domain/ids.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { isDerivative, monthlyExpiries } from "../../src/domain/instrument.ts";
import type { Price } from "../../src/domain/money.ts";
import { price, roundToTick } from "../../src/domain/money.ts";
import type { Order, OrderRequest, OrderTerms, OrderType, Product, Side } from "../../src/domain/order.ts";
import type { Rig } from "./rig.ts";

/** Instruments that the cases use. */
export const SYMBOLS = {
  share: "NSE:SBIN-EQ",
  ampersand: "NSE:M&M-EQ",
  hyphen: "NSE:BAJAJ-AUTO-EQ",
  bse: "BSE:SBIN",
  index: "NSE:NIFTY50-INDEX",
} as const;

export function listed({ exchange }: Rig, symbol: string): Instrument {
  const found = exchange.instruments.find((instrument) => instrument.symbol === symbol);
  if (!found) throw new Error(`not listed: ${symbol}`);
  return found;
}

export const share = (rig: Rig): Instrument => listed(rig, SYMBOLS.share);

export function future({ exchange }: Rig): Instrument {
  const found = exchange.instruments.find((each) => each.kind === "future" && each.underlying === "NIFTY");
  if (!found) throw new Error("no future is listed");
  return found;
}

/** A Nifty option near the money, of a weekly or monthly expiry. */
export function option({ exchange }: Rig, expiries: "weekly" | "monthly"): Instrument {
  const options = exchange.instruments.filter((each) => each.kind === "option" && each.underlying === "NIFTY");
  const monthly = monthlyExpiries(options.flatMap((each) => (isDerivative(each) ? [each.expiry] : [])));
  const near = options.filter((each) => isDerivative(each) && monthly.has(each.expiry) === (expiries === "monthly"));
  const found = near[Math.floor(near.length / 4) * 2];
  if (!found) throw new Error(`no ${expiries} option is listed`);
  return found;
}

/** A price on a tick, `basisPoints` away from the last price. */
export function priceAway({ exchange }: Rig, instrument: Instrument, basisPoints: number): Price {
  const { ltp } = exchange.quote(instrument.key);
  const at = price(Math.round((ltp * (10_000 + basisPoints)) / 10_000));
  return roundToTick(at, instrument.tickSize, "nearest");
}

/** Valid terms of each type at the current price: limits rest, stops wait for their trigger. */
export function termsOf(rig: Rig, instrument: Instrument, type: OrderType, side: Side = "BUY"): OrderTerms {
  const sign = side === "BUY" ? 1 : -1;
  const at = (basisPoints: number): Price => priceAway(rig, instrument, sign * basisPoints);
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

export function ticket(rig: Rig, instrument: Instrument, more: Partial<OrderRequest> = {}): OrderRequest {
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
    terms: termsOf(rig, instrument, "LIMIT", side),
    ...more,
  };
}

/** The order with this tag in the broker's book, a second later, when it is no longer in transit. */
export async function fromBook(rig: Rig, access: Access, tag: string): Promise<Order> {
  rig.controls.now += 1_000;
  const [order, second] = await rig.connector.findOrdersByTag(access, orderTag(tag));
  if (!order || second) throw new Error(`${order ? "more than one order" : "no order"} with tag ${tag}`);
  return order;
}

/** Places an order (by default a limit that rests) and returns it from the book. */
export async function placeResting(rig: Rig, access: Access, more: Partial<OrderRequest> = {}): Promise<Order> {
  const request = ticket(rig, share(rig), more);
  const outcome = await rig.connector.placeOrder(access, request);
  if (outcome.kind !== "accepted") throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
  return fromBook(rig, access, request.tag);
}

/** Every read of the contract, by name. */
export function readsOf(rig: Rig, access: Access): Readonly<Record<string, () => Promise<unknown>>> {
  const { connector } = rig;
  const instrument = share(rig);
  const { now } = rig.controls;
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
    ...marketReadsOf(rig, access),
    getHistoricalData: () => connector.getHistoricalData(access, { instrument, interval: "5m", from, to: now }),
  };
}

function marketReadsOf(rig: Rig, access: Access): Readonly<Record<string, () => Promise<unknown>>> {
  const { connector } = rig;
  const instrument = share(rig);
  return {
    getQuote: () => connector.getQuote(access, instrument),
    getQuotes: () => connector.getQuotes(access, [instrument]),
    getOrderbook: () => connector.getOrderbook(access, instrument),
  };
}

/** The error or the value that a promise ends with. */
export async function settle(promise: Promise<unknown>): Promise<{ error: unknown } | { value: unknown }> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}
