import { readFileSync } from "node:fs";
import type { Access, BrokerConnector, InstrumentTable, Session, VenueInstrument } from "../../../connectors/base.ts";
import { createConnector } from "../../../connectors/groww/connector.ts";
import { linkId, orderTag } from "../../../src/domain/ids.ts";
import { instrumentKey, type Instrument } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import type { OrderRequest } from "../../../src/domain/order.ts";
import { HttpFailure, type HttpReply } from "../../../src/lib/http.ts";
import type { RateLimiter } from "../../../src/lib/rate-limit.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { readMaster } from "../../conformance/rig.ts";
import { chunked, noLimits, recordingHttp, type Sent, tableOf } from "../harness.ts";

export const NOW = istInstant("2026-11-20", "10:31");
export const SBIN = instrumentKey("NSE", 3045);
export const FUTURE = instrumentKey("NFO", 51714);
export const TAG = orderTag("sd4k9c02x7Qm31ab");

const file = (name: string): string =>
  readFileSync(new URL(`../../../connectors/groww/fixtures/${name}`, import.meta.url), "utf8");
export const fixture = (name: string): string => file(`${name}.json`);
export const MASTER = file("instrument.csv");

export const reply = (body: unknown, status = 200): HttpReply => ({
  status,
  headers: {},
  body: typeof body === "string" ? body : JSON.stringify(body),
});
export const recorded = (name: string, status = 200): HttpReply => reply(fixture(name), status);
export const success = (payload: unknown): HttpReply => reply({ status: "SUCCESS", payload });

type Row = Readonly<Record<string, unknown>>;
/** The rows of a fixture's only list. */
export function rowsIn(name: string): Row[] {
  const { payload } = JSON.parse(fixture(name)) as { payload: Readonly<Record<string, Row[]>> };
  return Object.values(payload)[0] ?? [];
}

export type Answer = (request: Sent) => HttpReply;
/** Looks up the reply by a part of the URL. An unexpected call throws. */
export const answering =
  (answers: Readonly<Record<string, HttpReply | Answer>>): Answer =>
  (request) => {
    const found = Object.entries(answers).find(([part]) => request.url.includes(part))?.[1];
    if (!found) throw new Error(`nothing answers ${request.url}`);
    return typeof found === "function" ? found(request) : found;
  };

/** The replies that a portfolio gets its last prices from. */
export const PRICES = {
  "ltp?segment=CASH": recorded("get-live-data-ltp-cash"),
  "ltp?segment=FNO": recorded("get-live-data-ltp-fno"),
};

async function* breakingOff(all: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const piece of all) {
    if ((read += piece.length) > 400) throw new HttpFailure("broken", "connection broke");
    yield piece;
  }
}

export interface SetupOptions {
  readonly table?: InstrumentTable | null;
  readonly now?: number;
  readonly limiter?: RateLimiter;
  readonly master?: string;
  /** The connection breaks in the middle of the master. */
  readonly isMasterCut?: boolean;
}

export function setUp(answer: Answer = () => reply({}, 500), options: SetupOptions = {}) {
  const { http, sent: requests } = recordingHttp(answer, async () => {
    const bytes = chunked(options.master ?? MASTER, 61);
    return options.isMasterCut ? breakingOff(bytes) : bytes;
  });
  const warnings: string[] = [];
  const connector: BrokerConnector = createConnector({
    http,
    limiter: options.limiter ?? noLimits,
    instruments: async () => {
      if (options.table === null) throw new Error("no master");
      return options.table ?? tableOf(await masterRows());
    },
    now: () => options.now ?? NOW,
    roots: {},
    warn: (message) => void warnings.push(message),
  });
  const paths = (): string[] => requests.map(({ url }) => new URL(url).pathname);
  return { connector, requests, warnings, paths };
}

let cachedRows: Promise<readonly VenueInstrument[]> | null = null;
export const masterRows = (): Promise<readonly VenueInstrument[]> =>
  (cachedRows ??= readMaster(setUp().connector).then(({ rows }) => rows));

export async function listed(symbol: string): Promise<Instrument> {
  const found = (await masterRows()).find(({ instrument }) => instrument.symbol === symbol);
  if (!found) throw new Error(`not in the fixture: ${symbol}`);
  return found.instrument;
}

export const TOTP_TOKEN = new Secret("eyJ0b3RwIjoib3duIn0.eyJrIjoidCJ9.c2lnbmF0dXJl");
export const credentials = { totpSecret: new Secret("jbsw y3dp ehpk 3pxp") };
export function access(session: Partial<Session> = {}): Access {
  return {
    link: linkId("link-1"),
    credentials,
    session: {
      accessToken: new Secret("eyJtoken.of.today"),
      refreshToken: TOTP_TOKEN,
      accountId: "5520317",
      issuedAt: NOW - 60_000,
      expiresAt: istInstant("2026-11-21", "06:00"),
      ...session,
    },
    egress: new Secret("http://127.0.0.1:9"),
  };
}

export const buy = (more: Partial<OrderRequest> = {}): OrderRequest => ({
  tag: TAG,
  key: SBIN,
  symbol: "NSE:SBIN-EQ" as OrderRequest["symbol"],
  side: "BUY",
  productType: "CNC",
  validity: "DAY",
  qty: 12,
  isAmo: false,
  terms: { type: "LIMIT", price: priceFromRupees("1008.50") },
  ...more,
});
