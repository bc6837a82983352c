import type { BrokerDefinition } from "../base.ts";
import { GROWW, RATE_LIMITS, ROOTS } from "./facts.ts";

/** Groww's Trade API: a thin client, because the official one is Python only (README). */
export const groww: BrokerDefinition = {
  name: GROWW,
  title: "Groww",
  capabilities: {
    // Groww has no login page. With a TOTP token the user never has to log in again.
    login: ["token"],
    refresh: true,
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
    postback: "none",
  },
  credentials: [
    {
      field: "totpSecret",
      label: "TOTP secret",
      isSecret: true,
      where:
        "groww.in/trade-api/api-keys → Generate TOTP token: the secret beside the QR code. Without it an access token is pasted each morning.",
      // Base32, in groups of four or in one piece.
      pattern: /^(?:[A-Za-z2-7]{4} ?){3,19}[A-Za-z2-7]{1,4}$/,
      example: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
      isOptional: true,
    },
  ],
  setup: {
    consoleUrl: "https://groww.in/trade-api/api-keys",
    steps: [
      "Subscribe to the Trade API (₹499 and tax a month).",
      "Enter the static IP that your orders will come from.",
      "Generate a TOTP token, and keep its page open: the secret beside the QR code is asked for first, the token after it.",
    ],
    staticIp:
      "groww.in/trade-api/api-keys, on the same page as the keys: orders from any other address are refused; reading is free of it.",
    paste:
      "the TOTP token from groww.in/trade-api/api-keys (a long text that begins with eyJ; from then on I log in by myself), or an access token made there today",
  },
  rateLimits: RATE_LIMITS,
  notFoundBelievedAfterMs: 60_000,
  roots: ROOTS,
  create: async (deps) => (await import("./connector.ts")).createConnector(deps),
};
