import { groww } from "../../connectors/groww/index.ts";
import { simulatedGroww } from "../../playground/brokers/groww.ts";
import { nextIst } from "../../src/domain/market.ts";
import { averagePrice, price, sumPaise, valueOf, type Paise } from "../../src/domain/money.ts";
import type { DepthLevel, Position } from "../../src/domain/portfolio.ts";
import { connectorConformance } from "./conformance.ts";

connectorConformance({
  definition: groww,
  simulate: simulatedGroww,
  login: {
    secret: "totpSecret",
    endsAt: (now) => nextIst("06:00", now),
    async pastes(_landing, base) {
      const keys = await (await fetch(`${base}/web/api-keys`)).text();
      const page = await (await fetch(`${base}/web/access-token`, { method: "POST" })).text();
      return [keys, page].map((html) => /readonly>([^<]+)</.exec(html)?.[1] ?? "");
    },
  },
  wire: {
    place: /^POST \/api\/v1\/order\/create$/,
    modify: /^POST \/api\/v1\/order\/modify$/,
    cancel: /^POST \/api\/v1\/order\/cancel$/,
    book: /^GET \/api\/v1\/order\/list$/,
    orderId: "groww_order_id",
    status: "order_status",
    product: "product",
  },
  // MARKET and SL-M go out with their protective limit.
  bookShows: (type) => (type === "MARKET" ? "LIMIT" : type === "SL-M" ? "SL" : type),
  asTold: {
    holding: (holding) => ({ ...holding, prevClose: null }),
    position: (position, isCarried) => {
      const pnl = sumPaise([position.realised, unrealisedOf(position)]);
      return {
        ...position,
        unrealised: unrealisedOf(position),
        pnl,
        // What was carried is counted from quotes.
        dayPnl: isCarried ? null : pnl,
        ...(isCarried ? {} : valuesOf(position)),
      };
    },
    // How many orders make a level is not told.
    depth: (depth) => ({ ...depth, bids: depth.bids.map(withoutOrders), asks: depth.asks.map(withoutOrders) }),
  },
  skip: [
    {
      reason: "there is no login page: what is pasted is no code that is given once, and nothing comes back",
      cases: [
        "login > sends the browser away with the state, or with something to know it by",
        "login > does not take a code that the broker did not give",
        "login > calls a login that came back without a code unfinished, asks nothing, and lets it be tried again",
        "login > does not take a code twice",
        "login > keeps the state to the login page",
      ],
    },
  ],
});

/** Averages and quantities are told, values are not. */
const valuesOf = ({ buyValue, buyQty, sellValue, sellQty }: Position) => ({
  buyValue: byAverage(buyValue, buyQty),
  sellValue: byAverage(sellValue, sellQty),
});
const byAverage = (value: Paise, qty: number): Paise => (qty === 0 ? value : valueOf(averagePrice(value, qty), qty));

function unrealisedOf({ side, qty, ltp, avgPrice }: Position): Paise {
  const net = side === "SELL" ? -qty : qty;
  return valueOf(price(net === 0 ? 0 : (ltp ?? avgPrice) - avgPrice), net);
}

const withoutOrders = (level: DepthLevel): DepthLevel => ({ ...level, orders: null });
