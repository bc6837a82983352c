import { describe, expect, it } from "vitest";
import type { BrokerConnector, ConnectorDeps } from "../../connectors/base.ts";
import { dhan } from "../../connectors/dhan/index.ts";
import { connectAll } from "../../src/app/connect.ts";
import { createLog } from "../../src/lib/log.ts";

const CONNECTOR = { isTokenValid: async () => true } as unknown as BrokerConnector;

function connected(create: (deps: ConnectorDeps) => Promise<BrokerConnector>) {
  const brokers = connectAll(
    {
      config: { roots: { DHAN_API_ROOT: "http://127.0.0.1:9", FYERS_API_ROOT: "http://127.0.0.1:8" } },
      http: undefined as never,
      clock: { now: () => 0, sleep: async () => undefined },
      log: createLog({ level: "silent" }),
      definitions: [{ ...dhan, create }],
      linkWatch: { observe: (_broker, connector) => connector, of: () => ({}) as never },
    },
    () => Promise.reject(new Error("not needed")),
  );
  const broker = brokers.get(dhan.name);
  if (!broker) throw new Error("not connected");
  return broker;
}

describe("a broker's connector", () => {
  it("is created by the first call, once for all concurrent and later calls", async () => {
    const made: ConnectorDeps[] = [];
    const { connector } = connected(async (deps) => {
      made.push(deps);
      return CONNECTOR;
    });
    expect(made).toEqual([]);
    expect(await Promise.all([connector(), connector()])).toEqual([CONNECTOR, CONNECTOR]);
    await connector();
    expect(made.map(({ roots }) => roots)).toEqual([{ ...dhan.roots, DHAN_API_ROOT: "http://127.0.0.1:9" }]);
  });

  it("that could not be created fails the waiting calls, and is created again for the next one", async () => {
    let tries = 0;
    const { connector } = connected(async () => {
      tries += 1;
      if (tries === 1) throw new Error("no such file");
      return CONNECTOR;
    });
    const both = await Promise.allSettled([connector(), connector()]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await connector()).toBe(CONNECTOR);
    expect(tries).toBe(2);
  });
});
