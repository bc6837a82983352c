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
      reason: "nothing is called: no wire that could fail, no address, no limits, no secrets",
      cases: [
        "unknown outcomes",
        "errors",
        "rate limits",
        "secrets",
        "definition > declares the limits of every class of calls that it makes",
        "definition > names real origins that the configuration can move",
        "orders > go out once each, by the link's own way, and nothing else does",
        "market data > says what the plan lacks",
      ],
    },
    {
      reason: "the list is the exchange's own, not a file",
      cases: [
        "instruments > counts the rows that cannot be read, with a reason, and goes on",
        "instruments > says that the master is unavailable instead of ending early",
      ],
    },
    {
      reason: "after-market orders are not claimed",
      cases: ["orders > for the next session wait and say so"],
    },
  ],
});
