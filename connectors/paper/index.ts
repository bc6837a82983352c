import { createHash } from "node:crypto";
import type { LinkId } from "../../src/domain/ids.ts";
import { brokerName } from "../../src/domain/ids.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { paiseFromRupees } from "../../src/domain/money.ts";
import { ORDER_TYPES } from "../../src/domain/order.ts";
import type { OrderOutcome } from "../../src/domain/order.ts";
import { BrokerError } from "../../src/errors.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Access, BrokerConnector, BrokerDefinition, ConnectorDeps, VenueInstrument } from "../base.ts";
import type { Exchange, ExchangeAccount, ExchangeReply } from "./exchange/types.ts";

const NAME = brokerName("paper");
const OPENING_CASH = paiseFromRupees(1_000_000);
/** Ten years: a paper session need not expire, because there is nothing to log in to. */
const SESSION_TTL_MS = 10 * 365 * 86_400_000;

export interface PaperOptions {
  /** The exchange that all links share; each has an account of its own there. */
  readonly exchange: () => Exchange | Promise<Exchange>;
}

/** The paper broker: real rules, simulated prices and money. No network, no credentials. */
export function createPaper({ exchange }: PaperOptions): BrokerDefinition {
  return {
    name: NAME,
    title: "Paper",
    isPaper: true,
    capabilities: {
      login: ["none"],
      refresh: false,
      segments: ["NSE", "BSE", "NFO", "BFO"],
      orderTypes: ORDER_TYPES,
      products: ["CNC", "INTRADAY", "MARGIN"],
      amo: false,
      quotes: true,
      depth: true,
      candles: true,
      orderCost: true,
      instruments: true,
      postback: "none",
    },
    credentials: [],
    setup: {
      consoleUrl: "",
      steps: ["Nothing to set up: the account opens with ₹10,00,000 of play money."],
      staticIp: "Not needed: no order leaves this machine.",
    },
    rateLimits: {},
    notFoundBelievedAfterMs: 0,
    roots: {},
    create: async (deps) => createConnector(await exchange(), deps),
    forget: async (link) => (await exchange()).forget(link),
  };
}

function createConnector(exchange: Exchange, deps: ConnectorDeps): BrokerConnector {
  // Opens the account if the exchange does not have it, so that a link still works after its snapshot was lost.
  const open = (link: LinkId): ExchangeAccount => exchange.account(link, { cash: OPENING_CASH });
  const of = (access: Access): ExchangeAccount => open(access.link);

  function listed(instrument: Instrument, endpoint: string): Instrument {
    const known = exchange.find(instrument.key);
    if (known) return known;
    throw new BrokerError("rejected", `${instrument.symbol} is not listed at the paper exchange`, {
      broker: NAME,
      endpoint,
    });
  }

  return {
    generateSession: async ({ link }) => {
      open(link);
      const issuedAt = deps.now();
      const accountId = accountIdOf(link);
      return { accessToken: new Secret(accountId), accountId, issuedAt, expiresAt: issuedAt + SESSION_TTL_MS };
    },
    isTokenValid: async ({ session }) => deps.now() < session.expiresAt,

    getProfile: async ({ link }) => ({
      accountId: accountIdOf(link),
      name: "Paper account",
      canSellWithoutAuthorisation: true,
      hasMarketData: true,
    }),
    getFunds: async (access) => of(access).funds(),
    getHoldings: async (access) => of(access).holdings(),
    getPositions: async (access) => of(access).positions(),
    getOrders: async (access) => of(access).orders(),
    getTrades: async (access) => of(access).trades(),

    getQuotes: async (_access, instruments) =>
      new Map(instruments.filter(({ key }) => exchange.find(key)).map(({ key }) => [key, exchange.quote(key)])),
    getQuote: async (_access, instrument) => exchange.quote(listed(instrument, "quote").key),
    getOrderbook: async (_access, instrument) => exchange.depth(listed(instrument, "depth").key),
    getHistoricalData: async (_access, { instrument, interval, from, to }) =>
      exchange.candles(listed(instrument, "candles").key, interval, from, to),

    placeOrder: async (access, request) => toOutcome(of(access).place(request)),
    modifyOrder: async (access, order, change) => toOutcome(of(access).modify(order.orderId, change)),
    cancelOrder: async (access, order) => toOutcome(of(access).cancel(order.orderId)),
    findOrdersByTag: async (access, tag) =>
      of(access)
        .orders()
        .filter((order) => order.tag === tag),
    getOrder: async (access, orderId) => of(access).order(orderId) ?? null,
    getOrderCost: async (access, request) => of(access).cost(request),

    async *getInstruments() {
      for (const instrument of exchange.instruments) yield toVenue(instrument);
    },
  };
}

/** Four hex digits tell a user's paper accounts apart. */
function accountIdOf(link: LinkId): string {
  return `PAPER-${createHash("sha256").update(link).digest("hex").slice(0, 4).toUpperCase()}`;
}

function toOutcome(reply: ExchangeReply): OrderOutcome {
  return reply.kind === "accepted"
    ? { kind: "accepted", orderId: reply.orderId, handle: {} }
    : { kind: "rejected", reason: reply.message, raw: `${reply.code}: ${reply.message}` };
}

const afterColon = (text: string): string => text.slice(text.indexOf(":") + 1);

const toVenue = (instrument: Instrument): VenueInstrument => ({
  instrument,
  venueSymbol: afterColon(instrument.symbol),
  venueToken: afterColon(instrument.key),
});
