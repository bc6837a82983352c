import type { BrokerDefinition } from "../connectors/base.ts";
import type { Exchange } from "../connectors/paper/exchange/types.ts";
import type { BrokersServer, BrokerSwitches, FaultKind, SimulatedBroker } from "./brokers/types.ts";
import type { Lab, LabBroker } from "./telegram/lab.ts";

const SWITCHES: readonly { name: keyof Omit<BrokerSwitches, "expireSessions">; label: string }[] = [
  { name: "isIpAllowed", label: "Accepts orders from this address" },
  { name: "hasMarketData", label: "Plan includes quotes" },
  { name: "enforcesRateLimits", label: "Enforces its rate limits" },
];
const FAULTS: readonly { kind: FaultKind; label: string }[] = [
  { kind: "latency", label: "Slow: 3 seconds" },
  { kind: "drop-after", label: "Connection drops after it acted" },
  { kind: "html-502", label: "Gateway error page" },
  { kind: "truncated", label: "Half a reply" },
  { kind: "too-many", label: "Too many requests" },
];
const EXPIRE = "expireSessions";
const SLOW_MS = 3_000;

/** What the chat page's drawer shows of the simulated brokers, and what its switches do to them. */
export function createLab(deps: {
  brokers: readonly SimulatedBroker[];
  /** The bot's names for the brokers and their keys. */
  definitions: readonly BrokerDefinition[];
  server: BrokersServer;
  exchange: Exchange;
}): Lab {
  const active = new Map<string, Set<FaultKind>>();
  const faultsOf = (name: string): Set<FaultKind> => {
    const known = active.get(name) ?? new Set<FaultKind>();
    active.set(name, known);
    return known;
  };

  const definitionOf = (name: string) => deps.definitions.find((each) => each.name === name);

  function credentialsOf({ name, credentials }: SimulatedBroker): LabBroker["credentials"] {
    const specs = definitionOf(name)?.credentials;
    return Object.entries(credentials).map(([field, value]) => {
      const label = specs?.find((spec) => spec.field === field)?.label ?? field;
      return { field, label, value };
    });
  }

  function toggleFault(name: string, kind: FaultKind): void {
    const faults = faultsOf(name);
    if (!faults.delete(kind)) faults.add(kind);
    deps.server.clearFaults(name);
    for (const each of faults) deps.server.inject(name, { kind: each, ms: SLOW_MS });
  }

  return {
    state: () => ({
      clock: new Date(deps.exchange.now() + 5.5 * 3_600_000).toISOString().replace("T", " ").slice(0, 16),
      brokers: deps.brokers.map((broker): LabBroker => ({
        name: broker.name,
        title: definitionOf(broker.name)?.title ?? broker.name,
        hint: broker.hint,
        credentials: credentialsOf(broker),
        paste: broker.paste ?? null,
        switches: [
          ...SWITCHES.flatMap(({ name, label }) => switchRow(broker.switches[name], { name, label })),
          { name: EXPIRE, label: "End every session now", on: false },
        ],
        faults: FAULTS.map(({ kind, label }) => ({ kind, label, on: faultsOf(broker.name).has(kind) })),
      })),
    }),
    act({ broker: name, action }) {
      const broker = deps.brokers.find((each) => each.name === name);
      if (!broker) return;
      if (action === EXPIRE) broker.switches.expireSessions();
      const toggled = SWITCHES.find((each) => each.name === action);
      if (toggled && broker.switches[toggled.name] !== undefined)
        broker.switches[toggled.name] = !broker.switches[toggled.name];
      const fault = FAULTS.find((each) => each.kind === action);
      if (fault) toggleFault(broker.name, fault.kind);
    },
  };
}

/** A switch that the broker does not have (`on` is undefined) is not shown. */
const switchRow = <T>(on: boolean | undefined, row: T) => (on === undefined ? [] : [{ ...row, on }]);
