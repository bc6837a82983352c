import { brokerOrderId } from "../../src/domain/ids.ts";
import { paiseFromRupees } from "../../src/domain/money.ts";
import type { OrderOutcome } from "../../src/domain/order.ts";
import { failedOutcome } from "../../src/errors.ts";
import type { Access, BrokerConnector, BrokerDefinition, ConnectorDeps } from "../base.ts";
import { createLogin } from "./auth.ts";
import { API_ROOT, callerOf, createClient, RATE_LIMITS } from "./client.ts";
import { ACME, mapped } from "./errors.ts";
import { readInstruments } from "./instruments.ts";
import * as map from "./map.ts";
import { createMarketData } from "./market-data.ts";
import type { OrderMarks } from "./schemas.ts";

/** The broker to copy (ADD_A_BROKER.md). It is not in connectors/index.ts, and the contract keeps it true. */
export const template: BrokerDefinition = {
  name: ACME,
  title: "Acme",
  capabilities: {
    login: ["redirect"],
    refresh: false,
    segments: ["NSE", "BSE", "NFO", "BFO", "INDEX"],
    orderTypes: ["MARKET", "LIMIT", "SL", "SL-M"],
    products: ["CNC", "INTRADAY", "MARGIN", "MTF"],
    amo: true,
    quotes: true,
    depth: true,
    candles: true,
    orderCost: true,
    instruments: true,
    postback: "none",
  },
  credentials: [
    {
      field: "apiKey",
      label: "API key",
      isSecret: false,
      where: "console.acme.example → Apps → your app: the line “API key”.",
      pattern: /^[a-z0-9]{8,32}$/,
      example: "acmekey00001",
    },
    {
      field: "apiSecret",
      label: "API secret",
      isSecret: true,
      where: "console.acme.example → Apps → your app → “Show secret”.",
      pattern: /^[a-z0-9]{8,64}$/,
      example: "acmesecret00001",
    },
  ],
  setup: {
    consoleUrl: "https://console.acme.example",
    steps: ["Create an app.", "Enter {redirectUrl} as its redirect URL.", "Copy API key and API secret."],
    staticIp: "Apps → your app → Addresses: the IPv4 address that orders leave from.",
  },
  rateLimits: RATE_LIMITS,
  notFoundBelievedAfterMs: 30_000,
  roots: { ACME_API_ROOT: API_ROOT },
  create: createConnector,
};

function createConnector(deps: ConnectorDeps): BrokerConnector {
  const client = createClient(deps);

  async function getOrders(access: Access, isWanted: (marks: OrderMarks) => boolean, signal?: AbortSignal) {
    const rows = await client.getOrders(access, isWanted, signal);
    return mapped("GET /orders", () => rows.map(map.toOrder));
  }

  return {
    ...createLogin(client, deps),
    ...createMarketData(client),

    async getProfile(access, signal) {
      const { account: accountId, name } = await client.getProfile(callerOf(access), signal);
      return { accountId, name, canSellWithoutAuthorisation: null, hasMarketData: null };
    },
    async getFunds(access, signal) {
      const row = await client.getFunds(access, undefined, signal);
      return mapped("GET /funds", () => map.toFunds(row));
    },
    async getHoldings(access, signal) {
      const rows = await client.getHoldings(access, undefined, signal);
      return mapped("GET /holdings", () => rows.map(map.toHolding));
    },
    async getPositions(access, signal) {
      const rows = await client.getPositions(access, undefined, signal);
      return mapped("GET /positions", () => rows.map(map.toPosition));
    },
    async getTrades(access, signal) {
      const rows = await client.getTrades(access, undefined, signal);
      return mapped("GET /trades", () => rows.map(map.toTrade));
    },
    getOrders: (access, signal) => getOrders(access, () => true, signal),
    findOrdersByTag: (access, wanted, signal) => getOrders(access, ({ tag }) => tag === wanted, signal),
    getOrder: async (access, orderId, _handle, signal) =>
      (await getOrders(access, ({ id }) => id === orderId, signal))[0] ?? null,

    placeOrder: (access, request, signal) =>
      outcomeOf(() => client.postOrder(access, map.fromRequest(request), signal)),
    modifyOrder: (access, { orderId }, { qty, terms }, signal) => {
      const change = { ...(qty === undefined ? {} : { quantity: qty }), ...(terms ? map.fromTerms(terms) : {}) };
      return outcomeOf(() => client.putOrder(access, orderId, change, signal));
    },
    cancelOrder: (access, { orderId }, signal) => outcomeOf(() => client.deleteOrder(access, orderId, signal)),
    async getOrderCost(access, request, signal) {
      const { margin, charges } = await client.postCost(access, map.fromRequest(request), signal);
      return mapped("POST /cost", () => ({ margin: paiseFromRupees(margin), charges: paiseFromRupees(charges) }));
    },

    getInstruments: ({ onSkipped }, signal) => readInstruments(client.streamInstruments(signal), onSkipped),
  };
}

/** Accepted means that the broker took it; the exchange may still refuse, in the book. */
async function outcomeOf(ask: () => Promise<{ id: string }>): Promise<OrderOutcome> {
  try {
    const { id } = await ask();
    return { kind: "accepted", orderId: brokerOrderId(id), handle: {} };
  } catch (error) {
    return failedOutcome(error);
  }
}
