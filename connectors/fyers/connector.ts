import type { BrokerConnector, ConnectorDeps } from "../base.ts";
import { createLogin } from "./auth.ts";
import { createClient } from "./client.ts";
import { createInstruments } from "./instruments.ts";
import { createOrders } from "./orders.ts";
import { createMarketReads, createPortfolioReads } from "./reads.ts";

/** The contract, assembled from its parts. */
export function createConnector(deps: ConnectorDeps): BrokerConnector {
  const client = createClient(deps);
  return {
    ...createLogin(client, deps),
    ...createPortfolioReads(client, deps),
    ...createMarketReads(client, deps),
    ...createOrders(client, deps),
    getInstruments: createInstruments(deps),
  };
}
