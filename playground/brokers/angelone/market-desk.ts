import { z } from "zod";
import type { Exchange, ExchangeAccount } from "../../../connectors/paper/exchange/types.ts";
import { istClock, istDate, parseIst } from "../../../src/domain/market.ts";
import { PAISE_PER_RUPEE, PRICE_SCALE, type Price } from "../../../src/domain/money.ts";
import type { DepthLevel, Interval } from "../../../src/domain/portfolio.ts";
import { venueTime, type Listing, type Listings } from "./names.ts";
import { termsOf } from "./order-desk.ts";
import { malformed, refuse, succeed, succeedWithRows } from "./replies.ts";
import { PRODUCT_NAMES } from "./rows.ts";

const MAX_TOKENS = 50;
const DEPTH_LEVELS = 5;
const DAY_MS = 86_400_000;
const BARS: Readonly<Record<string, { readonly interval: Interval; readonly maxDays: number }>> = {
  ONE_MINUTE: { interval: "1m", maxDays: 30 },
  FIVE_MINUTE: { interval: "5m", maxDays: 100 },
  FIFTEEN_MINUTE: { interval: "15m", maxDays: 200 },
  THIRTY_MINUTE: { interval: "30m", maxDays: 200 },
  ONE_HOUR: { interval: "1h", maxDays: 400 },
  ONE_DAY: { interval: "1d", maxDays: 2000 },
};

const quoteSchema = z.object({
  mode: z.enum(["LTP", "OHLC", "FULL"]),
  exchangeTokens: z.record(z.string(), z.array(z.string())),
});
const candleSchema = z.object({
  exchange: z.string(),
  symboltoken: z.string(),
  interval: z.string(),
  fromdate: z.string(),
  todate: z.string(),
});
const marginSchema = z.object({
  positions: z
    .array(
      z.object({
        exchange: z.string(),
        token: z.string(),
        qty: z.number(),
        price: z.number(),
        productType: z.string(),
        tradeType: z.enum(["BUY", "SELL"]),
        orderType: z.enum(["MARKET", "LIMIT", "STOPLOSS_LIMIT", "STOPLOSS_MARKET"]),
      }),
    )
    .min(1)
    .max(MAX_TOKENS),
});
const chargesSchema = z.object({
  orders: z
    .array(
      z.object({
        exchange: z.string(),
        token: z.string(),
        symbol_name: z.string(),
        quantity: z.string(),
        price: z.string(),
        product_type: z.string(),
        transaction_type: z.enum(["BUY", "SELL"]),
      }),
    )
    .min(1),
});

export interface MarketDesk {
  readonly quotes: (body: unknown) => Response;
  readonly candles: (body: unknown) => Response;
  readonly margin: (body: unknown) => Response;
  readonly charges: (body: unknown) => Response;
}

/** Quotes, candles and estimates in Angel One's shapes. */
export function createMarketDesk(exchange: Exchange, account: () => ExchangeAccount, listings: Listings): MarketDesk {
  function cost(asked: {
    exchange: string;
    token: string;
    qty: number;
    price: string;
    product: string;
    side: "BUY" | "SELL";
  }): { margin: number; charges: number } | null {
    const listing = listings.byToken(asked.exchange, asked.token);
    const productType = PRODUCT_NAMES[asked.product];
    if (!listing || !productType) return null;
    const order = { ordertype: "LIMIT" as const, price: asked.price, triggerprice: "0" };
    const terms = termsOf(order, asked.side, listing, exchange);
    const { key } = listing.instrument;
    const { side, qty } = asked;
    const estimate = account().cost({ tag: null, key, side, productType, validity: "DAY", qty, isAmo: false, terms });
    return { margin: estimate.margin / PAISE_PER_RUPEE, charges: estimate.charges / PAISE_PER_RUPEE };
  }

  return {
    quotes(body) {
      const parsed = quoteSchema.safeParse(body);
      if (!parsed.success) return malformed();
      const asked = Object.entries(parsed.data.exchangeTokens).flatMap(([venue, tokens]) =>
        tokens.map((token) => ({ venue, token, listing: listings.byToken(venue, token) })),
      );
      if (asked.length > MAX_TOKENS) return refuse("AB2000", "Maximum of 50 tokens allowed");
      const fetched = asked.flatMap(({ listing }) => (listing ? [quoteRow(exchange, listing, parsed.data.mode)] : []));
      const unfetched = asked
        .filter(({ listing }) => !listing)
        .map(({ venue, token }) => ({
          exchange: venue,
          symbolToken: token,
          message: "Symbol token not found",
          errorCode: "AB4018",
        }));
      return succeed({ fetched, unfetched });
    },

    candles(body) {
      const parsed = candleSchema.safeParse(body);
      if (!parsed.success) return malformed();
      const bar = BARS[parsed.data.interval];
      const listing = listings.byToken(parsed.data.exchange, parsed.data.symboltoken);
      if (!bar || !listing) return refuse("AB1009", "Symbol Not Found");
      const [from, to] = [parseIst(parsed.data.fromdate), parseIst(parsed.data.todate)];
      if (to > exchange.now()) return refuse("AB1012", "To datetime can't be greater than current datetime");
      // How the real server answers a longer range is not known; refusing it here makes the mistake visible.
      if (to - from > bar.maxDays * DAY_MS) return refuse("AB1004", "Something Went Wrong, Please Try After Sometime");
      const candles = exchange.candles(listing.instrument.key, bar.interval, from, to);
      return succeedWithRows(
        candles.map(({ at, open, high, low, close, volume }) => [
          `${istDate(at)}T${istClock(at)}+05:30`,
          ...[open, high, low, close].map(rupees),
          listing.instrument.kind === "index" ? 0 : volume,
        ]),
      );
    },

    margin(body) {
      const parsed = marginSchema.safeParse(body);
      if (!parsed.success) return malformed();
      const costs = parsed.data.positions.map((position) =>
        cost({ ...position, product: position.productType, side: position.tradeType, price: String(position.price) }),
      );
      if (costs.some((each) => each === null)) return refuse("AB1018", "Unable to fetch symbol details");
      const total = costs.reduce((sum, each) => sum + (each?.margin ?? 0), 0);
      const parts = { netPremium: 0, spanMargin: 0, marginBenefit: 0, deliveryMargin: 0, totOptionsPremium: 0 };
      return succeed({ totalMarginRequired: total, marginComponents: { ...parts, nonNFOMargin: total } });
    },

    charges(body) {
      const parsed = chargesSchema.safeParse(body);
      if (!parsed.success) return malformed();
      const costs = parsed.data.orders.map((order) =>
        cost({ ...order, qty: Number(order.quantity), product: order.product_type, side: order.transaction_type }),
      );
      if (costs.some((each) => each === null)) return refuse("AB1018", "Unable to fetch symbol details");
      const total = costs.reduce((sum, each) => sum + (each?.charges ?? 0), 0);
      const value = parsed.data.orders.reduce((sum, order) => sum + Number(order.price) * Number(order.quantity), 0);
      const breakup = [{ name: "External Charges", amount: total, msg: "", breakup: [] }];
      const summary = { total_charges: total, trade_value: value, breakup };
      return succeed({ summary, charges: [summary] });
    },
  };
}

const rupees = (at: Price): number => at / PRICE_SCALE;

function quoteRow(exchange: Exchange, listing: Listing, mode: "LTP" | "OHLC" | "FULL"): Record<string, unknown> {
  const { key } = listing.instrument;
  const quote = exchange.quote(key);
  const short = {
    exchange: listing.exchange,
    tradingSymbol: listing.tradingsymbol,
    symbolToken: listing.token,
    ltp: rupees(quote.ltp),
  };
  if (mode === "LTP") return short;
  const orZero = (at: Price | null): number => (at === null ? 0 : rupees(at));
  const [open, high, low, close] = [quote.open, quote.high, quote.low, quote.prevClose].map(orZero);
  if (mode === "OHLC") return { ...short, open, high, low, close };
  const at = quote.at ?? exchange.now();
  const time = venueTime(istDate(at), istClock(at));
  const isIndex = listing.instrument.kind === "index";
  const { bids, asks, totalBidQty, totalAskQty } = isIndex
    ? { bids: [], asks: [], totalBidQty: 0, totalAskQty: 0 }
    : exchange.depth(key);
  const change = rupees(quote.ltp) - (close ?? 0);
  return {
    ...short,
    open,
    high,
    low,
    close,
    lastTradeQty: 1,
    exchFeedTime: time,
    // An index is not traded: its time is the epoch.
    exchTradeTime: isIndex ? venueTime("1970-01-01", "05:30:00") : time,
    netChange: Math.round(change * 100) / 100,
    percentChange: close ? Math.round((change / close) * 10_000) / 100 : 0,
    avgPrice: short.ltp,
    tradeVolume: quote.volume ?? 0,
    opnInterest: quote.openInterest ?? 0,
    lowerCircuit: orZero(quote.lowerCircuit),
    upperCircuit: orZero(quote.upperCircuit),
    totBuyQuan: totalBidQty ?? 0,
    totSellQuan: totalAskQty ?? 0,
    depth: { buy: padded(bids), sell: padded(asks) },
  };
}

/** Five levels always; the missing ones are zeros. */
const padded = (levels: readonly DepthLevel[]): unknown[] =>
  Array.from({ length: DEPTH_LEVELS }, (_, at) => {
    const level = levels[at];
    return level
      ? { price: rupees(level.price), quantity: level.quantity, orders: level.orders }
      : { price: 0, quantity: 0, orders: 0 };
  });
