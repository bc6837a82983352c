import { readFileSync } from "node:fs";
import { createConnector } from "../../../connectors/angelone/connector.ts";
import type { Access, BrokerConnector, Credentials, InstrumentTable } from "../../../connectors/base.ts";
import { linkId, orderTag } from "../../../src/domain/ids.ts";
import { equitySymbol, instrumentKey, type Equity } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import type { OrderRequest } from "../../../src/domain/order.ts";
import type { HttpReply, HttpRequest } from "../../../src/lib/http.ts";
import type { RateLimiter } from "../../../src/lib/rate-limit.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { chunked, noLimits, recordingHttp, type Sent, tableOf } from "../harness.ts";

export const NOW = istInstant("2026-11-20", "10:30");
export const MIDNIGHT = istInstant("2026-11-21");
export const JWT = "eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
export const API_KEY = "kQ83x2LRsecretKey";

export const fixture = (name: string): string =>
  readFileSync(new URL(`../../../connectors/angelone/fixtures/${name}`, import.meta.url), "utf8");
export const reply = (body: string, status = 200): HttpReply => ({ status, headers: {}, body });
export const fixtureReply = (name: string, status = 200): HttpReply => reply(fixture(name), status);

/** Looks up the reply by a part of the path: a fixture's name, a reply, or an error to throw. */
type Answers = Readonly<Record<string, HttpReply | Error | string>>;

function answerOf(answers: Answers, { url }: Pick<HttpRequest, "url">): HttpReply | Error {
  const found = Object.entries(answers).find(([part]) => new URL(url).pathname.includes(part))?.[1];
  if (found === undefined) return new Error(`nothing answers ${url}`);
  return typeof found === "string" ? fixtureReply(found) : found;
}

export const emptyTable: InstrumentTable = tableOf([]);

export const SBIN: Equity = {
  kind: "equity",
  key: instrumentKey("NSE", 3045),
  symbol: equitySymbol("NSE", "SBIN", "EQ"),
  segment: "NSE",
  series: "EQ",
  name: "SBIN",
  lotSize: 1,
  tickSize: priceFromRupees("0.05"),
};
export const sbinTable = tableOf([{ instrument: SBIN, venueSymbol: "SBIN-EQ", venueToken: "3045" }]);

export interface Setup {
  readonly connector: BrokerConnector;
  readonly requests: Sent[];
}

export function setUp(
  answers: Answers,
  options: { table?: InstrumentTable; now?: number; limiter?: RateLimiter } = {},
): Setup {
  const { http, sent } = recordingHttp(
    (request) => answerOf(answers, request),
    async (request) => {
      const answer = answerOf(answers, request);
      if (answer instanceof Error) throw answer;
      return chunked(answer.body, 97);
    },
  );
  const connector = createConnector({
    http,
    limiter: options.limiter ?? noLimits,
    instruments: () => Promise.resolve(options.table ?? sbinTable),
    now: () => options.now ?? NOW,
    roots: {},
    warn: () => undefined,
  });
  return { connector, requests: sent };
}

export const credentials: Credentials = { apiKey: new Secret(API_KEY) };
export const access: Access = {
  link: linkId("link-1"),
  credentials,
  session: { accessToken: new Secret(JWT), accountId: "R58213", issuedAt: NOW, expiresAt: MIDNIGHT },
  egress: new Secret("socks5://user:pass@127.0.0.1:1080"),
};
export const expired: Access = { ...access, session: { ...access.session, expiresAt: NOW } };

export const buy = (change: Partial<OrderRequest> = {}): OrderRequest => ({
  tag: orderTag("dp7f3a91c2"),
  key: SBIN.key,
  symbol: SBIN.symbol,
  side: "BUY",
  productType: "CNC",
  validity: "DAY",
  qty: 10,
  isAmo: false,
  terms: { type: "LIMIT", price: priceFromRupees("1010.50") },
  ...change,
});
