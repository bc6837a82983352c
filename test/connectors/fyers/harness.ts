import { readFileSync } from "node:fs";
import type {
  Access,
  BrokerConnector,
  ConnectorDeps,
  InstrumentTable,
  VenueInstrument,
} from "../../../connectors/base.ts";
import { createConnector } from "../../../connectors/fyers/connector.ts";
import { fyers } from "../../../connectors/fyers/index.ts";
import { linkId } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import type { HttpClient, HttpFailure, HttpReply } from "../../../src/lib/http.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { chunked, noLimits, recordingHttp, type Sent, tableOf } from "../harness.ts";

export const NOW = istInstant("2026-11-20", "11:30");
export const TOKEN = "eyJ0b2tlbiI6MX0.eyJzZWNyZXQiOjF9.c2lnbmF0dXJl";
export const SECRET = "DEMOSECRET1";
export const PIN = "4821";

export const fixture = (name: string): string =>
  readFileSync(new URL(`../../../connectors/fyers/fixtures/${name}`, import.meta.url), "utf8");
export const sample = (name: string): unknown => JSON.parse(fixture(`${name}.json`));

export const reply = (name: string, status = 200, headers: HttpReply["headers"] = {}): HttpReply => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: fixture(`${name}.json`),
});
export const html = (status: number): HttpReply => ({ status, headers: {}, body: "<html><body>oh no</body></html>" });
export const text = (body: string, status = 200): HttpReply => ({ status, headers: {}, body });

export const credentials = {
  client_id: new Secret("DEMOAPP123-100"),
  secret_id: new Secret(SECRET),
  pin: new Secret(PIN),
};

export const access: Access = {
  link: linkId("link-1"),
  credentials,
  session: {
    accessToken: new Secret(TOKEN),
    refreshToken: new Secret("refresh-token-value"),
    accountId: "FA20411",
    issuedAt: NOW - 3_600_000,
    expiresAt: istInstant("2026-11-21", "06:00"),
  },
  egress: new Secret("http://proxy.example:3128"),
};

type Answer = (request: Sent) => HttpReply | HttpFailure;

export const fakeHttp = (answer: Answer): ReturnType<typeof recordingHttp> =>
  recordingHttp(answer, async ({ url }) => chunked(fixture(new URL(url).pathname.replace("/sym_details/", "")), 37));

export interface Setup {
  readonly connector: BrokerConnector;
  readonly sent: Sent[];
  readonly warnings: string[];
  readonly table: InstrumentTable;
}

export async function setUp(answer: Answer, more: Partial<ConnectorDeps> = {}): Promise<Setup> {
  const { http, sent } = fakeHttp(answer);
  const warnings: string[] = [];
  const table = tableOf(await masterRows(http));
  const connector = createConnector({
    ...depsOver(http),
    instruments: () => Promise.resolve(table),
    warn: (message) => void warnings.push(message),
    ...more,
  });
  return { connector, sent, warnings, table };
}

export const depsOver = (http: HttpClient): ConnectorDeps => ({
  http,
  limiter: noLimits,
  instruments: () => Promise.reject(new Error("no master")),
  now: () => NOW,
  roots: fyers.roots,
  warn: () => {},
});

export async function masterRows(http: HttpClient, skipped: string[] = []): Promise<VenueInstrument[]> {
  const rows: VenueInstrument[] = [];
  const master = createConnector(depsOver(http)).getInstruments?.({ onSkipped: (why) => skipped.push(why) });
  for await (const row of master ?? []) rows.push(row);
  return rows;
}

export function listed(table: InstrumentTable, symbol: string): Instrument {
  const row = table.bySymbol(symbol as Instrument["symbol"]);
  if (!row) throw new Error(`no ${symbol} in the fixtures`);
  return row.instrument;
}
