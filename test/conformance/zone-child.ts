import { brokerDefinitions } from "../../connectors/index.ts";
import { simulations } from "../../playground/brokers/index.ts";
import { istInstant } from "../../src/domain/market.ts";
import type { Conformance } from "./spec.ts";
import { logIn, openRig } from "./rig.ts";
import { placeResting, share, termsOf } from "./tickets.ts";

const BROKERS = brokerDefinitions.flatMap((definition): Conformance[] => {
  const simulate = simulations[definition.name];
  return simulate ? [{ definition, simulate }] : [];
});

/** Every kind of instant that a connector reads from a broker's text, in ISO form. */
async function timesOf(spec: Conformance): Promise<Readonly<Record<string, unknown>>> {
  const rig = await openRig(spec);
  try {
    const access = await logIn(rig);
    const instrument = share(rig);
    const order = await placeResting(rig, access, { terms: termsOf(rig, instrument, "MARKET") });
    const [trade] = await rig.connector.getTrades(access);
    const quote = await rig.connector.getQuote(access, instrument);
    const range = { from: istInstant("2026-11-18"), to: istInstant("2026-11-19", "23:59") };
    const starts = async (interval: "1h" | "1d"): Promise<string[]> =>
      (await rig.connector.getHistoricalData(access, { instrument, interval, ...range })).map(({ at }) => iso(at));
    const expiries = rig.rows.flatMap((row) => ("expiry" in row.instrument ? row.instrument.expiry : []));
    return {
      broker: rig.definition.name,
      expiresAt: iso(access.session.expiresAt),
      placedAt: iso(order.placedAt),
      tradedAt: iso(trade?.at),
      quotedAt: iso(quote.at),
      hours: await starts("1h"),
      days: await starts("1d"),
      expiries: [...new Set(expiries)].sort(),
    };
  } finally {
    await rig.close();
  }
}

const iso = (at: number | null | undefined): string => (typeof at === "number" ? new Date(at).toISOString() : "none");

/** The process's time zone (as `noon`), and the instants that each connector reads in it. */
export async function report(): Promise<unknown> {
  const brokers = [];
  for (const broker of BROKERS) brokers.push(await timesOf(broker));
  return { noon: new Date(2026, 10, 20, 12).toISOString(), brokers };
}

if (import.meta.main) process.stdout.write(JSON.stringify(await report()));
