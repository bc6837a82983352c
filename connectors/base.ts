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

/** An active login at a broker. */
export interface Session {
  readonly accessToken: Secret;
  readonly refreshToken?: Secret;
  /** The broker's client id, from the broker. */
  readonly accountId: string;
  /** Epoch ms. */
  readonly issuedAt: number;
  /** Epoch ms. From then on calls fail with `auth-expired` without being sent. */
  readonly expiresAt: number;
  /** Broker-specific values that later calls need (Dhan's kind of token). Not secret. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** The account that a call is made for. A connector keeps no user: every call is given one of these. */
export interface Access {
  readonly link: LinkId;
  readonly credentials: Credentials;
  readonly session: Session;
  /** `http://…` or `socks5://…` proxy for this link's order calls, where its broker wants them from a static IP. */
  readonly egress?: Secret;
}

/** Reads throw BrokerError. Order calls return an outcome, and throw only on our own defects. */
export interface BrokerConnector {
  /** The broker's login page. `binding`: what the callback must carry, at a broker that does not return our `state`. */
  getLoginUrl?(request: LoginRequest, signal?: AbortSignal): Promise<{ url: string; binding?: string }>;
  /**
   * Completes a login: exchanges the callback's code (or takes the pasted token) and proves the session by a real call.
   * A callback without a code is `login-unfinished`.
   */
  generateSession(grant: LoginGrant, signal?: AbortSignal): Promise<Session>;
  /** A new session without the user, at brokers that support it. */
  refreshToken?(access: Access, signal?: AbortSignal): Promise<Session>;
  /** False when the broker says that the session has ended. Throws when the broker cannot be asked. */
  isTokenValid(access: Access, signal?: AbortSignal): Promise<boolean>;
  /** Ends the session at the broker. */
  logout?(access: Access, signal?: AbortSignal): Promise<void>;

  getProfile(access: Access, signal?: AbortSignal): Promise<Profile>;
  getFunds(access: Access, signal?: AbortSignal): Promise<Funds>;
  /** Lists with rows that cannot be read throw UnreadRows, which carries the rows that can. */
  getHoldings(access: Access, signal?: AbortSignal): Promise<Holding[]>;
  getPositions(access: Access, signal?: AbortSignal): Promise<Position[]>;
  /** Today's book, newest last. */
  getOrders(access: Access, signal?: AbortSignal): Promise<Order[]>;
  getTrades(access: Access, signal?: AbortSignal): Promise<Trade[]>;

  /** Instruments that the broker does not know are absent from the result. Batched within the broker's limits. */
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
  /** Today's orders with the tag: how an order with an unknown outcome is found again. */
  findOrdersByTag(access: Access, tag: OrderTag, signal?: AbortSignal): Promise<Order[]>;
  /** Reads one order again; null when the book does not have it. */
  getOrder(
    access: Access,
    orderId: BrokerOrderId,
    handle: Order["handle"],
    signal?: AbortSignal,
  ): Promise<Order | null>;
  /** Margin and charges of the order, where the broker estimates them. */
  getOrderCost?(access: Access, request: OrderRequest, signal?: AbortSignal): Promise<OrderCost>;

  /** The broker's master file, row by row. Bad rows are reported to `onSkipped`, not thrown. */
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

/** What completes a login: the query parameters of the callback or of a pasted address, or a pasted token. */
export type LoginGrant =
  | {
      readonly kind: "callback";
      readonly link: LinkId;
      readonly credentials: Credentials;
      readonly redirectUrl: string;
      readonly params: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "token";
      readonly link: LinkId;
      readonly credentials: Credentials;
      readonly token: Secret;
      /** The keys are new. Where no login page has tried them, a token that works without them must be refused. */
      readonly mustUseKeys?: true;
    };

export interface CandleQuery {
  readonly instrument: Instrument;
  readonly interval: Interval;
  /** Epoch ms: bars that start between `from` and `to`, both included. */
  readonly from: number;
  readonly to: number;
}

/** Quotes and candles, from a broker or from Yahoo Finance. */
export interface DataSource {
  readonly name: "broker" | "yfinance";
  getQuotes(instruments: readonly Instrument[], signal?: AbortSignal): Promise<Map<InstrumentKey, Quote>>;
  getHistoricalData(query: CandleQuery, signal?: AbortSignal): Promise<Candle[]>;
}

/** An instrument with one broker's names for it. */
export interface VenueInstrument {
  readonly instrument: Instrument;
  /** The name in the broker's rows and calls: `SBIN`, `SBIN-EQ`, `NSE_EQ|INE062A01020`. Unique within a segment. */
  readonly venueSymbol: string;
  /** The broker's own number for it, where it has one: Kite's instrument_token, Fyers' fyToken, Dhan's securityId. */
  readonly venueToken: string;
}

/** One broker's master in memory: look-ups take microseconds. */
export interface InstrumentTable {
  byKey(key: InstrumentKey): VenueInstrument | undefined;
  bySymbol(symbol: TradingSymbol): VenueInstrument | undefined;
  byVenueSymbol(segment: Segment, venueSymbol: string): VenueInstrument | undefined;
}

/** What a connector is built from. */
export interface ConnectorDeps {
  /** The shared HTTP client: deadlines, IPv4, egress, circuit breaker, metrics. */
  readonly http: HttpClient;
  readonly limiter: RateLimiter;
  /** The broker's master, downloaded on first use. */
  readonly instruments: () => Promise<InstrumentTable>;
  readonly now: () => number;
  /** The broker's origins, without a slash at the end, by the name of the environment variable: `ZERODHA_API_ROOT`. */
  readonly roots: Readonly<Record<string, string>>;
  /** Logs a warning for the operator. No secrets or account numbers. */
  readonly warn: (message: string, fields?: Readonly<Record<string, string | number>>) => void;
}

/** A usable order id. "0", "null" and blanks are none: an order accepted with those is looked for by its tag. */
export const ORDER_ID = /^(?=.*[1-9])[\w-]+$/;

export const READ_TIMEOUT_MS = 10_000;
export const ORDER_TIMEOUT_MS = 7_000;

export interface CredentialSpec {
  /** Key in Credentials and in the stored document. */
  readonly field: string;
  /** As the broker's console calls it: "API secret". */
  readonly label: string;
  readonly isSecret: boolean;
  /** One sentence: exactly where to find it. */
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
  /** `by-clock`: there is no AMO flag. Orders outside the session wait for the next one, orders within it never do. */
  readonly amo: boolean | "by-clock";
  readonly quotes: boolean;
  readonly depth: boolean;
  readonly candles: boolean;
  readonly orderCost: boolean;
  readonly instruments: boolean;
  /** `hint`: postbacks are unsigned, and only say which order to read again. */
  readonly postback: "signed" | "hint" | "none";
}

/**
 * A broker as data: dialogues, help and keyboards are made from it. Its code is loaded on the first call to `create` or
 * `readPostback`, since most households use few of the brokers.
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
    /** Steps in the console, one sentence each. `{redirectUrl}` is replaced. */
    readonly steps: readonly string[];
    /** How the broker wants the static IP registered. */
    readonly staticIp: string;
    /**
     * What the user can paste when the login page does not come back to us, and what it looks like: the address they
     * landed on, or a token. Continues the sentence "send me …".
     */
    readonly paste?: string;
  };
  /** Rate limit of each class of calls; every endpoint belongs to one class. */
  readonly rateLimits: Readonly<Record<string, readonly RateWindow[]>>;
  /** How long after an unknown outcome a book without the order proves that it was not placed: rows may appear late. */
  readonly notFoundBelievedAfterMs: number;
  /** Environment variables that override the origins, with the defaults. */
  readonly roots: Readonly<Record<string, string>>;
  readonly create: (deps: ConnectorDeps) => Promise<BrokerConnector>;
  /** Deletes a link's account. Only at a broker that runs in this process (paper). */
  readonly forget?: (link: LinkId) => Promise<void>;
  /** The order id of a postback; null when it is malformed or its signature is wrong. Only where postbacks exist. */
  readonly readPostback?: (body: string, credentials: Credentials) => Promise<{ orderId: BrokerOrderId } | null>;
}
