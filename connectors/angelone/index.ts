import type { BrokerDefinition, Capabilities, CredentialSpec } from "../base.ts";
import { ANGELONE, PRODUCTS, RATE_LIMITS, ROOTS } from "./facts.ts";

const CAPABILITIES: Capabilities = {
  login: ["redirect", "token"],
  // generateTokens exists, but its tokens end with the day's session too, so it would gain nothing.
  refresh: false,
  segments: ["NSE", "BSE", "NFO", "BFO", "INDEX"],
  // MARKET is sent as a limit order at the ticket's protective price, SL-M as a stop-limit with it.
  orderTypes: ["MARKET", "LIMIT", "SL", "SL-M"],
  products: PRODUCTS,
  // AMO is a variety, and stop orders must have variety STOPLOSS, so a stop cannot be marked AMO.
  amo: "by-clock",
  quotes: true,
  depth: true,
  candles: true,
  orderCost: true,
  instruments: true,
  postback: "hint",
};

const CREDENTIALS: readonly CredentialSpec[] = [
  {
    field: "apiKey",
    label: "API key",
    isSecret: true,
    where: "smartapi.angelone.in → My Apps → your app of type Publisher → API Key.",
    pattern: /^[A-Za-z0-9_-]{6,64}$/,
    example: "kQ83x2LR",
  },
  {
    field: "clientCode",
    label: "Client code",
    isSecret: false,
    where: "Angel One app → Account → your name: the code under it; a login by another client is then refused.",
    pattern: /^[A-Za-z0-9]{4,12}$/,
    example: "R58213",
    isOptional: true,
  },
];

export const angelone: BrokerDefinition = {
  name: ANGELONE,
  title: "Angel One",
  capabilities: CAPABILITIES,
  credentials: CREDENTIALS,
  setup: {
    consoleUrl: "https://smartapi.angelone.in",
    steps: [
      "Sign in at smartapi.angelone.in with your Angel One client code.",
      "My Apps → Create an App, type Publisher.",
      "Enter {redirectUrl} as the Redirect URL.",
      "Enter the static IP that your orders will come from, then create the app and copy its API Key.",
    ],
    staticIp:
      "My Apps → your app → Static IP (a primary and a secondary address): orders from any other address are refused; reading is free of it.",
    paste:
      "the whole address that the browser was sent to after the login (it has auth_token=eyJ…), or only the text after auth_token=",
  },
  rateLimits: RATE_LIMITS,
  notFoundBelievedAfterMs: 60_000,
  roots: ROOTS,
  create: async (deps) => (await import("./connector.ts")).createConnector(deps),
  readPostback: async (body) => (await import("./postback.ts")).readPostback(body),
};
