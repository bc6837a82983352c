import type { BrokerConnector, BrokerDefinition, InstrumentTable } from "../../connectors/base.ts";
import type { BrokerName } from "../domain/ids.ts";
import type { HttpClient } from "../lib/http.ts";
import type { Log } from "../lib/log.ts";
import { once } from "../lib/once.ts";
import { createRateLimiter } from "../lib/rate-limit.ts";
import type { Clock } from "../ports/clock.ts";
import type { Brokers } from "../services/accounts/accounts.ts";
import type { Config } from "./config.ts";
import type { LinkWatch } from "./link-watch.ts";

export interface ConnectOptions {
  readonly config: Pick<Config, "roots">;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly definitions: readonly BrokerDefinition[];
  readonly linkWatch: LinkWatch;
}

/** Connectors for all definitions, sharing one HTTP client and one rate limiter; each is created on first use. */
export function connectAll(
  { config, http, clock, log, definitions, linkWatch }: ConnectOptions,
  tableOf: (broker: BrokerName) => Promise<InstrumentTable>,
): Brokers {
  const limiter = createRateLimiter();
  return new Map(
    definitions.map((definition) => {
      const create = async (): Promise<BrokerConnector> => {
        const connector = await definition.create({
          http,
          limiter,
          instruments: () => tableOf(definition.name),
          now: () => clock.now(),
          roots: { ...definition.roots, ...pick(config.roots, Object.keys(definition.roots)) },
          warn: (message, fields) => log.warn({ broker: definition.name, ...fields }, message),
        });
        return linkWatch.observe(definition.name, connector);
      };
      return [definition.name, { definition, connector: once(create) }];
    }),
  );
}

function pick(from: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
}
