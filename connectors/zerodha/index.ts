import type { BrokerDefinition } from "../base.ts";
import { RATE_LIMITS, ROOTS, ZERODHA } from "./facts.ts";

/** Zerodha, through Kite Connect 3. */
export const zerodha: BrokerDefinition = {
  name: ZERODHA,
  title: "Zerodha",
  capabilities: {
    login: ["redirect", "token"],
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
    postback: "signed",
  },
  credentials: [
    {
      field: "apiKey",
      label: "API key",
      isSecret: false,
      where: "developers.kite.trade → My apps → your app: the line “API key”.",
      pattern: /^[a-z0-9]{8,32}$/,
      example: "demoapikey00001",
    },
    {
      field: "apiSecret",
      label: "API secret",
      isSecret: true,
      where: "developers.kite.trade → My apps → your app → “Show API secret”.",
      pattern: /^[a-z0-9]{8,64}$/,
      example: "demosecret00001",
    },
  ],
  setup: {
    consoleUrl: "https://developers.kite.trade",
    steps: [
      "Sign in at developers.kite.trade and create an app of type Connect (with quotes and candles, paid) or Personal (without, free).",
      "Enter your own Zerodha client ID: only this account can log in through the app.",
      "Set the redirect URL to {redirectUrl}.",
      "Open the app and copy API key and API secret.",
    ],
    staticIp:
      "developers.kite.trade → Profile → IP Whitelist: enter the static address as primary; it holds for all your apps and can be changed once a calendar week.",
    paste:
      "the whole address of the page you land on after the login, even if it does not load: it contains request_token=…",
  },
  rateLimits: RATE_LIMITS,
  notFoundBelievedAfterMs: 60_000,
  roots: ROOTS,
  create: async (deps) => (await import("./connector.ts")).createConnector(deps),
  readPostback: async (...postback) => (await import("./postback.ts")).readPostback(...postback),
};
