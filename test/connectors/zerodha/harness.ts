import { readFileSync } from "node:fs";
import type { Access, BrokerConnector, ConnectorDeps, VenueInstrument } from "../../../connectors/base.ts";
import { createConnector } from "../../../connectors/zerodha/connector.ts";
import { zerodha } from "../../../connectors/zerodha/index.ts";
import { linkId } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import type { HttpClient, HttpReply } from "../../../src/lib/http.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { chunked, noLimits, recordingHttp, type Sent, tableOf } from "../harness.ts";

export const NOW = istInstant("2026-11-20", "11:30");
export const ACCESS_TOKEN = "b1Xq0cJk3nT7pLw9";
export const API_SECRET = "demosecret00001";

export const fixture = (name: string): string =>
  readFileSync(new URL(`../../../connectors/zerodha/fixtures/${name}`, import.meta.url), "utf8");

export const reply = (name: string, status = 200): HttpReply => text(fixture(`${name}.json`), status);
export const text = (body: string, status = 200, contentType = "application/json"): HttpReply => ({
  status,
  headers: { "content-type": contentType },
  body,
});
export const html = (status: number): HttpReply => text("<html><body>Bad gateway</body></html>", status, "text/html");

export const credentials = { apiKey: new Secret("demoapikey00001"), apiSecret: new Secret(API_SECRET) };

export const access: Access = {
  link: linkId("link-1"),
  credentials,
  session: {
    accessToken: new Secret(ACCESS_TOKEN),
    accountId: "QX4411",
    issuedAt: NOW - 3_600_000,
    expiresAt: istInstant("2026-11-21", "06:00"),
  },
  egress: new Secret("http://proxy.example:3128"),
};

type Answer = (request: Sent) => HttpReply | Error;

export const fakeHttp = (answer: Answer): ReturnType<typeof recordingHttp> =>
  recordingHttp(answer, async () => chunked(fixture("get-instruments.csv"), 37));

export interface Setup {
  readonly connector: BrokerConnector;
  readonly sent: Sent[];
  readonly instrument: (symbol: string) => Instrument;
}

/** The connector over replies from a function, with the instruments of the fixtures. */
export async function setUp(answer: Answer, more: Partial<ConnectorDeps> = {}): Promise<Setup> {
  const { http, sent } = fakeHttp(answer);
  const table = tableOf(await masterRows(http));
  const connector = createConnector({ ...depsOver(http), instruments: () => Promise.resolve(table), ...more });
  return {
    connector,
    sent,
    instrument: (symbol) => {
      const venue = table.bySymbol(symbol as Instrument["symbol"]);
      if (!venue) throw new Error(`no ${symbol} in the master`);
      return venue.instrument;
    },
  };
}

export const depsOver = (http: HttpClient): ConnectorDeps => ({
  http,
  limiter: noLimits,
  instruments: () => Promise.reject(new Error("no master")),
  now: () => NOW,
  roots: zerodha.roots,
  warn: () => {},
});

export async function masterRows(http: HttpClient, skipped: string[] = []): Promise<VenueInstrument[]> {
  const connector = createConnector(depsOver(http));
  const rows = connector.getInstruments?.({ onSkipped: (reason) => void skipped.push(reason) });
  if (!rows) throw new Error("the connector has no master");
  const all: VenueInstrument[] = [];
  for await (const row of rows) all.push(row);
  return all;
}
