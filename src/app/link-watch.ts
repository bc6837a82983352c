import type { BrokerConnector } from "../../connectors/base.ts";
import type { LinkHealth } from "../bot/commands.ts";
import type { LinkId } from "../domain/ids.ts";
import { BrokerError } from "../errors.ts";
import type { Metrics } from "../lib/metrics.ts";
import { traced } from "../lib/trace.ts";
import { trim } from "../lib/trim.ts";

export interface LinkWatch {
  observe(broker: string, connector: BrokerConnector): BrokerConnector;
  of(link: LinkId): LinkHealth;
}

const MINUTE_MS = 60_000;
const MAX_LINKS = 5_000;
const UNKNOWN: LinkHealth = { lastGoodAt: null, latencyMs: null, lastFailure: null, lastMinute: 0 };

interface Seen extends Omit<LinkHealth, "lastMinute"> {
  readonly calls: readonly number[];
}

/** Wraps every connector and records how each call went, but never its arguments or its result. */
export function createLinkWatch(deps: { now: () => number; metrics: Metrics }): LinkWatch {
  const links = new Map<LinkId, Seen>();

  function note(link: LinkId, ms: number, failure: string | null): void {
    const now = deps.now();
    const known = links.get(link);
    links.set(link, {
      lastGoodAt: failure === null ? now : (known?.lastGoodAt ?? null),
      latencyMs: Math.round(ms),
      lastFailure: failure === null ? (known?.lastFailure ?? null) : { at: now, kind: failure },
      calls: [...(known?.calls ?? []).filter((at) => now - at < MINUTE_MS), now],
    });
    trim(links, MAX_LINKS);
  }

  async function timed(broker: string, method: string, link: LinkId | null, call: () => unknown): Promise<unknown> {
    const startedAt = performance.now();
    let failure: string | null = null;
    try {
      return await (link === null ? call() : traced({ link }, call));
    } catch (error) {
      failure = error instanceof BrokerError ? error.kind : "defect";
      throw error;
    } finally {
      const ms = performance.now() - startedAt;
      deps.metrics.count("sauda_broker_calls_total", { broker, method, outcome: failure ?? "ok" });
      deps.metrics.time("sauda_broker_call_seconds", ms, { broker });
      if (link !== null) note(link, ms, failure);
    }
  }

  return {
    observe: (broker, connector) =>
      new Proxy(connector, {
        get(target, name) {
          const method: unknown = Reflect.get(target, name);
          // getInstruments returns a stream, not a promise.
          if (typeof method !== "function" || typeof name !== "string" || name === "getInstruments") return method;
          return (...args: unknown[]) =>
            timed(broker, name, linkIn(args[0]), () => Reflect.apply(method, target, args) as unknown);
        },
      }),
    of(link) {
      const known = links.get(link);
      if (!known) return UNKNOWN;
      const { calls, ...health } = known;
      return { ...health, lastMinute: calls.filter((at) => deps.now() - at < MINUTE_MS).length };
    },
  };
}

function linkIn(access: unknown): LinkId | null {
  if (typeof access !== "object" || access === null || !("link" in access)) return null;
  return typeof access.link === "string" ? (access.link as LinkId) : null;
}
