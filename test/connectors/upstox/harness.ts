import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Access, BrokerConnector, InstrumentTable, Session, VenueInstrument } from "../../../connectors/base.ts";
import { createConnector } from "../../../connectors/upstox/connector.ts";
import { linkId, orderTag } from "../../../src/domain/ids.ts";
import { instrumentKey, type Instrument } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import type { OrderRequest } from "../../../src/domain/order.ts";
import { HttpFailure, type HttpReply } from "../../../src/lib/http.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { readMaster } from "../../conformance/rig.ts";
import { chunked, noLimits, recordingHttp, type Sent, tableOf } from "../harness.ts";

export const NOW = istInstant("2026-11-20", "10:31");
export const SBIN = instrumentKey("NSE", 3045);
export const FUTURE = instrumentKey("NFO", 51714);

export const fixture = (name: string): string =>
  readFileSync(new URL(`../../../connectors/upstox/fixtures/${name}.json`, import.meta.url), "utf8");
export const reply = (body: unknown, status = 200): HttpReply => ({
  status,
  headers: {},
  body: typeof body === "string" ? body : JSON.stringify(body),
});
export const recorded = (name: string, status = 200): HttpReply => reply(fixture(name), status);

/** The reply of a fixture, with `change` applied to its first row. */
export function changed(name: string, change: object): HttpReply {
  const body = JSON.parse(fixture(name)) as { data: object[] };
  return reply({ ...body, data: [{ ...body.data[0], ...change }, ...body.data.slice(1)] });
}

export type Answer = (request: Sent) => HttpReply;
/** Looks up the reply by a part of the path. An unexpected call throws. */
export const answering =
  (answers: Readonly<Record<string, HttpReply>>): Answer =>
  ({ url }) => {
    const { pathname } = new URL(url);
    const found = Object.entries(answers).find(([part]) => pathname.includes(part))?.[1];
    if (!found) throw new Error(`nothing answers ${pathname}`);
    return found;
  };

async function* breakingOff(all: AsyncIterable<Uint8Array>, at: number): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const piece of all) {
    read += piece.length;
    if (read > at) throw new HttpFailure("broken", "connection broke");
    yield piece;
  }
}

export const GZIPPED = gzipSync(fixture("complete"));

export interface SetupOptions {
  readonly table?: InstrumentTable | null;
  readonly now?: number;
  readonly master?: Buffer;
  /** The connection breaks after this many bytes of the master. */
  readonly breaksAt?: number;
}

export function setUp(answer: Answer = () => reply({}, 500), options: SetupOptions = {}) {
  const { http, sent: requests } = recordingHttp(answer, async () =>
    breakingOff(chunked(options.master ?? GZIPPED, 61), options.breaksAt ?? Infinity),
  );
  const warnings: string[] = [];
  const connector: BrokerConnector = createConnector({
    http,
    limiter: noLimits,
    instruments: async () => {
      if (options.table === null) throw new Error("no master");
      return options.table ?? (await table());
    },
    now: () => options.now ?? NOW,
    roots: {},
    warn: (message) => void warnings.push(message),
  });
  return { connector, requests, warnings };
}

let cachedRows: Promise<readonly VenueInstrument[]> | null = null;
export const masterRows = (): Promise<readonly VenueInstrument[]> =>
  (cachedRows ??= readMaster(setUp().connector).then(({ rows }) => rows));
const table = async (): Promise<InstrumentTable> => tableOf(await masterRows());

export async function listed(symbol: string): Promise<Instrument> {
  const found = (await masterRows()).find(({ instrument }) => instrument.symbol === symbol);
  if (!found) throw new Error(`not in the fixture: ${symbol}`);
  return found.instrument;
}

export const credentials = { apiKey: new Secret("8f1c2d3e-aaaa"), apiSecret: new Secret("s3cr3tword") };
export function access(session: Partial<Session> = {}): Access {
  return {
    link: linkId("link-1"),
    credentials,
    session: {
      accessToken: new Secret("eyJtoken.of.today"),
      accountId: "7TRM4W",
      issuedAt: NOW - 60_000,
      expiresAt: istInstant("2026-11-21", "03:30"),
      ...session,
    },
    egress: new Secret("http://127.0.0.1:9"),
  };
}

export const buy = (more: Partial<OrderRequest> = {}): OrderRequest => ({
  tag: orderTag("sd4k9c02"),
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
