import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Update } from "grammy/types";
import { brokerDefinitions } from "../../connectors/index.ts";
import { createExchange } from "../../connectors/paper/exchange/exchange.ts";
import { createPaper } from "../../connectors/paper/index.ts";
import { startPlayground, type Playground } from "../../playground/telegram/server.ts";
import { readConfig } from "../../src/app/config.ts";
import { createContainer, createHttp } from "../../src/app/container.ts";
import { createBot } from "../../src/app/create-bot.ts";
import { createLinkWatch } from "../../src/app/observed.ts";
import { userId } from "../../src/domain/ids.ts";
import { createKeyring, generateKey, parseKey } from "../../src/lib/crypto.ts";
import { createLog } from "../../src/lib/log.ts";
import { createMetrics } from "../../src/lib/metrics.ts";
import { Secret } from "../../src/lib/secret.ts";
import { rememberCollections } from "../../src/services/forget.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";

export const [ASHA, VIKRAM, MEERA] = [1001, 1002, 1003] as const;
export const PEOPLE = [ASHA, VIKRAM, MEERA] as const;
export const MARKET_TIME = Date.parse("2026-11-23T10:42:00+05:30");

export interface FuzzWorld {
  readonly telegram: Playground;
  readonly dir: string;
  /** Hands the bot everything that people did since the last time, one after another. */
  handleAll(): Promise<number>;
  /** Lines of the log at warning or worse. */
  readonly complaints: readonly string[];
  metrics(): Promise<string>;
  close(): Promise<void>;
}

/** The real bot over a real store and a local Telegram that counts no floods; without loops, so that a seed means a run. */
export async function openFuzzWorld(): Promise<FuzzWorld> {
  const dir = mkdtempSync(join(tmpdir(), "fuzz-"));
  const now = (): number => MARKET_TIME;
  const clock = { now, sleep: () => Promise.resolve() };
  const complaints: string[] = [];
  const log = createLog({ level: "warn", destination: { write: (line: string) => void complaints.push(line) } });
  let elapsed = 0;
  const telegram = await startPlayground({
    port: 0,
    now,
    bot: { id: 7_000_000_001, firstName: "Sauda", username: "sauda_local_bot" },
    elapsedMs: () => (elapsed += 2_000),
  });
  const roots = Object.fromEntries(
    brokerDefinitions.flatMap((definition) =>
      Object.keys(definition.roots).map((name) => [name, "http://127.0.0.1:9"]),
    ),
  );
  const config = readConfig({ DATA_DIR: dir, OWNER_ID: String(ASHA) }, roots);
  const metrics = createMetrics();
  const http = createHttp(clock, log, metrics);
  const keyring = createKeyring({ current: parseKey(generateKey()) });
  const store = rememberCollections(openSqliteStore({ dir, now, keyring }));
  const { deps } = createContainer({
    config,
    store,
    clock,
    log,
    http,
    ownerCode: null,
    yahoo: { name: "yfinance", getQuotes: async () => new Map(), getHistoricalData: async () => [] },
    definitions: [createPaper({ exchange: createExchange({ seed: 7, now }) }), ...brokerDefinitions],
    notifier: { post: async () => undefined },
    linkWatch: createLinkWatch({ now, metrics }),
    systemHealth: async () => ({ storeMs: 1, inboxDepth: 0, outboxDepth: 0, uptimeS: 1, memoryBytes: 1 }),
    isPublic: false,
    isAlwaysOpen: true,
    onLogin: async () => undefined,
    onOrderChange: async () => undefined,
  });
  const token = new Secret(telegram.token);
  const bot = createBot({ token, apiRoot: telegram.url, deps, store, log, metrics, updatesPerMinute: Infinity });
  await bot.init();
  let offset = 0;

  return {
    telegram,
    dir,
    complaints,
    async handleAll() {
      const updates: Update[] = await bot.api.getUpdates({ offset, limit: 100, timeout: 0 });
      for (const update of updates) {
        await bot.handleUpdate(update);
        offset = update.update_id + 1;
      }
      // Whoever was let in stays in, whatever the run made of them.
      await deps.users.update(userId(ASHA), () => ({ role: "owner" })).catch(() => undefined);
      await deps.users.update(userId(VIKRAM), () => ({ role: "viewer" })).catch(() => undefined);
      return updates.length;
    },
    metrics: () => metrics.text(),
    async close() {
      await telegram.close();
      await deps.pictures.close();
      await http.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
