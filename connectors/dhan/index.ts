import type { BrokerDefinition } from "../base.ts";
import { DHAN, RATE_LIMITS, ROOTS } from "./facts.ts";

export const dhan: BrokerDefinition = {
  name: DHAN,
  title: "Dhan",
  capabilities: {
    login: ["redirect", "token"],
    refresh: true,
    segments: ["NSE", "BSE", "NFO", "BFO", "INDEX"],
    orderTypes: ["MARKET", "LIMIT", "SL", "SL-M"],
    products: ["CNC", "INTRADAY", "MARGIN", "MTF"],
    amo: true,
    quotes: true,
    depth: true,
    candles: true,
    orderCost: true,
    instruments: true,
    postback: "hint",
  },
  credentials: [
    {
      field: "clientId",
      label: "Client ID",
      isSecret: false,
      where: "In Dhan Web (web.dhan.co) or the Dhan app, under My Profile, below your name.",
      pattern: /^\d{6,12}$/,
      example: "1104482917",
    },
    {
      field: "apiKey",
      label: "API key",
      isSecret: false,
      where:
        "In Dhan Web under My Profile, Access DhanHQ APIs, tab API key; not needed when you paste an access token.",
      pattern: /^[\w-]{4,64}$/,
      example: "a1b2c3d4",
      isOptional: true,
    },
    {
      field: "apiSecret",
      label: "API secret",
      isSecret: true,
      where: "Shown next to the API key in Dhan Web, under My Profile, Access DhanHQ APIs, tab API key.",
      pattern: /^[\w-]{8,80}$/,
      example: "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
      isOptional: true,
    },
  ],
  setup: {
    consoleUrl: "https://web.dhan.co",
    steps: [
      "Log in to Dhan Web and open My Profile, then Access DhanHQ APIs.",
      "Choose API key, give the app a name and enter {redirectUrl} as Redirect URL; the key and secret live 12 months.",
      "Or skip the key and make an Access Token there each day: it lives 24 hours and is pasted here.",
      "Quotes and candles need the Data APIs subscription on the same page; without it choose Yahoo Finance as data source.",
    ],
    staticIp:
      "In Dhan Web, My Profile, Access DhanHQ APIs, Static IP: enter this server's IPv4 address as primary. " +
      "Each client needs an address of its own, and a change locks it for 7 days.",
    paste:
      "an access token from Dhan Web, My Profile, Access DhanHQ APIs (three blocks joined by dots, starting eyJ), or, after a " +
      "login in the browser, the whole address of the page you land on, even if it does not load: it has tokenId=… in it",
  },
  rateLimits: RATE_LIMITS,
  // Long enough for an order in TRANSIT, which the look-up by correlation id does not find, to reach the book.
  notFoundBelievedAfterMs: 20_000,
  roots: ROOTS,
  create: async (deps) => (await import("./connector.ts")).createConnector(deps),
  readPostback: async (...postback) => (await import("./postback.ts")).readPostback(...postback),
};
