import type { BrokerName, BrokerOrderId, InstrumentKey, LinkId, OrderTag, TradingSymbol } from "../src/domain/ids.ts";
import type { Instrument, Segment } from "../src/domain/instrument.ts";
import type {
  Order,
  OrderChange,
  OrderCost,
  OrderOutcome,
  OrderRequest,
  OrderType,
  Product,
} from "../src/domain/order.ts";
import type {
  Candle,
  Depth,
  Funds,
  Holding,
  Interval,
  Position,
  Profile,
  Quote,
  Trade,
} from "../src/domain/portfolio.ts";
import type { HttpClient } from "../src/lib/http.ts";
import type { RateLimiter, RateWindow } from "../src/lib/rate-limit.ts";
import type { Secret } from "../src/lib/secret.ts";

/** What the user typed in at linking: field name → value. Which fields: `BrokerDefinition.credentials`. */
export type Credentials = Readonly<Record<string, Secret>>;

/** A living login at a broker. */
export interface Session {
  readonly accessToken: Secret;
  readonly refreshToken?: Secret;
  /** The broker's client id, from the broker. */
  readonly accountId: string;
  /** Epoch ms. */
  readonly issuedAt: number;
  /** Epoch ms: from then on the session is not tried any more. */
  readonly expiresAt: number;
  /** Labels the broker adds and later calls need (Dhan's token kind). Not secret. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** Whose call this is. A connector holds no user: every call gets one of these. */
export interface Access {
  readonly link: LinkId;
  readonly credentials: Credentials;
  readonly session: Session;
  /** `http://…` or `socks5://…`: the way out for this link's order calls, where the static IP rule asks for one. */
  readonly egress?: Secret;
}

/** The plan's BrokerConnector. Reads throw BrokerError; order calls answer an outcome and throw only on our own defects. */
export interface BrokerConnector {
  /** Where the user's browser goes to log in. `binding` is what the callback must match where the broker keeps no state. */
  getLoginUrl?(request: LoginRequest, signal?: AbortSignal): Promise<{ url: string; binding?: string }>;
  /**
   * Ends a login: exchanges what the callback (or the pasted token) brought, and proves it by a real call. A callback
   * that brought nothing is `login-unfinished`.
   */
  generateSession(grant: LoginGrant, signal?: AbortSignal): Promise<Session>;
  /** A new session without the user, where the broker still has that. */
  refreshToken?(access: Access, signal?: AbortSignal): Promise<Session>;
  /** False when the broker says that the session is dead. Throws when the broker cannot be asked. */
  isTokenValid(access: Access, signal?: AbortSignal): Promise<boolean>;
  /** Ends the session at the broker. */
  logout?(access: Access, signal?: AbortSignal): Promise<void>;

  getProfile(access: Access, signal?: AbortSignal): Promise<Profile>;
  getFunds(access: Access, signal?: AbortSignal): Promise<Funds>;
  /** Lists throw UnreadRows, with the others in it, where a row is of a kind that nobody knows. */
  getHoldings(access: Access, signal?: AbortSignal): Promise<Holding[]>;
  getPositions(access: Access, signal?: AbortSignal): Promise<Position[]>;
  /** Today's book, newest last. */
  getOrders(access: Access, signal?: AbortSignal): Promise<Order[]>;
  getTrades(access: Access, signal?: AbortSignal): Promise<Trade[]>;

  /** Instruments that the broker does not know are absent from the answer. Batched within the broker's limits. */
  getQuotes(
    access: Access,
    instruments: readonly Instrument[],
    signal?: AbortSignal,
  ): Promise<Map<InstrumentKey, Quote>>;
  getQuote(access: Access, instrument: Instrument, signal?: AbortSignal): Promise<Quote>;
  /** Market depth. */
  getOrderbook(access: Access, instrument: Instrument, signal?: AbortSignal): Promise<Depth>;
  /** Oldest first; chunked within the broker's limits. */
  getHistoricalData(access: Access, query: CandleQuery, signal?: AbortSignal): Promise<Candle[]>;

  placeOrder(access: Access, request: OrderRequest, signal?: AbortSignal): Promise<OrderOutcome>;
  modifyOrder(access: Access, order: Order, change: OrderChange, signal?: AbortSignal): Promise<OrderOutcome>;
  cancelOrder(access: Access, order: Order, signal?: AbortSignal): Promise<OrderOutcome>;
  /** Orders of today that carry the tag: the proof after an unknown outcome. */
  findOrdersByTag(access: Access, tag: OrderTag, signal?: AbortSignal): Promise<Order[]>;
  /** One order re-read; null when the book does not have it. */
  getOrder(
    access: Access,
    orderId: BrokerOrderId,
    handle: Order["handle"],
    signal?: AbortSignal,
  ): Promise<Order | null>;
  /** Margin and charges that the order would take, where the broker tells. */
  getOrderCost?(access: Access, request: OrderRequest, signal?: AbortSignal): Promise<OrderCost>;

  /** The broker's master file, row by row; bad rows are counted in `onSkipped`, not thrown. */
  getInstruments?(
    options: { onSkipped: (reason: string) => void },
    signal?: AbortSignal,
  ): AsyncIterable<VenueInstrument>;
}

export interface LoginRequest {
  readonly credentials: Credentials;
  readonly redirectUrl: string;
  /** Opaque, single use, base64url. */
  readonly state: string;
}

/** What ends a login: the query parameters of the callback or of a pasted address, or one token that the user pasted. */
export type LoginGrant =
  | {
      readonly kind: "callback";
      readonly link: LinkId;
      readonly credentials: Credentials;
      readonly redirectUrl: string;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly kind: "token"; readonly link: LinkId; readonly credentials: Credentials; readonly token: Secret };

export interface CandleQuery {
  readonly instrument: Instrument;
  readonly interval: Interval;
  /** Epoch ms: bars that start within, both ends included. */
  readonly from: number;
  readonly to: number;
}

/** The plan's DataSource: quotes and candles, from a broker or from Yahoo Finance. */
export interface DataSource {
  readonly name: "broker" | "yfinance";
  getQuotes(instruments: readonly Instrument[], signal?: AbortSignal): Promise<Map<InstrumentKey, Quote>>;
  getHistoricalData(query: CandleQuery, signal?: AbortSignal): Promise<Candle[]>;
}

/** An instrument with the names by which one broker calls it. */
export interface VenueInstrument {
  readonly instrument: Instrument;
  /**
   * The name by which the broker's rows and calls know it, by which it is found again: `SBIN`, `SBIN-EQ`, Upstox's
   * `NSE_EQ|INE062A01020`. Unique within a segment.
   */
  readonly venueSymbol: string;
  /** The broker's own number for it, where it has one: Kite's instrument_token, Fyers' fyToken, Dhan's securityId. */
  readonly venueToken: string;
}

/** One broker's master in memory. Every look-up takes microseconds. */
export interface InstrumentTable {
  byKey(key: InstrumentKey): VenueInstrument | undefined;
  bySymbol(symbol: TradingSymbol): VenueInstrument | undefined;
  byVenueSymbol(segment: Segment, venueSymbol: string): VenueInstrument | undefined;
}

/** What a connector is built from. */
export interface ConnectorDeps {
  /** The one HTTP client: deadlines, IPv4, egress, circuit breaker, metrics. */
  readonly http: HttpClient;
  readonly limiter: RateLimiter;
  /** The broker's master, downloaded when first asked for. */
  readonly instruments: () => Promise<InstrumentTable>;
  readonly now: () => number;
  /** The broker's origins, by the configuration's variable names: `ZERODHA_API_ROOT`. */
  readonly roots: Readonly<Record<string, string>>;
  /** A fact for the operator, without secrets or account numbers. */
  readonly warn: (message: string, fields?: Readonly<Record<string, string | number>>) => void;
}

/** What an acceptance may name its order by: "0", "null" and blanks name none, and the order is to be found by its tag. */
export const ORDER_ID = /^(?=.*[1-9])[\w-]+$/;

export const READ_TIMEOUT_MS = 10_000;
export const ORDER_TIMEOUT_MS = 7_000;

export interface CredentialSpec {
  /** Key in Credentials and in the stored document. */
  readonly field: string;
  /** As the broker's console calls it: "API secret". */
  readonly label: string;
  readonly isSecret: boolean;
  /** Exactly where to find it, one sentence. */
  readonly where: string;
  readonly pattern: RegExp;
  readonly example: string;
  readonly isOptional?: boolean;
}

export interface Capabilities {
  readonly login: readonly ("redirect" | "token" | "none")[];
  readonly refresh: boolean;
  readonly segments: readonly Segment[];
  readonly orderTypes: readonly OrderType[];
  readonly products: readonly Product[];
  /** `by-clock`: an order cannot be asked to wait for the next session. Outside the session any does, within it none. */
  readonly amo: boolean | "by-clock";
  readonly quotes: boolean;
  readonly depth: boolean;
  readonly candles: boolean;
  readonly orderCost: boolean;
  readonly instruments: boolean;
  /** Whether postbacks exist and are signed. */
  readonly postback: "signed" | "hint" | "none";
}

/**
 * A broker as data, and its code behind two functions that load it when they are called: most brokers are never used by
 * a household. connectors/index.ts lists them; dialogue, help and keyboards appear from here.
 */
export interface BrokerDefinition {
  readonly name: BrokerName;
  readonly title: string;
  readonly isPaper?: boolean;
  readonly capabilities: Capabilities;
  readonly credentials: readonly CredentialSpec[];
  readonly setup: {
    /** The developer console. */
    readonly consoleUrl: string;
    /** Steps in the console, one sentence each. `{redirectUrl}` is filled in. */
    readonly steps: readonly string[];
    /** How the broker wants the static IP registered. */
    readonly staticIp: string;
    /**
     * What to send where the login's page does not find the way back, and how it looks: the landing's address, or a token
     * (`login`). Goes on after "send me".
     */
    readonly paste?: string;
  };
  /** Calls a class may make; every endpoint names its class. */
  readonly rateLimits: Readonly<Record<string, readonly RateWindow[]>>;
  /** How long after an unknown outcome "not in the book" is believed, with the reads spread over it. */
  readonly notFoundBelievedAfterMs: number;
  /** Environment variables that move the origins, with the real ones. */
  readonly roots: Readonly<Record<string, string>>;
  readonly create: (deps: ConnectorDeps) => Promise<BrokerConnector>;
  /** Deletes what this machine itself keeps of a link's account. Only where the broker is one of ours. */
  readonly forget?: (link: LinkId) => Promise<void>;
  /** Reads the order id out of a postback, null when it is not one or its signature is wrong. Only where postbacks exist. */
  readonly readPostback?: (body: string, credentials: Credentials) => Promise<{ orderId: BrokerOrderId } | null>;
}
