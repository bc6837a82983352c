import { angelone } from "../../connectors/angelone/index.ts";
import { simulatedAngelone } from "../../playground/brokers/angelone.ts";
import { nextIst } from "../../src/domain/market.ts";
import { price, subtractPaise } from "../../src/domain/money.ts";
import { connectorConformance } from "./conformance.ts";
import { withoutDetails } from "./spec.ts";

connectorConformance({
  definition: angelone,
  simulate: simulatedAngelone,
  login: {
    code: "auth_token",
    secret: "apiKey",
    endsAt: (now) => nextIst("00:00", now),
    pastes: async (landing) => [landing.searchParams.get("auth_token") ?? ""],
  },
  wire: {
    place: /placeOrder$/,
    modify: /modifyOrder$/,
    cancel: /cancelOrder$/,
    book: /getOrderBook$/,
    orderId: "orderid",
    status: "status",
    product: "producttype",
  },
  // MARKET and SL-M are sent with their protective limit.
  bookShows: (type) => (type === "MARKET" ? "LIMIT" : type === "SL-M" ? "SL" : type),
  asReported: {
    funds: (funds) => ({ ...funds, cash: subtractPaise(funds.available, funds.collateral) }),
    // Shares bought yesterday can be sold before they are delivered.
    holding: (holding) => ({ ...holding, sellableQty: holding.sellableQty + holding.t1Qty }),
    // Averages are rounded to the paisa.
    position: (position) => ({ ...position, avgPrice: price(Math.round(position.avgPrice / 100) * 100) }),
    // An index is not traded: its time of the last trade is the epoch.
    quote: (quote) => (quote.key.startsWith("INDEX:") ? { ...quote, at: null } : quote),
    instrument: withoutDetails,
  },
  skip: [
    {
      reason: "the callback brings the access token itself, so there is no code to exchange",
      cases: ["login > refuses a code the second time"],
    },
  ],
});
