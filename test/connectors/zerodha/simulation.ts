import { expect } from "vitest";
import type { Access, BrokerConnector, LoginGrant, VenueInstrument } from "../../../connectors/base.ts";
import { createExchange } from "../../../connectors/paper/exchange/exchange.ts";
import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import { createConnector } from "../../../connectors/zerodha/connector.ts";
import { startBrokersServer } from "../../../playground/brokers/server.ts";
import type { BrokersServer, SimulatedBroker } from "../../../playground/brokers/types.ts";
import { simulatedZerodha } from "../../../playground/brokers/zerodha.ts";
import { linkId, orderTag } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, type Price, price, priceFromRupees, roundToTick } from "../../../src/domain/money.ts";
import type { OrderRequest } from "../../../src/domain/order.ts";
import { createHttpClient, type HttpClient } from "../../../src/lib/http.ts";
import { noLimits, tableOf } from "../harness.ts";
import { credentials } from "./harness.ts";

export const ACCOUNT = "zerodha-demo";
const REDIRECT = "http://localhost:8080/oauth/zerodha/callback";

export interface Simulation {
  now: number;
  readonly exchange: Exchange;
  readonly broker: SimulatedBroker;
  readonly server: BrokersServer;
  readonly http: HttpClient;
  readonly connector: BrokerConnector;
  readonly rows: VenueInstrument[];
  readonly skipped: string[];
}

/** The connector and the simulated broker, with real HTTP between them. */
export async function startSimulation(): Promise<Simulation> {
  const clock = { now: istInstant("2026-11-20", "11:00") };
  const now = (): number => clock.now;
  const exchange = createExchange({ seed: 7, now, isAlwaysOpen: false });
  exchange.account(ACCOUNT, {
    cash: paiseFromRupees(500_000),
    holdings: [{ key: listed(exchange, "NSE:SBIN-EQ").key, qty: 40, avgPrice: priceFromRupees(812.35), t1Qty: 5 }],
  });
  let calls = 0;
  const broker = simulatedZerodha({ exchange, accountId: ACCOUNT, random: () => ((calls += 1) * 0.618) % 1 });
  const server = await startBrokersServer({ port: 0, brokers: [broker] });
  const http = createHttpClient({ now: () => performance.now(), sleep: () => Promise.resolve() });
  const rows: VenueInstrument[] = [];
  const skipped: string[] = [];
  const connector = createConnector({
    http,
    limiter: noLimits,
    instruments: () => Promise.resolve(tableOf(rows)),
    now,
    roots: broker.roots(server.base("zerodha")),
    warn: () => {},
  });
  const master = connector.getInstruments?.({ onSkipped: (why) => void skipped.push(why) });
  for await (const row of master ?? []) rows.push(row);
  return Object.assign(clock, { exchange, broker, server, http, connector, rows, skipped });
}

export function listed(exchange: Exchange, symbol: string): Instrument {
  const found = exchange.instruments.find((instrument) => instrument.symbol === symbol);
  if (!found) throw new Error(`not listed: ${symbol}`);
  return found;
}

/** Logs in as a person would: opens the page and submits its form. `fields` replaces values of the form. */
export async function submitLoginForm(
  { connector }: Simulation,
  fields: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const login = await connector.getLoginUrl?.({ credentials, redirectUrl: REDIRECT, state: "state-_1" });
  const page = await (await fetch(login?.url ?? "")).text();
  const inputs = [...page.matchAll(/name="(\w+)"[^>]* value="([^"]*)"/g)].map(([, name, value]) => [name, value]);
  const body = new URLSearchParams({ ...Object.fromEntries(inputs), ...fields });
  body.set("redirect_params", (body.get("redirect_params") ?? "").replaceAll("&#38;", "&"));
  return fetch(new URL("finish", login?.url), { method: "POST", body, redirect: "manual" });
}

/** The grant from the redirect after a login. */
export async function grantOf(sim: Simulation, as = credentials): Promise<LoginGrant> {
  const back = await submitLoginForm(sim);
  const params = Object.fromEntries(new URL(back.headers.get("location") ?? "").searchParams);
  expect(params).toMatchObject({ state: "state-_1", status: "success", action: "login" });
  return { kind: "callback", link: linkId("l1"), credentials: as, redirectUrl: REDIRECT, params };
}

export async function logIn(sim: Simulation): Promise<Access> {
  const grant = await grantOf(sim);
  return { link: grant.link, credentials, session: await sim.connector.generateSession(grant) };
}

export async function stopSimulation(sim: Simulation): Promise<void> {
  await sim.http.close();
  await sim.server.close();
}

export const sbinOf = ({ exchange }: Simulation): Instrument => listed(exchange, "NSE:SBIN-EQ");

/** The last price plus `percent`, on a tick. */
export const ltpPlusPercent = ({ exchange }: Simulation, instrument: Instrument, percent: number): Price =>
  roundToTick(
    price(Math.round((exchange.quote(instrument.key).ltp * (100 + percent)) / 100)),
    instrument.tickSize,
    "nearest",
  );

/** A market order for delivery, with protection, by default. */
export function orderIn(sim: Simulation, more: Partial<OrderRequest> = {}): OrderRequest {
  const instrument = sbinOf(sim);
  return {
    tag: orderTag("tb7f3a91"),
    key: instrument.key,
    symbol: instrument.symbol,
    side: "BUY",
    productType: "CNC",
    validity: "DAY",
    qty: 3,
    isAmo: false,
    terms: { type: "MARKET", protection: { basisPoints: 200, limit: ltpPlusPercent(sim, instrument, 2) } },
    ...more,
  };
}

/** A limit order far below the market. */
export const restingOrderIn = (sim: Simulation): OrderRequest =>
  orderIn(sim, { terms: { type: "LIMIT", price: ltpPlusPercent(sim, sbinOf(sim), -4) } });
