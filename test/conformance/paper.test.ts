import { createPaper } from "../../connectors/paper/index.ts";
import { connectorConformance } from "./conformance.ts";

connectorConformance({
  definition: (exchange) => createPaper({ exchange: () => exchange }),
  skip: [
    {
      reason: "there is no login and the session does not end",
      cases: ["login", "session"],
    },
    {
      reason: "there are no network calls: nothing that could fail, no IP, no limits, no secrets",
      cases: [
        "unknown outcomes",
        "errors",
        "rate limits",
        "secrets",
        "definition > declares a rate limit for every class of calls that it makes",
        "definition > has https origins that the configuration can override",
        "orders > are sent once each through the link's egress, and nothing else is",
        "market data > reports market data that the plan lacks as no-permission",
      ],
    },
    {
      reason: "the list comes from the exchange, not from a file",
      cases: [
        "instruments > reports rows that cannot be read, with a reason, and continues",
        "instruments > throws when the master is unavailable, instead of ending early",
      ],
    },
    {
      reason: "after-market orders are not claimed",
      cases: ["orders > for the next session wait and are marked as AMO"],
    },
  ],
});
