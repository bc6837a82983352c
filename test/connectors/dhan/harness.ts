import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { createConnector } from "../../../connectors/dhan/connector.ts";
import { readInstruments } from "../../../connectors/dhan/instruments.ts";
import type { Access, BrokerConnector, ConnectorDeps, Session, VenueInstrument } from "../../../connectors/base.ts";
import { linkId } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import type { HttpClient, HttpReply, HttpRequest } from "../../../src/lib/http.ts";
import type { ReadRow } from "../../../src/lib/rows.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { chunked, recordingHttp, type Sent, tableOf } from "../harness.ts";

export const NOW = istInstant("2026-11-20", "14:31:10");
export const CLIENT_ID = "1104482917";
export const API_SECRET = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

export const fixtureText = (name: string): string =>
  readFileSync(new URL(`../../../connectors/dhan/fixtures/${name}`, import.meta.url), "utf8");
export const fixture = (name: string): unknown => JSON.parse(fixtureText(name)) as unknown;

/** A token shaped like Dhan's. The signature is a dummy: the connector does not verify it. */
export function jwt(claims: Record<string, unknown> = {}): string {
  const body = {
    iss: "dhan",
    dhanClientId: CLIENT_ID,
    iat: NOW / 1000 - 60,
    exp: NOW / 1000 + 3600,
    tokenConsumerType: "SELF",
    ...claims,
  };
  return [{ typ: "JWT", alg: "HS512" }, body]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .concat("c2lnbmF0dXJl")
    .join(".");
}

export const TOKEN = jwt();

export const credentials = {
  clientId: new Secret(CLIENT_ID),
  apiKey: new Secret("a1b2c3d4"),
  apiSecret: new Secret(API_SECRET),
};

export function access(session: Partial<Session> = {}, more: Partial<Access> = {}): Access {
  return {
    link: linkId("link-1"),
    credentials,
    session: {
      accessToken: new Secret(TOKEN),
      accountId: CLIENT_ID,
      issuedAt: NOW - 60_000,
      expiresAt: NOW + 3_600_000,
      extra: { tokenConsumerType: "SELF" },
      ...session,
    },
    ...more,
  };
}

export const reply = (body: unknown, status = 200): HttpReply => ({
  status,
  headers: { "content-type": "application/json" },
  body: typeof body === "string" ? body : JSON.stringify(body),
});

export type Answer = (request: HttpRequest) => HttpReply | Promise<HttpReply>;
export interface FakeHttp extends HttpClient {
  readonly requests: Sent[];
}

function fakeHttp(answer: Answer): FakeHttp {
  const { http, sent } = recordingHttp(answer, async (request) => chunked((await answer(request)).body, 700));
  return { ...http, requests: sent };
}

export async function readMaster(onSkipped: (reason: string) => void = () => {}): Promise<VenueInstrument[]> {
  return collect(readInstruments(chunked(fixtureText("api-scrip-master.csv"), 97), onSkipped));
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export interface Setup {
  readonly connector: BrokerConnector;
  readonly http: FakeHttp;
  readonly limiterKeys: string[];
  readonly warnings: string[];
}

export function setUp(answer: Answer, overrides: Partial<ConnectorDeps> = {}): Setup {
  const http = fakeHttp(answer);
  const limiterKeys: string[] = [];
  const warnings: string[] = [];
  const connector = createConnector({
    http,
    limiter: {
      run: (key, _windows, call) => {
        limiterKeys.push(key);
        return call();
      },
    },
    instruments: async () => tableOf(await readMaster()),
    now: () => NOW,
    roots: {},
    warn: (message) => warnings.push(message),
    ...overrides,
  });
  return { connector, http, limiterKeys, warnings };
}

/** Looks up the reply by "METHOD /path". An unexpected call throws. */
export const answering =
  (answers: Readonly<Record<string, HttpReply>>): Answer =>
  (request) => {
    const key = `${request.method} ${new URL(request.url).pathname}`;
    const found = answers[key];
    if (!found) throw new Error(`unexpected call: ${key}`);
    return found;
  };

/** The rows of a fixture. Fails the test if one of them does not match its schema. */
export const validRows = <R>(rows: readonly ReadRow<R>[]): R[] =>
  rows.map((each) => (each.ok ? each.row : expect.fail(`field ${each.field}`)));
