import type { Capabilities } from "../../../connectors/base.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { isDerivative } from "../../domain/instrument.ts";
import { istDate } from "../../domain/market.ts";
import type { Paise, Price } from "../../domain/money.ts";
import { isOnTick, roundToTick } from "../../domain/money.ts";
import type { Order, OrderChange, OrderTerms, OrderType, Product, Side, Validity } from "../../domain/order.ts";
import type { Quote } from "../../domain/portfolio.ts";

/** The result of a check on a ticket. A `block` removes the Confirm button; `warn` and `info` are shown above it. */
export type Finding = { readonly level: "block" | "warn" | "info" } & (
  | { readonly code: "index" }
  | { readonly code: "segment-off"; readonly segment: string }
  | { readonly code: "product-off"; readonly product: Product; readonly allowed: readonly Product[] }
  | { readonly code: "type-off"; readonly type: OrderType; readonly allowed: readonly OrderType[] }
  | { readonly code: "lot"; readonly lot: number; readonly nearest: number }
  | { readonly code: "tick"; readonly tick: Price; readonly nearest: Price }
  | { readonly code: "circuit"; readonly low: Price; readonly high: Price }
  | { readonly code: "trigger-side"; readonly side: Side; readonly ltp: Price }
  | { readonly code: "sl-price"; readonly side: Side }
  | { readonly code: "sliced"; readonly orders: number; readonly freeze: number }
  | { readonly code: "too-many"; readonly orders: number; readonly most: number }
  | { readonly code: "freeze"; readonly freeze: number }
  | { readonly code: "below-filled"; readonly filled: number }
  /** `hasAmo`: this broker would take it as an after-market order. */
  | { readonly code: "closed"; readonly label: string; readonly hasAmo: boolean }
  | { readonly code: "amo-off"; readonly label: string }
  | { readonly code: "amo-open" }
  /** This broker decides by the clock: an after-market order placed now would trade in this session. */
  | { readonly code: "amo-now"; readonly label: string }
  /** The calendar does not say whether the market is open. */
  | { readonly code: "calendar-unknown" }
  /** The same, at a broker that decides by the clock: an after-market order placed now might trade at once. */
  | { readonly code: "amo-unknown"; readonly label: string }
  | { readonly code: "expired" }
  | { readonly code: "auction"; readonly why: "type" | "validity" | "limits-only" }
  | { readonly code: "auction-rules" }
  | { readonly code: "post-close" }
  | { readonly code: "no-price" }
  /** `of`: the price's date, if it is not today. */
  | { readonly code: "late-price"; readonly minutes: number; readonly of: string | null }
  | { readonly code: "far-price"; readonly basisPoints: number }
  | { readonly code: "large"; readonly usual: Paise }
  | { readonly code: "session"; readonly label: string }
  | { readonly code: "egress"; readonly label: string }
  | { readonly code: "not-allowed" }
  | { readonly code: "unread"; readonly label: string; readonly what: "funds" | "shares" }
  | { readonly code: "funds"; readonly label: string; readonly needed: Paise; readonly available: Paise }
  | {
      readonly code: "not-sellable";
      readonly label: string;
      readonly sellable: number;
      readonly owned: number;
      readonly pledged: number;
    }
  /** Shares sold before they are delivered (T1, or trade-to-trade ones bought today): they may fail to arrive. */
  | { readonly code: "undelivered"; readonly label: string; readonly qty: number }
  /** The position to close has become smaller than the order. */
  | { readonly code: "less-open"; readonly label: string; readonly open: number }
  /** The broker lists the position in several rows: it could be closed twice. */
  | { readonly code: "listed-twice"; readonly label: string }
  /** Another order that closes the position may fill at any moment. */
  | { readonly code: "closing"; readonly label: string }
  /** Other open orders that close the position stay open beside the exit. */
  | { readonly code: "stays-open"; readonly label: string; readonly orders: number }
  | { readonly code: "authorisation"; readonly label: string }
  | { readonly code: "limit-value"; readonly limit: Paise }
  | { readonly code: "limit-count"; readonly limit: number }
  | { readonly code: "limit-loss"; readonly limit: Paise }
  | { readonly code: "limit-segment"; readonly segment: string }
  | { readonly code: "loss-unread"; readonly label: string }
);

/** A limit price further than this from the last price is probably a typo. */
const FAR_BASIS_POINTS = 300;

export interface CheckedOrder {
  readonly instrument: Instrument;
  readonly side: Side;
  readonly productType: Product;
  readonly terms: OrderTerms;
  readonly qty: number;
  readonly quote: Quote | null;
  readonly isAmo: boolean;
}

/**
 * Which orders the exchange takes for an instrument at a moment. `closing-auction` takes limit and market orders only;
 * its last minutes, `closing-auction-limits`, limit orders only. `post-close`: trades at the closing price. `expired`: a
 * contract after its last session. `unknown`: the calendar lacks the year's holidays or the day's hours.
 */
const MARKET_PHASES = [
  "open",
  "closing-auction",
  "closing-auction-limits",
  "post-close",
  "closed",
  "expired",
  "unknown",
] as const;
export type MarketPhase = (typeof MARKET_PHASES)[number];

export interface SessionCheck {
  readonly phase: MarketPhase;
  readonly isAmo: boolean;
  readonly type: OrderType;
  readonly validity: Validity;
  readonly label: string;
}

/** Checks the order against the session. When closed, only an after-market order passes, if the broker has those. */
export function checkSession(order: SessionCheck, capabilities: Pick<Capabilities, "amo">): Finding[] {
  const { phase, isAmo, label } = order;
  if (phase === "expired") return [{ level: "block", code: "expired" }];
  if (isAmo && !capabilities.amo) return [{ level: "block", code: "amo-off", label }];
  if (isAmo && phase === "closed") return [];
  if (phase === "unknown") {
    return isAmo && capabilities.amo === "by-clock"
      ? [{ level: "block", code: "amo-unknown", label }]
      : [{ level: "warn", code: "calendar-unknown" }];
  }
  if (isAmo) {
    return [
      capabilities.amo === "by-clock"
        ? { level: "block", code: "amo-now", label }
        : { level: "warn", code: "amo-open" },
    ];
  }
  if (phase === "closed") return [{ level: "block", code: "closed", label, hasAmo: capabilities.amo !== false }];
  if (phase === "post-close") return [{ level: "warn", code: "post-close" }];
  return phase === "open" ? [] : checkAuction(order);
}

/** Only warnings: stocks without derivatives trade as usual during the auction, and only the broker knows which. */
function checkAuction({ phase, type, validity }: SessionCheck): Finding[] {
  if (type === "SL" || type === "SL-M") return [{ level: "warn", code: "auction", why: "type" }];
  if (validity === "IOC") return [{ level: "warn", code: "auction", why: "validity" }];
  if (type === "MARKET" && phase === "closing-auction-limits")
    return [{ level: "warn", code: "auction", why: "limits-only" }];
  return [{ level: "warn", code: "auction-rules" }];
}

const LATE_PRICE_MINUTES = 15;

/** Warns that Yahoo's price is late. In the first 15 minutes of a day, its last price is of an earlier day. */
export function checkAge(quote: Quote | null, now: number): Finding[] {
  if (quote?.source !== "yfinance") return [];
  const date = istDate(quote.at ?? now);
  return [{ level: "warn", code: "late-price", minutes: LATE_PRICE_MINUTES, of: date === istDate(now) ? null : date }];
}

export interface CheckedChange {
  readonly order: Order;
  readonly change: OrderChange;
  readonly instrument: Instrument;
  readonly quote: Quote | null;
}

/** Checks an open order as it would be after the change. A change cannot be sliced. */
export function checkChange(
  { order, change, instrument, quote }: CheckedChange,
  capabilities: Capabilities,
): Finding[] {
  const { side, productType, filledQty } = order;
  const qty = change.qty ?? order.qty;
  const findings: Finding[] = [];
  if (qty <= filledQty) findings.push({ level: "block", code: "below-filled", filled: filledQty });
  const freeze = instrument.freezeQty;
  if (freeze !== undefined && qty > freeze) findings.push({ level: "block", code: "freeze", freeze });
  if (!change.terms) return [...findings, ...checkLot(instrument, qty)];
  const checked = { instrument, side, productType, terms: change.terms, qty, quote, isAmo: order.isAmo };
  // With an unchanged trigger the stop may already have been triggered; then only its limit matters.
  const isTriggerKept = "triggerPrice" in change.terms && change.terms.triggerPrice === order.triggerPrice;
  const ignored = new Set<Finding["code"]>(isTriggerKept ? ["sliced", "trigger-side"] : ["sliced"]);
  return [...findings, ...checkTerms(checked, capabilities).filter(({ code }) => !ignored.has(code))];
}

/** Checks an order against the instrument, the quote and the broker's capabilities. Pure. */
export function checkTerms(order: CheckedOrder, capabilities: Capabilities): Finding[] {
  if (order.instrument.kind === "index") return [{ level: "block", code: "index" }];
  return [
    ...checkOffer(order, capabilities),
    ...checkQuantity(order),
    ...checkTicks(order),
    ...checkTrigger(order),
    ...checkAgainstQuote(order),
  ];
}

/** CNC and MTF are for shares, MARGIN (overnight) for derivatives, INTRADAY for both. */
function productsFor(instrument: Instrument): readonly Product[] {
  return isDerivative(instrument) ? ["MARGIN", "INTRADAY"] : ["CNC", "INTRADAY", "MTF"];
}

function checkOffer(order: CheckedOrder, capabilities: Capabilities): Finding[] {
  const { segment } = order.instrument;
  const allowed = productsFor(order.instrument).filter((product) => capabilities.products.includes(product));
  const findings: Finding[] = [];
  if (!capabilities.segments.includes(segment)) findings.push({ level: "block", code: "segment-off", segment });
  if (!allowed.includes(order.productType))
    findings.push({ level: "block", code: "product-off", product: order.productType, allowed });
  if (!capabilities.orderTypes.includes(order.terms.type)) {
    findings.push({ level: "block", code: "type-off", type: order.terms.type, allowed: capabilities.orderTypes });
  }
  return findings;
}

function checkLot({ lotSize: lot }: Instrument, qty: number): Finding[] {
  if (lot <= 1 || qty % lot === 0) return [];
  return [{ level: "block", code: "lot", lot, nearest: Math.max(lot, Math.round(qty / lot) * lot) }];
}

function checkQuantity({ instrument, qty }: CheckedOrder): Finding[] {
  const lot = instrument.lotSize;
  const offLot = checkLot(instrument, qty);
  if (offLot.length > 0) return offLot;
  const freeze = instrument.freezeQty;
  if (freeze !== undefined && qty > freeze) {
    return [{ level: "info", code: "sliced", orders: sliceCount(qty, freeze, lot), freeze }];
  }
  return [];
}

/** Splits a quantity into orders of whole lots, none above the freeze quantity. */
export function slices(qty: number, freeze: number | undefined, lot: number): number[] {
  const most = largestSlice(qty, freeze, lot);
  return Array.from({ length: sliceCount(qty, freeze, lot) }, (_, at) => Math.min(most, qty - at * most));
}

/** The number of slices, without creating them: a mistyped quantity could make a million. */
export function sliceCount(qty: number, freeze: number | undefined, lot: number): number {
  const most = largestSlice(qty, freeze, lot);
  return qty <= most ? 1 : Math.ceil(qty / most);
}

export function largestSlice(qty: number, freeze: number | undefined, lot: number): number {
  const most = freeze === undefined ? qty : Math.floor(freeze / lot) * lot;
  return most > 0 ? most : qty;
}

function checkTicks({ instrument, terms }: CheckedOrder): Finding[] {
  const tick = instrument.tickSize;
  return pricesOf(terms)
    .filter((price) => !isOnTick(price, tick))
    .map((price) => ({ level: "block", code: "tick", tick, nearest: roundToTick(price, tick, "nearest") }));
}

const pricesOf = (terms: OrderTerms): Price[] => [
  ...("price" in terms ? [terms.price] : []),
  ...("triggerPrice" in terms ? [terms.triggerPrice] : []),
];

/** A buy stop triggers above the market and limits at or above its trigger; a sell stop the other way round. */
function checkTrigger({ side, terms, quote }: CheckedOrder): Finding[] {
  if (!("triggerPrice" in terms)) return [];
  const sign = side === "BUY" ? 1 : -1;
  const findings: Finding[] = [];
  if (quote && (terms.triggerPrice - quote.ltp) * sign <= 0) {
    // Yahoo's price is 15 minutes late and the market may have moved past the trigger since: leave it to the broker.
    const level = quote.source === "yfinance" ? "warn" : "block";
    findings.push({ level, code: "trigger-side", side, ltp: quote.ltp });
  }
  if (terms.type === "SL" && (terms.price - terms.triggerPrice) * sign < 0) {
    findings.push({ level: "block", code: "sl-price", side });
  }
  return findings;
}

function checkAgainstQuote({ side, terms, quote, isAmo }: CheckedOrder): Finding[] {
  if (!quote) return [{ level: terms.type === "MARKET" || terms.type === "SL-M" ? "block" : "warn", code: "no-price" }];
  const findings: Finding[] = [];
  const { lowerCircuit, upperCircuit } = quote;
  if (lowerCircuit !== null && upperCircuit !== null && upperCircuit > 0) {
    const outside = pricesOf(terms).some((price) => price < lowerCircuit || price > upperCircuit);
    // An order for the next session will meet different circuit limits, set around today's close.
    const level = isAmo ? "warn" : "block";
    if (outside) findings.push({ level, code: "circuit", low: lowerCircuit, high: upperCircuit });
  }
  if (terms.type === "LIMIT" && quote.ltp > 0) {
    const away = Math.round(((terms.price - quote.ltp) / quote.ltp) * 10_000) * (side === "BUY" ? 1 : -1);
    // Warn only on the costly side: a buy far above or a sell far below the market.
    if (away > FAR_BASIS_POINTS) findings.push({ level: "warn", code: "far-price", basisPoints: away });
  }
  return findings;
}
