import type { BrokerConnector, BrokerDefinition, Capabilities, ConnectorDeps, CredentialSpec } from "../base.ts";
import { brokerOrderId } from "../../src/domain/ids.ts";
import type { RateWindow } from "../../src/lib/rate-limit.ts";
import { createAuth } from "./auth.ts";
import { createBooks } from "./books.ts";
import { createClient } from "./client.ts";
import { ANGELONE } from "./errors.ts";
import { createMarketData } from "./market-data.ts";
import { createOrderCalls } from "./orders.ts";
import { postbackSchema } from "./schemas.ts";

const ROOTS = {
  ANGELONE_API_ROOT: "https://apiconnect.angelone.in",
  ANGELONE_LOGIN_ROOT: "https://smartapi.angelone.in",
  ANGELONE_INSTRUMENTS_URL: "https://margincalculator.angelone.in/OpenAPI_File/files/OpenAPIScripMaster.json",
} as const;

const CAPABILITIES: Capabilities = {
  login: ["redirect", "token"],
  // generateTokens exists, but its tokens end with the day's session: nothing would be gained.
  refresh: false,
  segments: ["NSE", "BSE", "NFO", "BFO", "INDEX"],
  // MARKET goes out as a limit at the ticket's collar, SL-M as a stop-limit with it.
  orderTypes: ["MARKET", "LIMIT", "SL", "SL-M"],
  products: ["CNC", "INTRADAY", "MARGIN", "MTF"],
  amo: true,
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

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const within = (second: number, minute: number, hour: number): readonly RateWindow[] => [
  { count: second, perMs: A_SECOND },
  { count: minute, perMs: MINUTE },
  { count: hour, perMs: HOUR },
];
/** With room for calls to arrive closer together than they left. */
const A_SECOND = 1_100;
const ONE_A_SECOND: readonly RateWindow[] = [{ count: 1, perMs: A_SECOND }];

/** Card §7, for each client code. */
const RATE_LIMITS = {
  login: ONE_A_SECOND,
  profile: [
    { count: 3, perMs: A_SECOND },
    { count: 1000, perMs: HOUR },
  ],
  funds: [{ count: 2, perMs: A_SECOND }],
  orders: within(9, 500, 1000),
  orderBook: ONE_A_SECOND,
  tradeBook: ONE_A_SECOND,
  positions: ONE_A_SECOND,
  holdings: ONE_A_SECOND,
  orderDetails: within(10, 500, 5000),
  // The documentation says 1 and 10 a second on different pages.
  quotes: ONE_A_SECOND,
  candles: within(3, 180, 5000),
  margin: within(10, 500, 5000),
  // Not in the table: as the margin calculator.
  charges: within(10, 500, 5000),
} as const satisfies Record<string, readonly RateWindow[]>;

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
  create: createConnector,
  readPostback,
};

function createConnector(deps: ConnectorDeps): BrokerConnector {
  const roots = { ...ROOTS, ...deps.roots };
  const client = createClient(deps, roots.ANGELONE_API_ROOT, RATE_LIMITS);
  const { callerOf, ...auth } = createAuth(deps, client, roots.ANGELONE_LOGIN_ROOT);
  return {
    ...auth,
    ...createBooks(deps, client, callerOf),
    ...createMarketData(deps, client, callerOf, roots.ANGELONE_INSTRUMENTS_URL),
    ...createOrderCalls(deps, client, callerOf, CAPABILITIES.products),
  };
}

/** An unsigned hint (card §9): names an order to re-read, proves nothing. */
function readPostback(body: string): ReturnType<NonNullable<BrokerDefinition["readPostback"]>> {
  try {
    return { orderId: brokerOrderId(postbackSchema.parse(JSON.parse(body)).orderid) };
  } catch {
    return null;
  }
}
