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
  // MARKET and SL-M are sent with their protective limit.
  bookShows: (type) => (type === "MARKET" ? "LIMIT" : type === "SL-M" ? "SL" : type),
  asReported: {
    holding: (holding) => ({ ...holding, prevClose: null }),
    position: (position, isCarried) => {
      const pnl = sumPaise([position.realised, unrealisedOf(position)]);
      return {
        ...position,
        unrealised: unrealisedOf(position),
        pnl,
        // Today's P&L of carried positions is computed from quotes.
        dayPnl: isCarried ? null : pnl,
        ...(isCarried ? {} : valuesOf(position)),
      };
    },
    // Levels have no number of orders.
    depth: (depth) => ({ ...depth, bids: depth.bids.map(withoutOrders), asks: depth.asks.map(withoutOrders) }),
  },
  skip: [
    {
      reason: "there is no login page: no callback, and pasted tokens can be used again",
      cases: [
        "login > puts the state, or a binding, into the login page's address",
        "login > tells the user to paste the address after the login where no browser brings it back",
        "login > refuses a code that the broker did not issue",
        "login > reports a callback without a code as unfinished, makes no call, and allows another try",
        "login > refuses a code the second time",
        "login > uses the state for the login page only",
      ],
    },
  ],
});

/** Groww reports averages and quantities; values are computed from those. */
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
