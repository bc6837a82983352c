import type { BrokerDefinition } from "../base.ts";
import { ACME, RATE_LIMITS, ROOTS } from "./facts.ts";

/** The broker to copy (ADD_A_BROKER.md). Not listed in connectors/index.ts; the conformance tests keep it working. */
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
    paste: "the whole address of the page you land on after the login, even if it does not load: it has code=… in it",
  },
  rateLimits: RATE_LIMITS,
  notFoundBelievedAfterMs: 30_000,
  roots: ROOTS,
  create: async (deps) => (await import("./connector.ts")).createConnector(deps),
};
