import { fyers } from "../../connectors/fyers/index.ts";
import { simulatedFyers } from "../../playground/brokers/fyers.ts";
import { nextIst } from "../../src/domain/market.ts";
import { connectorConformance } from "./conformance.ts";

connectorConformance({
  definition: fyers,
  simulate: simulatedFyers,
  login: {
    code: "auth_code",
    secret: "secret_id",
    endsAt: (now) => nextIst("06:00", now),
    pastes: async (landing) => [landing.searchParams.get("auth_code") ?? ""],
  },
  wire: {
    place: /^POST \/api\/v3\/orders\/sync$/,
    modify: /^PATCH \/api\/v3\/orders\/sync$/,
    cancel: /^DELETE \/api\/v3\/orders\//,
    book: /^GET \/api\/v3\/orders$/,
    orderId: "id",
    status: "status",
    product: "productType",
  },
  // MARKET and SL-M are sent with their protective limit.
  bookShows: (type) => (type === "MARKET" ? "LIMIT" : type === "SL-M" ? "SL" : type),
  asReported: {
    holding: (holding) => ({ ...holding, prevClose: null }),
    // Fyers' P&L is since entry.
    position: (position, isCarried) => (isCarried ? { ...position, dayPnl: null } : position),
    quote: (quote, how) =>
      how === "one" ? quote : { ...quote, at: null, openInterest: null, lowerCircuit: null, upperCircuit: null },
    instrument: ({ freezeQty: _freeze, ...instrument }) => instrument,
  },
});
