import type { BrokerDefinition, Capabilities } from "../base.ts";
import { FYERS, PRODUCTS, RATE_LIMITS, ROOTS } from "./facts.ts";

const capabilities: Capabilities = {
  login: ["redirect", "token"],
  refresh: true,
  segments: ["NSE", "BSE", "NFO", "BFO", "INDEX"],
  orderTypes: ["MARKET", "LIMIT", "SL", "SL-M"],
  products: PRODUCTS,
  amo: true,
  quotes: true,
  depth: true,
  candles: true,
  orderCost: true,
  instruments: true,
  postback: "hint",
};

/** Fyers API v3: a thin client, because the npm client writes secrets to disk and can hang (README). */
export const fyers: BrokerDefinition = {
  name: FYERS,
  title: "Fyers",
  capabilities,
  credentials: [
    {
      field: "client_id",
      label: "App ID",
      isSecret: false,
      where: "API dashboard (myapi.fyers.in) → your app → App ID; it ends in -100.",
      pattern: /^[A-Z0-9]{4,20}-\d{3}$/,
      example: "DEMOAPP123-100",
    },
    {
      field: "secret_id",
      label: "Secret ID",
      isSecret: true,
      where: "API dashboard (myapi.fyers.in) → your app → Secret ID, next to the App ID.",
      pattern: /^[A-Za-z0-9]{6,64}$/,
      example: "DEMOSECRET1",
    },
    {
      field: "pin",
      label: "PIN",
      isSecret: true,
      where:
        "The 4-digit PIN of your Fyers login; only for renewing a session, which Fyers has switched off: best left empty.",
      pattern: /^\d{4}$/,
      example: "1234",
      isOptional: true,
    },
  ],
  setup: {
    consoleUrl: "https://myapi.fyers.in/dashboard",
    steps: [
      "Open the API dashboard and create a new app; apps from before April 2026 cannot place orders.",
      "Enter {redirectUrl} as the redirect URL, exactly as it is here.",
      "Choose the permissions Basic, Transactions info, Order placement and Market data.",
      "Activate the app and copy its App ID and Secret ID.",
    ],
    staticIp:
      "Enter the server's IPv4 address as the app's static IP when you create it; spouse, dependent parents and children may share it after a signed form.",
    paste:
      "the whole address of the page you land on after the login (it holds auth_code=eyJ…), or only the auth_code: it works once and for a few minutes",
  },
  rateLimits: RATE_LIMITS,
  notFoundBelievedAfterMs: 30_000,
  roots: ROOTS,
  create: async (deps) => (await import("./connector.ts")).createConnector(deps),
  readPostback: async (body) => (await import("./postback.ts")).readPostback(body),
};
