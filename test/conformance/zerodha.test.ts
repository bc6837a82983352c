import { zerodha } from "../../connectors/zerodha/index.ts";
import { simulatedZerodha } from "../../playground/brokers/zerodha.ts";
import { nextIst } from "../../src/domain/market.ts";
import { connectorConformance } from "./conformance.ts";
import { withoutDetails } from "./spec.ts";

connectorConformance({
  definition: zerodha,
  simulate: simulatedZerodha,
  login: {
    code: "request_token",
    secret: "apiSecret",
    endsAt: (now) => nextIst("06:00", now),
    pastes: async (landing) => [landing.searchParams.get("request_token") ?? ""],
  },
  wire: {
    place: /^POST \/orders\//,
    modify: /^PUT \/orders\//,
    cancel: /^DELETE \/orders\//,
    book: /^GET \/orders$/,
    orderId: "order_id",
    status: "status",
    product: "product",
  },
  // A protected market order is a limit order in Kite's book.
  bookShows: (type) => (type === "MARKET" ? "LIMIT" : type),
  asReported: {
    instrument: withoutDetails,
  },
});
