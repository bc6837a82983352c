import type { BrokerConnector, ConnectorDeps } from "../base.ts";
import { createAuth } from "./auth.ts";
import { createBooks } from "./books.ts";
import { createClient } from "./client.ts";
import { createMarketData } from "./market-data.ts";
import { createOrderCalls } from "./orders.ts";
import { ROOTS } from "./facts.ts";

/** The contract, assembled from its parts. */
export function createConnector(deps: ConnectorDeps): BrokerConnector {
  const roots = { ...ROOTS, ...deps.roots };
  const client = createClient(deps, roots.ANGELONE_API_ROOT);
  const { callerOf, ...auth } = createAuth(deps, client, roots.ANGELONE_LOGIN_ROOT);
  return {
    ...auth,
    ...createBooks(deps, client, callerOf),
    ...createMarketData(deps, client, callerOf, roots.ANGELONE_INSTRUMENTS_URL),
    ...createOrderCalls(deps, client, callerOf),
  };
}
