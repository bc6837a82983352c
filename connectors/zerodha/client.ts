import type { z } from "zod";
import { type HttpClient, HttpFailure, type HttpRequest } from "../../src/lib/http.ts";
import type { Secret } from "../../src/lib/secret.ts";
import {
  type Access,
  type ConnectorDeps,
  type Credentials,
  ORDER_TIMEOUT_MS,
  READ_TIMEOUT_MS,
  type Session,
} from "../base.ts";
import { type Limit, metered, sendMetered, turnOf } from "../metered.ts";
import { callError, type Endpoint, fromFailure, successEnvelope, zerodhaError } from "./errors.ts";
import * as schemas from "./schemas.ts";
import { RATE_LIMITS, ROOTS, ZERODHA } from "./facts.ts";

type RateClass = keyof typeof RATE_LIMITS;

const KITE_VERSION = { "X-Kite-Version": "3" };
const MASTER_TIMEOUT_MS = 60_000;

/** Form or JSON fields of an order. */
export type OrderParams = Readonly<Record<string, string | number>>;
export interface OrderPath {
  readonly variety: string;
  readonly orderId: string;
}
/** Who is calling. During login there is no session yet. */
interface Caller extends Pick<Access, "link" | "credentials" | "egress"> {
  readonly session?: Session;
}

interface CallSpec<S extends z.ZodType> extends Endpoint {
  readonly schema: S;
  readonly rate?: RateClass;
  /** The HTTP client must not retry it. */
  readonly isWrite?: boolean;
}

export type KiteClient = ReturnType<typeof createKiteClient>;

/** Kite Connect 3: one method per endpoint, every reply validated. Only master and candles bypass `kiteconnect`. */
export function createKiteClient(deps: ConnectorDeps) {
  const { ZERODHA_API_ROOT: root } = { ...ROOTS, ...deps.roots };

  const limitOf =
    (caller: Caller, rate: RateClass): Limit =>
    (run, until) =>
      deps.limiter.run(meterOf(caller, rate), RATE_LIMITS[rate], run, until);

  async function call<S extends z.ZodType>(
    spec: CallSpec<S>,
    caller: Caller,
    ask: (kite: KitePackage) => Promise<unknown>,
    signal?: AbortSignal,
  ): Promise<z.output<S>> {
    const { rate = "other" } = spec;
    requireUnexpired(caller.session, deps.now(), spec);
    const limit = limitOf(caller, rate);
    const kite = await fencedKite(root, caller, spec, {
      send: (request) => (spec.isWrite === true ? deps.http.send(request) : deps.http.read(request)),
      timeoutMs: spec.isOrder === true ? ORDER_TIMEOUT_MS : READ_TIMEOUT_MS,
      egress: spec.isOrder === true ? caller.egress : undefined,
      signal,
      turn: turnOf(limit),
    });
    return validated(spec.schema, await metered(limit, () => ask(kite), callError(spec, signal), signal), spec);
  }

  const get =
    <S extends z.ZodType>(path: string, schema: S, ask: (kite: KitePackage) => Promise<unknown>) =>
    (access: Access, signal?: AbortSignal) =>
      call({ path, schema }, access, ask, signal);
  const order = (path: string, access: Access, ask: (kite: KitePackage) => Promise<unknown>, signal?: AbortSignal) =>
    call({ path, schema: schemas.orderIdSchema, rate: "order", isOrder: true, isWrite: true }, access, ask, signal);

  return {
    postSessionToken: (login: Omit<Caller, "session">, requestToken: Secret, signal?: AbortSignal) =>
      call(
        { path: "POST /session/token", schema: schemas.sessionSchema, isWrite: true },
        login,
        (kite) => kite.generateSession(requestToken.reveal(), credential(login.credentials, "apiSecret")),
        signal,
      ),
    deleteSessionToken: (access: Access, signal?: AbortSignal) =>
      call(
        { path: "DELETE /session/token", schema: schemas.anySchema, isWrite: true },
        access,
        (kite) => kite.invalidateAccessToken(),
        signal,
      ),

    getProfile: get("GET /user/profile", schemas.profileSchema, (kite) => kite.getProfile()),
    getMargins: get("GET /user/margins", schemas.marginsSchema, (kite) => kite.getMargins()),
    getHoldings: get("GET /portfolio/holdings", schemas.holdingsSchema, (kite) => kite.getHoldings()),
    getPositions: get("GET /portfolio/positions", schemas.positionsSchema, (kite) => kite.getPositions()),
    getOrders: get("GET /orders", schemas.ordersSchema, (kite) => kite.getOrders()),
    getTrades: get("GET /trades", schemas.tradesSchema, (kite) => kite.getTrades()),
    getQuote: (access: Access, names: readonly string[], signal?: AbortSignal) =>
      call(
        { path: "GET /quote", schema: schemas.quotesSchema, rate: "quote" },
        access,
        (kite) => kite.getQuote(names),
        signal,
      ),
    postOrderMargins: (access: Access, params: OrderParams, signal?: AbortSignal) =>
      get("POST /margins/orders", schemas.orderMarginsSchema, (kite) => kite.orderMargins([params], null))(
        access,
        signal,
      ),

    // Spread into copies, because the package writes variety and order id into its argument.
    postOrder: (access: Access, variety: string, params: OrderParams, signal?: AbortSignal) =>
      order("POST /orders", access, (kite) => kite.placeOrder(variety, { ...params }), signal),
    putOrder: (access: Access, { variety, orderId }: OrderPath, params: OrderParams, signal?: AbortSignal) =>
      order("PUT /orders", access, (kite) => kite.modifyOrder(variety, orderId, { ...params }), signal),
    deleteOrder: (access: Access, { variety, orderId }: OrderPath, signal?: AbortSignal) =>
      order("DELETE /orders", access, (kite) => kite.cancelOrder(variety, orderId), signal),

    getHistorical: async (access: Access, query: CandlePath, signal?: AbortSignal) => {
      const endpoint = { path: "GET /instruments/historical" };
      requireUnexpired(access.session, deps.now(), endpoint);
      const request = historicalRequest(root, access, query, signal);
      const limit = limitOf(access, "historical");
      const reply = await sendMetered(deps.http, limit, { request, isRead: true }, callError(endpoint, signal));
      return validated(schemas.candlesSchema, successEnvelope(reply, endpoint).data, endpoint);
    },
    streamInstruments: (signal?: AbortSignal) => masterBytes(deps, root, signal),
  };
}

export interface CandlePath {
  readonly token: string;
  readonly interval: string;
  readonly from: string;
  readonly to: string;
}

// Not through the package: it breaks on HTML, drops an open interest of 0 and reads times in the server's zone.
function historicalRequest(root: string, access: Access, query: CandlePath, signal?: AbortSignal): HttpRequest {
  const range = new URLSearchParams({ from: query.from, to: query.to, continuous: "0", oi: "0" });
  const login = `${credential(access.credentials, "apiKey")}:${access.session.accessToken.reveal()}`;
  return {
    scope: ZERODHA,
    method: "GET",
    url: `${root}/instruments/historical/${query.token}/${query.interval}?${range.toString()}`,
    headers: { ...KITE_VERSION, Authorization: `token ${login}` },
    timeoutMs: READ_TIMEOUT_MS,
    signal,
  };
}

// Not through the package: it buffers the whole file, does not parse `text/csv; charset=utf-8` and adds a row of NaN.
// Without Authorization: getInstruments has no session, and Kite was seen to serve the master without one.
async function* masterBytes(deps: ConnectorDeps, root: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
  const endpoint = { path: "GET /instruments" };
  const url = `${root}/instruments`;
  try {
    const timeoutMs = MASTER_TIMEOUT_MS;
    yield* await deps.http.stream({ scope: ZERODHA, method: "GET", url, headers: KITE_VERSION, timeoutMs, signal });
  } catch (error) {
    if (error instanceof HttpFailure) throw fromFailure(error, endpoint);
    throw zerodhaError("unavailable", "Zerodha's master file broke off", endpoint, { cause: error });
  }
}

/** The package's methods that we use. Its own types lack MTF and declare times as `Date`; here they stay strings. */
interface KitePackage {
  readonly requestInstance: {
    readonly defaults: { adapter?: (config: AxiosConfig) => Promise<object> };
    getUri(config: AxiosConfig): string;
  };
  setAccessToken(token: string): void;
  generateSession(requestToken: string, apiSecret: string): Promise<unknown>;
  invalidateAccessToken(): Promise<unknown>;
  getProfile(): Promise<unknown>;
  getMargins(): Promise<unknown>;
  getHoldings(): Promise<unknown>;
  getPositions(): Promise<unknown>;
  getOrders(): Promise<unknown>;
  getTrades(): Promise<unknown>;
  getQuote(names: readonly string[]): Promise<unknown>;
  placeOrder(variety: string, params: object): Promise<unknown>;
  modifyOrder(variety: string, orderId: string, params: object): Promise<unknown>;
  cancelOrder(variety: string, orderId: string): Promise<unknown>;
  orderMargins(orders: readonly object[], mode: null): Promise<unknown>;
}

interface AxiosConfig {
  readonly method: string;
  readonly headers: { toJSON(): Record<string, string> };
  readonly data?: string | null;
  params?: Readonly<Record<string, unknown>> | null;
  transformResponse: unknown;
}

interface Transport extends Pick<HttpRequest, "timeoutMs" | "egress" | "signal" | "turn"> {
  readonly send: HttpClient["send"];
}

/**
 * A client of the package for one call (takes 0.1 ms), with our HTTP client in place of axios. Never `debug`: it prints
 * the Authorization header and the checksum.
 */
async function fencedKite(
  root: string,
  caller: Caller,
  endpoint: Endpoint,
  transport: Transport,
): Promise<KitePackage> {
  const { send, ...options } = transport;
  // Imported on the first call: the package and axios take 25 MB, which a process without a Zerodha account saves.
  const { KiteConnect } = await import("kiteconnect");
  const apiKey = credential(caller.credentials, "apiKey");
  const kite = new KiteConnect({ api_key: apiKey, root, debug: false }) as unknown as KitePackage;
  if (caller.session) kite.setAccessToken(caller.session.accessToken.reveal());
  kite.requestInstance.defaults.adapter = async (config) => {
    // The package would parse IST times in the server's zone: without its transformers the strings stay as they are.
    config.transformResponse = [];
    // A null parameter would be sent as the text "null". orderMargins needs mode null so that charges are included.
    config.params = withoutNulls(config.params ?? {});
    const method = config.method.toUpperCase() as HttpRequest["method"];
    const url = kite.requestInstance.getUri(config);
    requireCleanPath(url, root, endpoint);
    const reply = await send({
      scope: ZERODHA,
      method,
      url,
      headers: config.headers.toJSON(),
      ...(config.data ? { body: config.data } : {}),
      ...options,
    });
    // The package drops the status, rejects with plain objects and resolves on HTML, so failures are thrown here.
    const data = successEnvelope(reply, endpoint);
    return { config, status: 200, statusText: "OK", headers: { "content-type": "application/json" }, data };
  };
  return kite;
}

/** The account's limit, or the link's during login, before the account is known. */
const meterOf = ({ session, link }: Caller, rate: RateClass): string =>
  `${ZERODHA}:${session?.accountId ?? link}:${rate}`;

const withoutNulls = (params: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(params).filter(([, value]) => value !== null));

/** The package puts varieties and order ids into the path unescaped. */
function requireCleanPath(url: string, root: string, endpoint: Endpoint): void {
  const path = url.slice(root.length).split("?", 1)[0] ?? "";
  if (!/^(\/[\w-]+)+$/.test(path)) throw zerodhaError("invalid-request", "not an order id of Zerodha", endpoint);
}

function requireUnexpired(session: Session | undefined, now: number, endpoint: Endpoint): void {
  if (session && now >= session.expiresAt) throw zerodhaError("auth-expired", "the day's login is over", endpoint);
}

export function credential(credentials: Credentials, field: "apiKey" | "apiSecret"): string {
  const value = credentials[field]?.reveal().trim();
  if (!value) throw zerodhaError("auth-invalid", `the ${field} is missing`, { path: "credentials" });
  return value;
}

function validated<S extends z.ZodType>(schema: S, data: unknown, endpoint: Endpoint): z.output<S> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = ["data", ...(issue?.path ?? [])].join(".");
  throw zerodhaError("bad-response", `Zerodha ${endpoint.path}: ${field}: ${issue?.message}`, endpoint);
}
