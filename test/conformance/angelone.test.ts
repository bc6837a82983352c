import { angelone } from "../../connectors/angelone/index.ts";
import { simulatedAngelone } from "../../playground/brokers/angelone.ts";
import { nextIst } from "../../src/domain/market.ts";
import { price } from "../../src/domain/money.ts";
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
  // No market order is ever sent: a limit at the collar, a stop-limit with it.
  bookShows: (type) => (type === "MARKET" ? "LIMIT" : type === "SL-M" ? "SL" : type),
  asTold: {
    funds: (funds) => ({ ...funds, cash: funds.available }),
    // Shares bought yesterday can be sold before they are delivered.
    holding: (holding) => ({ ...holding, sellableQty: holding.sellableQty + holding.t1Qty }),
    // Averages come rounded to the paisa.
    position: (position) => ({ ...position, avgPrice: price(Math.round(position.avgPrice / 100) * 100) }),
    instrument: withoutDetails,
  },
  skip: [
    {
      reason: "the callback brings the session's token itself: nothing is exchanged",
      cases: ["login > does not take a code twice"],
    },
  ],
});
