import { dhan } from "../../connectors/dhan/index.ts";
import { simulatedDhan } from "../../playground/brokers/dhan.ts";
import { connectorConformance } from "./conformance.ts";

const DAY_MS = 86_400_000;

connectorConformance({
  definition: dhan,
  simulate: simulatedDhan,
  login: {
    code: "tokenId",
    secret: "apiSecret",
    endsAt: (now) => now + DAY_MS,
    async pastes(_landing, base) {
      const page = await (await fetch(`${base}/web/access-token`, { method: "POST" })).text();
      return [/readonly>([^<]+)</.exec(page)?.[1] ?? ""];
    },
  },
  wire: {
    place: /^POST \/api\/v2\/orders$/,
    modify: /^PUT \/api\/v2\/orders\//,
    cancel: /^DELETE \/api\/v2\/orders\//,
    book: /^GET \/api\/v2\/orders$/,
    orderId: "orderId",
    status: "orderStatus",
    product: "productType",
  },
  // MARKET and SL-M are sent with their protective limit.
  bookShows: (type) => (type === "MARKET" ? "LIMIT" : type === "SL-M" ? "SL" : type),
  asReported: {
    funds: (funds) => ({ ...funds, cash: funds.available }),
    holding: (holding) => ({ ...holding, prevClose: null }),
    position: (position, isCarried) => ({
      ...position,
      ...(position.side === "CLOSED" ? { ltp: null } : {}),
      ...(isCarried ? { dayPnl: null } : {}),
    }),
    instrument: ({ isin: _isin, freezeQty: _freeze, ...instrument }) => instrument,
  },
  skip: [{ reason: "daily candles end with the day before", cases: ["market data > has today's bar so far"] }],
});
