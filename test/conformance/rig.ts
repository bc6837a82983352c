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
import { tableOf } from "../connectors/harness.ts";
import { walkLogin } from "./browser.ts";
import type { Conformance, LoginFacts } from "./spec.ts";

/** A Friday with normal hours. */
const ELEVEN = istInstant("2026-11-20", "11:00");
export const LINK = linkId("conformance");
export const STATE = "c3RhdGUtLV9vZi1hLXRlc3Q";
/** Rate limit windows are this many times shorter, so that the suite does not wait for seconds. */
const SPEEDUP = 200;

export interface SentRequest extends HttpRequest {
  readonly how: "send" | "read" | "stream";
}

/** What the connector did. */
export interface Recording {
  readonly requests: SentRequest[];
  readonly attempts: { readonly method: string; readonly path: string; readonly outcome: string }[];
  readonly meters: { readonly key: string; readonly windows: readonly RateWindow[] }[];
  readonly warnings: string[];
  /** Waits between retries of a read, in ms. */
  readonly waits: number[];
}

/** Controls of the network and the clock. */
export interface Controls {
  /** Caps every timeout, for tests that wait for one. */
  timeoutMs: number | null;
  /** Changes replies before the connector gets them. */
  tamper: ((request: HttpRequest, reply: HttpReply) => HttpReply) | null;
  /** Epoch ms at the exchange and the broker, in whole seconds, because brokers report no finer times. */
  now: number;
}

export interface Rig {
  readonly controls: Controls;
  readonly record: Recording;
  readonly definition: BrokerDefinition;
  readonly connector: BrokerConnector;
  readonly exchange: Exchange;
  readonly account: ExchangeAccount;
  readonly credentials: Credentials;
  readonly redirectUrl: string;
  /** What the user pastes if there is no login page. */
  readonly pasted: string | undefined;
  /** Throws if the connector makes no calls. */
  readonly broker: SimulatedBroker;
  readonly server: BrokersServer;
  readonly table: InstrumentTable;
  readonly rows: readonly VenueInstrument[];
  readonly skipped: readonly string[];
  /** The calls so far that match, as "METHOD /path". */
  calls(match: RegExp): string[];
  close(): Promise<void>;
}

export interface RigOptions {
  readonly now?: number;
  readonly opening?: AccountOpening;
  readonly orderLatencyMs?: number;
  /** The clock advances in real time, and rate limits are not shortened. */
  readonly isRealTime?: boolean;
  /** Replaces the real limiter. */
  readonly limiter?: RateLimiter;
}

const RICH: AccountOpening = {
  cash: paiseFromRupees(30_000_000),
  holdings: [{ key: instrumentKey("NSE", 11536), qty: 6, avgPrice: priceFromRupees(2_980) }],
};

/** The connector, the simulated broker and the exchange behind it, with real HTTP between the first two. */
export async function openRig(spec: Conformance, options: RigOptions = {}): Promise<Rig> {
  const controls: Controls = { timeoutMs: null, tamper: null, now: options.now ?? ELEVEN };
  const startedAt = performance.now();
  const now = (): number =>
    controls.now + (options.isRealTime === true ? Math.floor(performance.now() - startedAt) : 0);
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
  const record: Recording = { requests: [], attempts: [], meters: [], warnings: [], waits: [] };
  // The breaker's clock advances a minute each time it is read, so that a case with many failures never finds it open.
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
    http: watched(client, controls, record),
    limiter: metered(limiter, record, options.isRealTime === true ? 1 : SPEEDUP),
    instruments: () => Promise.resolve(loaded.table),
    now,
    roots: broker && server ? broker.roots(server.base(definition.name)) : {},
    warn: (message, fields) => void record.warnings.push(`${message} ${JSON.stringify(fields ?? {})}`),
  });
  const { rows, skipped } = await masterOf(connector, definition.name, controls.now);
  loaded.table = tableOf(rows);
  record.requests.length = 0;
  return {
    controls,
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
      return broker ?? noBroker();
    },
    get server() {
      return server ?? noBroker();
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

function noBroker(): never {
  throw new Error("this connector calls nobody: skip the case by name");
}

/** Deterministic numbers that differ from call to call. */
function createRandom(): () => number {
  let turn = 0;
  return () => ((turn += 1) * 0.618_033_988_75) % 1;
}

function watched(client: HttpClient, controls: Controls, { requests }: Recording): HttpClient {
  const before = (how: SentRequest["how"], request: HttpRequest): HttpRequest => {
    requests.push({ ...request, how });
    return controls.timeoutMs === null
      ? request
      : { ...request, timeoutMs: Math.min(request.timeoutMs, controls.timeoutMs) };
  };
  const ask = (how: "send" | "read") => async (request: HttpRequest) => {
    const reply = await client[how](before(how, request));
    return controls.tamper ? controls.tamper(request, reply) : reply;
  };
  return {
    send: ask("send"),
    read: ask("read"),
    stream: (request) => client.stream(before("stream", request)),
    close: () => client.close(),
  };
}

function metered(limiter: RateLimiter, { meters }: Recording, speedup: number): RateLimiter {
  return {
    run(key, windows, call, signal) {
      meters.push({ key, windows });
      const shorter = windows.map(({ count, perMs }) => ({ count, perMs: Math.max(1, Math.ceil(perMs / speedup)) }));
      return limiter.run(key, shorter, call, signal);
    },
  };
}

interface Master {
  readonly rows: readonly VenueInstrument[];
  readonly skipped: readonly string[];
}
/** The master of a simulated day is always the same, so each test file reads it once per broker and day. */
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
  // The callback returns a number on purpose: its result must never be taken for a row.
  const master = connector.getInstruments?.({ onSkipped: (reason) => skipped.push(reason) });
  for await (const row of master ?? []) rows.push(row);
  return { rows, skipped };
}

/** Logs in at the broker's page and returns what the callback brings. */
export async function grantOf(
  rig: Rig,
  as: Credentials = rig.credentials,
): Promise<{ grant: Extract<LoginGrant, { kind: "callback" }>; landing: URL; url: string; binding?: string }> {
  const login = await rig.connector.getLoginUrl?.({
    credentials: as,
    redirectUrl: rig.redirectUrl,
    state: STATE,
  });
  if (!login) throw new Error("no login page");
  const landing = await walkLogin(login.url, rig.redirectUrl);
  const params = Object.fromEntries(landing.searchParams);
  const grant = { kind: "callback", link: LINK, credentials: as, redirectUrl: rig.redirectUrl, params } as const;
  return { grant, landing, ...login };
}

/** The grant of a login: from the callback, or pasted if there is no login page. */
export async function loginGrant(rig: Rig, as: Credentials = rig.credentials): Promise<LoginGrant> {
  if (rig.definition.capabilities.login.includes("redirect")) return (await grantOf(rig, as)).grant;
  // Paper needs no text.
  const text = rig.pasted ?? "";
  return { kind: "token", link: LINK, credentials: as, token: new Secret(text) };
}

/** What the user can paste, after the login page or instead of one. */
export async function pastesOf(rig: Rig, { pastes }: LoginFacts): Promise<readonly string[]> {
  const landing = rig.pasted === undefined ? (await grantOf(rig)).landing : new URL(rig.redirectUrl);
  return (await pastes?.(landing, rig.server.base(rig.definition.name))) ?? [];
}

/** Logs in as a user does, through the login page if there is one. */
export async function logIn(rig: Rig): Promise<Access> {
  const session = await rig.connector.generateSession(await loginGrant(rig));
  return { link: LINK, credentials: rig.credentials, session };
}
