import { upstox } from "../../connectors/upstox/index.ts";
import { simulatedUpstox } from "../../playground/brokers/upstox.ts";
import { nextIst } from "../../src/domain/market.ts";
import { connectorConformance } from "./conformance.ts";

connectorConformance({
  definition: upstox,
  simulate: simulatedUpstox,
  login: { code: "code", secret: "apiSecret", endsAt: (now) => nextIst("03:30", now) },
  wire: {
    place: /^POST \/hft\/v3\/order\/place$/,
    modify: /^PUT \/hft\/v3\/order\/modify$/,
    cancel: /^DELETE \/hft\/v3\/order\/cancel$/,
    book: /^GET \/api\/v2\/order\/retrieve-all$/,
    orderId: "order_id",
    placedId: "order_ids",
    status: "status",
    product: "product",
  },
  // MARKET and SL-M are sent with their protective limit.
  bookShows: (type) => (type === "MARKET" ? "LIMIT" : type === "SL-M" ? "SL" : type),
  asReported: {
    funds: (funds) => ({ ...funds, cash: funds.available }),
    // Today's P&L of carried positions is computed from quotes.
    position: (position, isCarried) => (isCarried ? { ...position, dayPnl: null } : position),
  },
  skip: [
    {
      reason: "there is no plan: every account has quotes and candles",
      cases: ["market data > reports market data that the plan lacks as no-permission"],
    },
  ],
});
