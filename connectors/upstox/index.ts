import type { BrokerDefinition } from "../base.ts";
import { RATE_LIMITS, ROOTS, UPSTOX } from "./facts.ts";

/** Upstox API v2 and v3: a thin client, because the npm package keeps one token for the whole process (README). */
export const upstox: BrokerDefinition = {
  name: UPSTOX,
  title: "Upstox",
  capabilities: {
    login: ["redirect"],
    refresh: false,
    segments: ["NSE", "BSE", "NFO", "BFO", "INDEX"],
    // MARKET is sent as a limit order at the ticket's protective price, SL-M as a stop-limit with it.
    orderTypes: ["MARKET", "LIMIT", "SL", "SL-M"],
    products: ["CNC", "INTRADAY", "MARGIN"],
    amo: "by-clock",
    quotes: true,
    depth: true,
    candles: true,
    orderCost: true,
    instruments: true,
    postback: "hint",
  },
  credentials: [
    {
      field: "apiKey",
      label: "API key",
      isSecret: false,
      where: "account.upstox.com/developer/apps → your app: the line “API key”.",
      pattern: /^[\w-]{8,64}$/,
      example: "8f1c2d3e-4b5a-6978-8796-a5b4c3d2e1f0",
    },
    {
      field: "apiSecret",
      label: "API secret",
      isSecret: true,
      where: "account.upstox.com/developer/apps → your app: the line “API secret”, next to the key.",
      pattern: /^[A-Za-z0-9]{6,64}$/,
      example: "demosecret",
    },
  ],
  setup: {
    consoleUrl: "https://account.upstox.com/developer/apps",
    steps: [
      "Sign in with your Upstox account and create a new app.",
      "Enter {redirectUrl} as its redirect URL, exactly as it is here.",
      "Enter the static IP that your orders will come from.",
      "Open the app and copy API key and API secret.",
    ],
    staticIp:
      "account.upstox.com/developer/apps: a primary and a secondary address for your account, changed once a calendar week at most; a change ends today's login.",
    paste: "the whole address of the page you land on after the login, even if it does not load: it has code=… in it",
  },
  rateLimits: RATE_LIMITS,
  notFoundBelievedAfterMs: 60_000,
  roots: ROOTS,
  create: async (deps) => (await import("./connector.ts")).createConnector(deps),
  readPostback: async (body) => (await import("./postback.ts")).readPostback(body),
};
