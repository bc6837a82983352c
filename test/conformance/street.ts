import type {
  Access,
  BrokerConnector,
  BrokerDefinition,
  Credentials,
  InstrumentTable,
  LoginGrant,
  VenueInstrument,
} from "../../connectors/base.ts";
import { createExchange } from "../../connectors/paper/exchange/exchange.ts";
import type { AccountOpening, Exchange, ExchangeAccount } from "../../connectors/paper/exchange/types.ts";
import { startBrokersServer } from "../../playground/brokers/server.ts";
import type { BrokersServer, SimulatedBroker } from "../../playground/brokers/types.ts";
import { linkId } from "../../src/domain/ids.ts";
import { instrumentKey } from "../../src/domain/instrument.ts";
import { istInstant } from "../../src/domain/market.ts";
import { paiseFromRupees, priceFromRupees } from "../../src/domain/money.ts";
import { createHttpClient } from "../../src/lib/http.ts";
import type { HttpClient, HttpReply, HttpRequest } from "../../src/lib/http.ts";
import { createRateLimiter } from "../../src/lib/rate-limit.ts";
import type { RateLimiter, RateWindow } from "../../src/lib/rate-limit.ts";
import { Secret } from "../../src/lib/secret.ts";
import { walkLogin } from "./browser.ts";
import type { Conformance, LoginFacts } from "./spec.ts";

/** A Friday with normal hours. */
const ELEVEN = istInstant("2026-11-20", "11:00");
export const LINK = linkId("conformance");
export const STATE = "c3RhdGUtLV9vZi1hLXRlc3Q";
/** Windows are this much shorter, so that a suite need not wait whole seconds. */
const HASTE = 200;

export interface SentRequest extends HttpRequest {
  readonly how: "send" | "read" | "stream";
}

/** What the connector did, as seen from around it. */
export interface Record {
  readonly requests: SentRequest[];
  readonly attempts: { readonly method: string; readonly path: string; readonly outcome: string }[];
  readonly meters: { readonly key: string; readonly windows: readonly RateWindow[] }[];
  readonly warnings: string[];
  /** Waits between tries of a read, in ms. */
  readonly waits: number[];
}

/** Hands on the wire between connector and broker. */
export interface Hands {
  /** Caps every timeout, for tests that wait for one. */
  timeoutMs: number | null;
  /** Changes a reply on its way. */
  tamper: ((request: HttpRequest, reply: HttpReply) => HttpReply) | null;
  /** Time at the exchange and at the broker. Whole seconds, as brokers tell it. */
  now: number;
}

export interface Street {
  readonly hands: Hands;
  readonly record: Record;
  readonly definition: BrokerDefinition;
  readonly connector: BrokerConnector;
  readonly exchange: Exchange;
  readonly account: ExchangeAccount;
  readonly credentials: Credentials;
  readonly redirectUrl: string;
  /** What a person pastes where there is no login page. */
  readonly pasted: string | undefined;
  /** Throws where the connector calls nobody. */
  readonly broker: SimulatedBroker;
  readonly server: BrokersServer;
  readonly table: InstrumentTable;
  readonly rows: readonly VenueInstrument[];
  readonly skipped: readonly string[];
  /** "METHOD /path" of the calls so far that match. */
  calls(match: RegExp): string[];
  close(): Promise<void>;
}

export interface StreetOptions {
  readonly now?: number;
  readonly opening?: AccountOpening;
  readonly orderLatencyMs?: number;
  /** The clock runs as the wall's does, and rate limits are the real ones. */
  readonly isRealTime?: boolean;
  /** Instead of the real limiter. */
  readonly limiter?: RateLimiter;
}

const RICH: AccountOpening = {
  cash: paiseFromRupees(30_000_000),
  holdings: [{ key: instrumentKey("NSE", 11536), qty: 6, avgPrice: priceFromRupees(2_980) }],
};

/** The connector, the simulated broker and the exchange behind it, with real HTTP between the first two. */
export async function openStreet(spec: Conformance, options: StreetOptions = {}): Promise<Street> {
  const hands: Hands = { timeoutMs: null, tamper: null, now: options.now ?? ELEVEN };
  const startedAt = performance.now();
  const now = (): number => hands.now + (options.isRealTime === true ? Math.floor(performance.now() - startedAt) : 0);
  const exchange = createExchange({
    seed: 7,
    now,
    isAlwaysOpen: false,
    ...(options.orderLatencyMs === undefined ? {} : { orderLatencyMs: options.orderLatencyMs }),
  });
  const account = exchange.account(LINK, options.opening ?? RICH);
  const definition = typeof spec.definition === "function" ? spec.definition(exchange) : spec.definition;
  const redirectUrl = `http://localhost:8080/oauth/${definition.name}/callback`;
  const broker = spec.simulate?.({ exchange, accountId: LINK, random: createRandom(), redirectUrl });
  const server = broker && (await startBrokersServer({ port: 0, brokers: [broker], random: () => 0 }));
  const record: Record = { requests: [], attempts: [], meters: [], warnings: [], waits: [] };
  // A minute passes between any two looks, so that a case with many failures never meets an open breaker.
  let breakerTime = 0;
  const client = createHttpClient({
    now: () => (breakerTime += 60_000),
    sleep: (ms) => {
      record.waits.push(ms);
      return Promise.resolve();
    },
    onCall: ({ method, path, outcome }) => void record.attempts.push({ method, path, outcome }),
  });
  const limiter = options.limiter ?? createRateLimiter();
  const loaded: { table: InstrumentTable } = { table: tableOf([]) };
  const connector = await definition.create({
    http: watched(client, hands, record),
    limiter: metered(limiter, record, options.isRealTime === true ? 1 : HASTE),
    instruments: () => Promise.resolve(loaded.table),
    now,
    roots: broker && server ? broker.roots(server.base(definition.name)) : {},
    warn: (message, fields) => void record.warnings.push(`${message} ${JSON.stringify(fields ?? {})}`),
  });
  const { rows, skipped } = await masterOf(connector, definition.name, hands.now);
  loaded.table = tableOf(rows);
  record.requests.length = 0;
  return {
    hands,
    record,
    definition,
    connector,
    exchange,
    account,
    credentials: Object.fromEntries(
      Object.entries(broker?.credentials ?? {}).map(([field, value]) => [field, new Secret(value)]),
    ),
    redirectUrl,
    pasted: broker?.paste,
    get broker() {
      return broker ?? noWire();
    },
    get server() {
      return server ?? noWire();
    },
    table: loaded.table,
    rows,
    skipped,
    calls: (match) => (server?.calls(definition.name) ?? []).filter((call) => match.test(call)),
    async close() {
      await client.close();
      await server?.close();
    },
  };
}

function noWire(): never {
  throw new Error("this connector calls nobody: skip the case by name");
}

/** Numbers that differ from call to call and not from run to run. */
function createRandom(): () => number {
  let turn = 0;
  return () => ((turn += 1) * 0.618_033_988_75) % 1;
}

function watched(client: HttpClient, hands: Hands, { requests }: Record): HttpClient {
  const before = (how: SentRequest["how"], request: HttpRequest): HttpRequest => {
    requests.push({ ...request, how });
    return hands.timeoutMs === null ? request : { ...request, timeoutMs: Math.min(request.timeoutMs, hands.timeoutMs) };
  };
  const ask = (how: "send" | "read") => async (request: HttpRequest) => {
    const reply = await client[how](before(how, request));
    return hands.tamper ? hands.tamper(request, reply) : reply;
  };
  return {
    send: ask("send"),
    read: ask("read"),
    stream: (request) => client.stream(before("stream", request)),
    close: () => client.close(),
  };
}

function metered(limiter: RateLimiter, { meters }: Record, haste: number): RateLimiter {
  return {
    run(key, windows, call, signal) {
      meters.push({ key, windows });
      const shorter = windows.map(({ count, perMs }) => ({ count, perMs: Math.max(1, Math.ceil(perMs / haste)) }));
      return limiter.run(key, shorter, call, signal);
    },
  };
}

interface Master {
  readonly rows: readonly VenueInstrument[];
  readonly skipped: readonly string[];
}
/** The exchange lists the same on the same day, so each file reads a broker's master once a day. */
const masters = new Map<string, Promise<Master>>();

function masterOf(connector: BrokerConnector, name: string, at: number): Promise<Master> {
  const key = `${name} ${Math.floor(at / 86_400_000)}`;
  const known = masters.get(key) ?? readMaster(connector);
  masters.set(key, known);
  return known;
}

export async function readMaster(connector: BrokerConnector): Promise<Master> {
  const rows: VenueInstrument[] = [];
  const skipped: string[] = [];
  // Answers a number on purpose: what the counter returns must never be taken for a row.
  const master = connector.getInstruments?.({ onSkipped: (reason) => skipped.push(reason) });
  for await (const row of master ?? []) rows.push(row);
  return { rows, skipped };
}

export function tableOf(rows: readonly VenueInstrument[]): InstrumentTable {
  const byKey = new Map(rows.map((row) => [row.instrument.key, row]));
  const bySymbol = new Map(rows.map((row) => [row.instrument.symbol, row]));
  const byVenue = new Map(rows.map((row) => [`${row.instrument.segment} ${row.venueSymbol}`, row]));
  return {
    byKey: (key) => byKey.get(key),
    bySymbol: (symbol) => bySymbol.get(symbol),
    byVenueSymbol: (segment, venueSymbol) => byVenue.get(`${segment} ${venueSymbol}`),
  };
}

/** What a person brings back from the login page. */
export async function grantOf(
  street: Street,
  as: Credentials = street.credentials,
): Promise<{ grant: Extract<LoginGrant, { kind: "callback" }>; landing: URL; url: string; binding?: string }> {
  const login = await street.connector.getLoginUrl?.({
    credentials: as,
    redirectUrl: street.redirectUrl,
    state: STATE,
  });
  if (!login) throw new Error("no login page");
  const landing = await walkLogin(login.url, street.redirectUrl);
  const params = Object.fromEntries(landing.searchParams);
  const grant = { kind: "callback", link: LINK, credentials: as, redirectUrl: street.redirectUrl, params } as const;
  return { grant, landing, ...login };
}

/** What ends a login: what the login page brings back, or what is pasted where there is none. */
export async function loginGrant(street: Street, as: Credentials = street.credentials): Promise<LoginGrant> {
  if (street.definition.capabilities.login.includes("redirect")) return (await grantOf(street, as)).grant;
  // Paper pastes nothing.
  const text = street.pasted ?? "";
  return { kind: "token", link: LINK, credentials: as, token: new Secret(text) };
}

/** What a person may paste, after the login page or instead of one. */
export async function pastesOf(street: Street, { pastes }: LoginFacts): Promise<readonly string[]> {
  const landing = street.pasted === undefined ? (await grantOf(street)).landing : new URL(street.redirectUrl);
  return (await pastes?.(landing, street.server.base(street.definition.name))) ?? [];
}

/** Logs in as a person does, by the login page where there is one. */
export async function logIn(street: Street): Promise<Access> {
  const session = await street.connector.generateSession(await loginGrant(street));
  return { link: LINK, credentials: street.credentials, session };
}
