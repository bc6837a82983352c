import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type * as Undici from "undici";
import { BREAKER_OPEN_MS, createBreaker } from "./breaker.ts";
import type { Breaker } from "./breaker.ts";
import { monotonic } from "./clock.ts";
import type { Secret } from "./secret.ts";

export interface HttpRequest {
  /** Who is called. Each scope has its own circuit breaker and metrics. */
  readonly scope: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Proxy to send the request through: `http://…` or `socks5://…`. */
  readonly egress?: Secret | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Waits for the rate limit before each retry, because the other side counts retries as well. */
  readonly turn?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** For reads: recognises replies that mean "try again in a moment" without status 429. */
  readonly isBusy?: (reply: HttpReply) => boolean;
}

export interface HttpReply {
  readonly status: number;
  /** Header names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `unreachable`: no connection was made, so nothing was sent. With the others, the request may have arrived. */
export type HttpFailureKind = "unreachable" | "timeout" | "broken" | "aborted" | "too-large";

/** No complete reply was received. Holds neither the body nor the query of the request. */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";
  readonly kind: HttpFailureKind;

  constructor(kind: HttpFailureKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

export interface HttpClient {
  /** Resolves with any HTTP status. Never retries. */
  send(request: HttpRequest): Promise<HttpReply>;
  /** For reads: retries transport failures, 429, 502–504 and `isBusy` replies, with jitter, all within `timeoutMs`. */
  read(request: HttpRequest): Promise<HttpReply>;
  /** For big files: the body in chunks as it arrives. Throws HttpFailure on any status but 200. */
  stream(request: HttpRequest): Promise<AsyncIterable<Uint8Array>>;
  /** Waits for pending replies, but aborts streams. */
  close(): Promise<void>;
}

export interface HttpOptions {
  readonly now: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly random?: () => number;
  /** Called after every attempt: for metrics and log lines. */
  readonly onCall?: (call: { scope: string; method: string; path: string; outcome: string; ms: number }) => void;
}

/** The largest whole reply, a hundred days of one-minute candles, has about 3 MB. Parsing holds everything up. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Unpacked. The largest file, a list of instruments, has 50 MB. */
const MAX_STREAM_BYTES = 256 * 1024 * 1024;
const MAX_ATTEMPTS = 3;
const MAX_EGRESS_DISPATCHERS = 200;
const NOT_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  // Untrusted certificate: a wrong clock on this machine, or an intercepting proxy.
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REVOKED",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  // The tunnel through a proxy could not be opened.
  "UND_ERR_PRX_CONN",
  "UND_ERR_PRX_TLS",
  "UND_ERR_INVALID_ARG",
]);
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * A direct or proxied route, with its own breaker per scope, so that one user's dead proxy does not stop the others.
 */
interface Route {
  readonly dispatcher: Undici.Dispatcher;
  readonly breakers: Map<string, Breaker>;
}

/**
 * The HTTP client for everything but Telegram. Connects directly over IPv4 only, because brokers compare the caller's
 * address with a registered IPv4 one.
 */
export function createHttpClient(options: HttpOptions): HttpClient {
  // undici is loaded by the first call, because its hundred modules would slow down start-up.
  let undici: Promise<typeof Undici> | null = null;
  let direct: Route | null = null;
  const proxies = new Map<string, Route>();
  const random = options.random ?? Math.random;
  const steady = monotonic(options);
  const closing = new AbortController();

  function routeFor(library: typeof Undici, egress: Secret | undefined): Route {
    if (egress === undefined) {
      const connect = { family: 4, timeout: CONNECT_TIMEOUT_MS };
      return (direct ??= routeThrough(new library.Agent({ connect, allowH2: false })));
    }
    const url = egress.reveal();
    const known = proxies.get(url);
    if (known) return known;
    if (proxies.size >= MAX_EGRESS_DISPATCHERS) closeOldest(proxies);
    const made = routeThrough(proxyAt(library, url));
    proxies.set(url, made);
    return made;
  }

  async function attempt<T>(
    request: HttpRequest,
    timeoutMs: number,
    consume: (reply: Reply, failed: (error: unknown) => HttpFailure) => Promise<T>,
  ): Promise<T> {
    const library = await (undici ??= import("undici"));
    const route = routeFor(library, request.egress);
    const breaker = breakerOf(route, request.scope);
    const path = new URL(request.url).pathname;
    if (breaker.isOpen(steady.now())) throw new CircuitOpen();
    const startedAt = performance.now();
    const report = (outcome: string): void =>
      options.onCall?.({
        scope: request.scope,
        method: request.method,
        path,
        outcome,
        ms: performance.now() - startedAt,
      });
    const deadline = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
    const signal = request.signal ? AbortSignal.any([deadline, request.signal]) : deadline;
    try {
      const asked = library.request(request.url, {
        method: request.method,
        headers: headersOf(request),
        body: request.body ?? null,
        dispatcher: route.dispatcher,
        signal,
      });
      const reply = await unlessAborted(asked, signal);
      const result = await consume(reply, (error) => toFailure(error, request, deadline));
      breaker.note(!isGatewayFailure(reply.statusCode), steady.now());
      report(String(reply.statusCode));
      return result;
    } catch (error) {
      const failure = toFailure(error, request, deadline);
      if (failure.kind !== "aborted") breaker.note(false, steady.now());
      report(failure.kind);
      throw failure;
    }
  }

  const send = (request: HttpRequest, timeoutMs = request.timeoutMs): Promise<HttpReply> =>
    attempt(request, timeoutMs, readWhole);

  async function read(request: HttpRequest): Promise<HttpReply> {
    const endsAt = performance.now() + request.timeoutMs;
    for (let tries = 1; ; tries += 1) {
      const left = endsAt - performance.now();
      const result = await send(request, left).catch((error: unknown) => error);
      const isLast = tries === MAX_ATTEMPTS;
      const retryAfterMs = isLast ? null : retryDelay(result, tries, random(), request.isBusy);
      if (retryAfterMs !== null && performance.now() + retryAfterMs < endsAt) {
        await options.sleep(retryAfterMs, request.signal);
        if (await hasTurn(request, endsAt)) continue;
      }
      if (isReply(result)) return result;
      throw result;
    }
  }

  return {
    send: (request) => send(request),
    read,
    async stream(request) {
      const signal = request.signal ? AbortSignal.any([request.signal, closing.signal]) : closing.signal;
      const body = await attempt({ ...request, signal }, request.timeoutMs, async (reply, failed) => {
        if (reply.statusCode === 200) return pieces(unpacked(reply), failed);
        await reply.body.dump();
        return reply.statusCode;
      });
      // Thrown here and not inside `attempt`, where it would count against the breaker that orders share.
      if (typeof body === "number") throw new HttpFailure("broken", `HTTP ${body}`);
      return body;
    },
    async close() {
      closing.abort();
      const routes = [...(direct ? [direct] : []), ...proxies.values()];
      await Promise.all(routes.map(({ dispatcher }) => dispatcher.close()));
    },
  };
}

const STANDARD_HEADERS = { accept: "*/*", "accept-encoding": "gzip", "user-agent": "sauda" };

const headersOf = ({ headers = {} }: HttpRequest): Record<string, string> => ({
  ...STANDARD_HEADERS,
  ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
});

type Reply = Undici.Dispatcher.ResponseData;

/** The circuit breaker is open: nothing was sent, and an immediate retry is pointless. */
class CircuitOpen extends HttpFailure {
  constructor() {
    super("unreachable", `it keeps failing, so it is not called for ${BREAKER_OPEN_MS / 1000} s`);
  }
}

const routeThrough = (dispatcher: Undici.Dispatcher): Route => ({ dispatcher, breakers: new Map() });

/** Always tunnels, so that the proxy cannot read the traffic. The proxy resolves host names. */
function proxyAt({ ProxyAgent, Socks5ProxyAgent }: typeof Undici, url: string): Undici.Dispatcher {
  try {
    return /^socks5h?:/.test(url)
      ? new Socks5ProxyAgent(url.replace(/^socks5h:/, "socks5:"), { connectTimeout: CONNECT_TIMEOUT_MS })
      : new ProxyAgent({ uri: url, proxyTunnel: true, connectTimeout: CONNECT_TIMEOUT_MS, allowH2: false });
  } catch {
    throw new HttpFailure("unreachable", "the configured proxy is not a valid address");
  }
}

function breakerOf({ breakers }: Route, scope: string): Breaker {
  let breaker = breakers.get(scope);
  if (!breaker) breakers.set(scope, (breaker = createBreaker()));
  return breaker;
}

/**
 * undici ignores the signal while it connects, which takes minutes with a proxy that does not answer. A request that is
 * abandoned while connecting is never sent.
 */
async function unlessAborted<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  let end: () => void = () => undefined;
  const ended = new Promise<never>((_, reject) => (end = () => reject(signal.reason as Error)));
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  try {
    return await Promise.race([call, ended]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

async function* pieces(
  body: AsyncIterable<Uint8Array>,
  failed: (error: unknown) => HttpFailure,
): AsyncIterable<Uint8Array> {
  let size = 0;
  try {
    for await (const piece of body) {
      size += piece.byteLength;
      if (size > MAX_STREAM_BYTES) throw new HttpFailure("too-large", "file is too large");
      yield piece;
    }
  } catch (error) {
    throw failed(error);
  }
}

async function readWhole(reply: Reply): Promise<HttpReply> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of unpacked(reply)) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw new HttpFailure("too-large", "reply is too large");
    chunks.push(chunk);
  }
  return { status: reply.statusCode, headers: flat(reply.headers), body: Buffer.concat(chunks).toString("utf8") };
}

function unpacked({ headers, body }: Reply): AsyncIterable<Uint8Array> {
  return headers["content-encoding"] === "gzip" ? pipeline(body, createGunzip(), () => undefined) : body;
}

/** Joins repeated headers: cookies with line breaks, others with commas. */
function flat(headers: Reply["headers"]): Record<string, string> {
  const rows = Object.entries(headers).map(([name, value]) => {
    const text = Array.isArray(value) ? value.join(name === "set-cookie" ? "\n" : ", ") : value;
    return text === undefined ? [] : [[name, text] as const];
  });
  return Object.fromEntries(rows.flat());
}

const isGatewayFailure = (status: number): boolean => status === 502 || status === 503 || status === 504;

function toFailure(error: unknown, request: HttpRequest, deadline: AbortSignal): HttpFailure {
  if (error instanceof HttpFailure) return error;
  if (request.signal?.aborted) return new HttpFailure("aborted", "call was abandoned", error);
  const cause = codedCause(error);
  const code = cause === null ? "" : ` (${cause.code})`;
  if (cause !== null && isNotConnected(cause)) return new HttpFailure("unreachable", `no connection${code}`);
  if (deadline.aborted) return new HttpFailure("timeout", `no reply in ${request.timeoutMs} ms`);
  return new HttpFailure("broken", `connection broke${code}`);
}

type CodedError = Error & { readonly code: string };

/** Whether the error proves that the request was not sent. */
function isNotConnected({ code, message }: CodedError): boolean {
  if (NOT_CONNECTED.has(code) || code.startsWith("UND_ERR_SOCKS5")) return true;
  // A proxy that answers CONNECT with a refusal has no code of its own.
  return code === "UND_ERR_ABORTED" && message.includes("HTTP Tunneling");
}

function codedCause(error: unknown): CodedError | null {
  for (let depth = 0, at = error; depth < 4 && at instanceof Error; depth += 1, at = at.cause)
    if ("code" in at && typeof at.code === "string") return at as CodedError;
  return null;
}

/** Waits for the rate limit; false when the deadline comes first. */
async function hasTurn({ turn, signal }: HttpRequest, endsAt: number): Promise<boolean> {
  if (turn === undefined) return true;
  const deadline = AbortSignal.timeout(Math.max(1, Math.ceil(endsAt - performance.now())));
  return turn(signal ? AbortSignal.any([deadline, signal]) : deadline).then(
    () => true,
    () => false,
  );
}

const isReply = (value: unknown): value is HttpReply =>
  typeof value === "object" && value !== null && "status" in value && "body" in value;

/** Milliseconds to wait before a retry; null when a retry is pointless. */
function retryDelay(result: unknown, tries: number, random: number, isBusy: HttpRequest["isBusy"]): number | null {
  const backoff = 200 * 2 ** tries * (0.5 + random);
  if (result instanceof CircuitOpen) return null;
  if (result instanceof HttpFailure) return result.kind === "broken" || result.kind === "unreachable" ? backoff : null;
  if (!isReply(result)) return null;
  if (result.status === 429 || isBusy?.(result)) return retryAfterMs(result.headers) ?? 2 * backoff;
  return isGatewayFailure(result.status) ? backoff : null;
}

/** `Retry-After` in ms; brokers send seconds. */
export function retryAfterMs(headers: HttpReply["headers"]): number | null {
  const seconds = Number(headers["retry-after"]);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}

function closeOldest(proxies: Map<string, Route>): void {
  const oldest = proxies.entries().next().value;
  if (!oldest) return;
  proxies.delete(oldest[0]);
  void oldest[1].dispatcher.close();
}
