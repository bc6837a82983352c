import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { brokerDefinitions } from "../connectors/index.ts";
import type { Instrument } from "../src/domain/instrument.ts";
import { istDate } from "../src/domain/market.ts";
import type { HttpClient } from "../src/lib/http.ts";
import { createLog } from "../src/lib/log.ts";
import { type Brokers, createAccounts } from "../src/services/accounts/accounts.ts";
import { createInstruments } from "../src/services/instruments/instruments.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import { createKeyring, generateKey, parseKey } from "../src/lib/crypto.ts";
import { inventMarket, masterFile } from "./masters.ts";

// The brokers' masters in the real size, in the brokers' own formats: parse time, memory over idle, look-up time.

const ROWS = Number(process.argv[2] ?? 200_000);
const TODAY = "2026-11-23";
const clock = { now: () => Date.parse(`${TODAY}T10:42:00+05:30`), sleep: async () => undefined };
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const rssMb = (): number => {
  collect();
  return process.memoryUsage().rss / 1_048_576;
};
const ms = (value: number): string => `${value.toFixed(value < 10 ? 3 : 0)} ms`;

const dir = mkdtempSync(join(tmpdir(), "sauda-bench-"));
let market: ReturnType<typeof inventMarket> | null = inventMarket(ROWS, TODAY);
const files = new Map<string, Buffer>();
/** The broker's file in chunks of 64 KiB, as they come from a socket. */
async function* pieces(body: Buffer): AsyncIterable<Uint8Array> {
  for (let at = 0; at < body.length; at += 65_536) yield body.subarray(at, at + 65_536);
}
const http: HttpClient = {
  send: () => Promise.reject(new Error("not in this bench")),
  read: () => Promise.reject(new Error("not in this bench")),
  close: async () => undefined,
  async stream({ scope, url }) {
    const key = `${scope} ${new URL(url).pathname}`;
    return pieces(files.get(key) ?? prepare(key, scope, new URL(url).pathname));
  },
};
function prepare(key: string, broker: string, path: string): Buffer {
  if (!market) throw new Error(`not prepared: ${key}`);
  const body = masterFile(broker as never, path, market);
  files.set(key, body);
  return body;
}
const limiter = { run: <T>(_key: string, _windows: unknown, call: () => Promise<T>) => call() };
const table = () => ({ byKey: () => undefined, bySymbol: () => undefined, byVenueSymbol: () => undefined });
const brokers: Brokers = new Map(
  brokerDefinitions.map((definition) => {
    const connector = definition.create({
      http,
      limiter,
      roots: definition.roots,
      now: clock.now,
      warn: () => undefined,
      instruments: async () => table(),
    });
    return [definition.name, { definition, connector: () => connector }];
  }),
);

// Reads every file once, so that generating it is in none of the figures below.
for (const { connector } of brokers.values()) {
  for await (const _ of (await connector()).getInstruments?.({ onSkipped: () => undefined }) ?? []) continue;
}
market = null;

const store = openSqliteStore({ dir, now: clock.now, keyring: createKeyring({ current: parseKey(generateKey()) }) });
const accounts = createAccounts({ store, clock, brokers, log: createLog({ level: "silent" }) });
const instruments = createInstruments({
  brokers,
  accounts,
  clock,
  log: createLog({ level: "silent" }),
  dataDir: dir,
  firstExpiry: istDate,
});
const idle = rssMb();
for (const name of brokers.keys()) {
  const startedAt = performance.now();
  await instruments.table(name);
  process.stdout.write(`${name.padEnd(10)} parsed and kept in ${ms(performance.now() - startedAt)}\n`);
}
process.stdout.write(
  `${"memory".padEnd(10)} ${(rssMb() - idle).toFixed(0)} MB over idle, files included ${ROWS} rows each\n`,
);

const zerodha = await instruments.table([...brokers.keys()][0] as never);
const sample: Instrument[] = [];
const connector = await brokers.values().next().value?.connector();
for await (const { instrument } of connector?.getInstruments?.({ onSkipped: () => undefined }) ?? []) {
  if (sample.length < 20_000) sample.push(instrument);
}
const lookAt = performance.now();
for (const { key } of sample) zerodha.byKey(key);
process.stdout.write(
  `${"look-up".padEnd(10)} ${(((performance.now() - lookAt) / sample.length) * 1000).toFixed(2)} µs by key\n`,
);

await store.close();
rmSync(dir, { recursive: true, force: true });
