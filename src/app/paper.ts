import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BrokerDefinition } from "../../connectors/base.ts";
import { createExchange } from "../../connectors/paper/exchange/exchange.ts";
import type { ExchangeSnapshot } from "../../connectors/paper/exchange/types.ts";
import { createPaper } from "../../connectors/paper/index.ts";
import type { Clock } from "../ports/clock.ts";
import type { Config } from "./config.ts";

const SEED = 20_261_123;

/** The paper broker beside real ones: open when the market is. */
export function openPaper(config: Config, clock: Clock): BrokerDefinition {
  const file = join(config.dataDir, "paper.json");
  const snapshot = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as ExchangeSnapshot) : null;
  const exchange = createExchange({
    seed: SEED,
    now: () => clock.now(),
    isAlwaysOpen: false,
    ...(snapshot ? { snapshot } : {}),
  });
  return createPaper({ exchange });
}
