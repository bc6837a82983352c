import type { InstrumentTable, VenueInstrument } from "../../../connectors/base.ts";
import type { BrokerName } from "../../domain/ids.ts";
import { isDerivative, ticker, type Instrument } from "../../domain/instrument.ts";
import { BrokerError } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Brokers } from "../accounts.ts";
import type { Instruments, MasterStatus, Resolution } from "./types.ts";

interface Loaded {
  readonly table: InstrumentTable;
  readonly all: readonly Instrument[];
  readonly status: MasterStatus;
}

export function createInstruments(deps: {
  brokers: Brokers;
  accounts: Accounts;
  clock: Clock;
  log: Log;
  dataDir: string;
}): Instruments {
  const loaded = new Map<BrokerName, Loaded>();
  const loading = new Map<BrokerName, Promise<Loaded>>();

  async function download(broker: BrokerName): Promise<Loaded> {
    const connector = deps.brokers.get(broker)?.connector;
    if (!connector?.getInstruments) {
      throw new BrokerError("no-permission", `${broker} has no list of instruments`, { broker, endpoint: "master" });
    }
    const rows: VenueInstrument[] = [];
    let skipped = 0;
    for await (const row of connector.getInstruments({ onSkipped: () => (skipped += 1) })) rows.push(row);
    const byKey = new Map(rows.map((row) => [row.instrument.key, row]));
    const bySymbol = new Map(rows.map((row) => [row.instrument.symbol, row]));
    const byVenue = new Map(rows.map((row) => [`${row.instrument.segment}:${row.venueSymbol}`, row]));
    const result: Loaded = {
      table: {
        byKey: (key) => byKey.get(key),
        bySymbol: (symbol) => bySymbol.get(symbol),
        byVenueSymbol: (segment, venueSymbol) => byVenue.get(`${segment}:${venueSymbol}`),
      },
      all: rows.map((row) => row.instrument),
      status: { broker, rows: rows.length, skipped, at: deps.clock.now(), isStale: false },
    };
    loaded.set(broker, result);
    return result;
  }

  function load(broker: BrokerName): Promise<Loaded> {
    const known = loaded.get(broker);
    if (known) return Promise.resolve(known);
    const running = loading.get(broker) ?? download(broker).finally(() => loading.delete(broker));
    loading.set(broker, running);
    return running;
  }

  async function union(): Promise<Instrument[]> {
    if (loaded.size === 0) {
      const names = [...deps.brokers.values()]
        .filter(({ connector }) => connector.getInstruments)
        .sort((a, b) => Number(b.definition.isPaper ?? false) - Number(a.definition.isPaper ?? false));
      for (const { definition } of names) {
        try {
          await load(definition.name);
          break;
        } catch (error) {
          deps.log.warn({ err: error, broker: definition.name }, "no list of instruments");
        }
      }
    }
    const all = new Map([...loaded.values()].flatMap(({ all }) => all.map((each) => [each.key, each] as const)));
    return [...all.values()];
  }

  async function search(text: string, limit: number): Promise<readonly Instrument[]> {
    const words = text.toUpperCase().split(/\s+/).filter(Boolean);
    const score = (each: Instrument): number =>
      (ticker(each.symbol) === words[0] ? 0 : 2) + (isDerivative(each) ? 1 : 0) + (each.segment === "BSE" ? 0.5 : 0);
    return (await union())
      .filter((each) => words.every((word) => `${each.symbol} ${each.name.toUpperCase()}`.includes(word)))
      .sort((a, b) => score(a) - score(b))
      .slice(0, limit);
  }

  async function resolve(text: string): Promise<Resolution> {
    const wanted = text.trim().toUpperCase();
    const exact = (await union()).filter((each) => each.symbol === wanted || ticker(each.symbol) === wanted);
    const cash = exact.find((each) => each.segment === "NSE") ?? (exact.length === 1 ? exact[0] : undefined);
    if (cash) return { kind: "one", instrument: cash };
    const candidates = exact.length > 0 ? exact : await search(text, 8);
    return candidates.length > 0 ? { kind: "many", candidates } : { kind: "none", suggestions: [] };
  }

  return {
    table: async (broker) => (await load(broker)).table,
    byKey: async (key) => (await union()).find((each) => each.key === key),
    search,
    resolve,
    async refresh() {
      for (const broker of loaded.keys()) await download(broker);
      return [...loaded.values()].map(({ status }) => status);
    },
    status: () => [...loaded.values()].map(({ status }) => status),
  };
}
