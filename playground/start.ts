import { join } from "node:path";
import type { BrokerDefinition } from "../connectors/base.ts";
import { brokerDefinitions } from "../connectors/index.ts";
import { openKeptExchange } from "../connectors/paper/exchange/kept.ts";
import type { Exchange } from "../connectors/paper/exchange/types.ts";
import { createPaper } from "../connectors/paper/index.ts";
import type { InstrumentKey } from "../src/domain/ids.ts";
import { paiseFromRupees, priceFromRupees } from "../src/domain/money.ts";
import type { FailureLog } from "../src/lib/failure-log.ts";
import { simulations } from "./brokers/index.ts";
import { startBrokersServer } from "./brokers/server.ts";
import type { SimulatedBroker } from "./brokers/types.ts";
import { simulatedYahoo } from "./yahoo/yahoo.ts";
import { createLab } from "./lab.ts";
import type { Lab } from "./telegram/lab.ts";
import { startPlayground, type Playground } from "./telegram/server.ts";

const SEED = 20_261_123;
const SILENT: FailureLog = { failed: () => undefined, recovered: () => undefined };

export interface LocalWorldOptions {
  /** The chat page's port; 0 for any free one. */
  readonly port: number;
  readonly dataDir: string;
  readonly now: () => number;
  /** The bot's own base URL; the redirect URLs registered in the brokers' consoles begin with it. */
  readonly publicUrl: string;
  /** Told when the exchange or the chats could not be saved, which is retried, and when they were. */
  readonly keepFailures?: FailureLog;
}

export interface LocalWorld {
  readonly telegram: Playground;
  readonly paper: BrokerDefinition;
  readonly exchange: Exchange;
  readonly lab: Lab;
  /** Where the simulated brokers answer, by the configuration's variable names. */
  readonly roots: Readonly<Record<string, string>>;
  /** The chat user who owns the bot. */
  readonly ownerId: string;
  close(): Promise<void>;
}

/** A local Telegram, one exchange, and every broker's servers over it: everything that the bot talks to, on loopback. */
export async function startLocalWorld(options: LocalWorldOptions): Promise<LocalWorld> {
  const { now, dataDir, keepFailures = SILENT } = options;
  const kept = { seed: SEED, now, failures: keepFailures };
  const { exchange, close: keep } = openKeptExchange(join(dataDir, "exchange.json"), kept);
  openDemoAccounts(exchange);
  const brokers = simulatedBrokers(exchange, options.publicUrl);
  const yahoo = simulatedYahoo({ exchange });
  const server = await startBrokersServer({ port: 0, brokers: [...brokers, yahoo] });
  const lab = createLab({ brokers, definitions: brokerDefinitions, server, exchange });
  const chat = {
    now,
    bot: { id: 7_000_000_001, firstName: "Sauda", username: "sauda_local_bot" },
    dataFile: join(dataDir, "chats.json"),
    keepFailures,
    lab,
  };
  // If the port is taken, any free one will do: the line printed at start-up has the page's address.
  const telegram = await startPlayground({ port: options.port, ...chat }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EADDRINUSE") return startPlayground({ port: 0, ...chat });
    throw error;
  });
  return {
    telegram,
    exchange,
    lab,
    paper: createPaper({ exchange: () => exchange }),
    roots: Object.assign({}, ...[...brokers, yahoo].map((each) => each.roots(server.base(each.name)))),
    ownerId: String(telegram.users[0]?.id ?? ""),
    async close() {
      keep();
      await telegram.close();
      await server.close();
    },
  };
}

/** SBIN is held at three brokers, so that the merged portfolio has something to merge. */
const DEMO_HOLDINGS: Readonly<
  Record<string, readonly { key: string; qty: number; avgRupees: number; t1Qty?: number }[]>
> = {
  zerodha: [
    { key: "NSE:3045", qty: 40, avgRupees: 812.35, t1Qty: 10 },
    { key: "NSE:2885", qty: 25, avgRupees: 1290.1 },
    { key: "NSE:1594", qty: 30, avgRupees: 1612.5 },
  ],
  fyers: [
    { key: "NSE:3045", qty: 100, avgRupees: 768.2 },
    { key: "NSE:1333", qty: 60, avgRupees: 905.4 },
  ],
  dhan: [{ key: "NSE:11536", qty: 12, avgRupees: 3480 }],
  angelone: [
    { key: "NSE:3045", qty: 25, avgRupees: 842.15 },
    { key: "NSE:2885", qty: 10, avgRupees: 1401.75 },
  ],
  upstox: [
    { key: "NSE:1660", qty: 150, avgRupees: 388.2 },
    { key: "NSE:10604", qty: 8, avgRupees: 1745.5 },
  ],
  groww: [
    { key: "NSE:3499", qty: 90, avgRupees: 131.4, t1Qty: 15 },
    { key: "NSE:2031", qty: 6, avgRupees: 2981.4 },
  ],
};
const DEMO_CASH = paiseFromRupees(250_000);

const demoAccount = (broker: string): string => `demo-${broker}`;

function openDemoAccounts(exchange: Exchange): void {
  for (const broker of Object.keys(simulations)) {
    exchange.account(demoAccount(broker), {
      cash: DEMO_CASH,
      holdings: (DEMO_HOLDINGS[broker] ?? []).map(({ key, qty, avgRupees, t1Qty }) => ({
        key: key as InstrumentKey,
        qty,
        avgPrice: priceFromRupees(avgRupees),
        ...(t1Qty === undefined ? {} : { t1Qty }),
      })),
    });
  }
}

/** Each broker has its own demo account at the shared exchange. */
const simulatedBrokers = (exchange: Exchange, publicUrl: string): SimulatedBroker[] =>
  Object.entries(simulations).map(([name, simulate]) =>
    simulate({
      exchange,
      accountId: demoAccount(name),
      random: Math.random,
      redirectUrl: `${publicUrl}/oauth/${name}/callback`,
    }),
  );
