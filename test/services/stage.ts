import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeyring, generateKey, parseKey } from "../../src/lib/crypto.ts";
import { createLog, type Log } from "../../src/lib/log.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { openSqliteStore, type SqliteStore } from "../../src/store/sqlite/store.ts";

/** Test harness: a store on disk, a clock that moves only when told, and a log that can be read. */
export interface Stage {
  readonly store: SqliteStore;
  readonly clock: Clock & { advance(ms: number): void };
  readonly log: Log;
  /** Everything that was logged, one JSON line each. */
  logged(): string;
  readonly dir: string;
  close(): Promise<void>;
}

export const START = Date.parse("2026-11-23T10:00:00+05:30");

export function openStage(): Stage {
  const dir = mkdtempSync(join(tmpdir(), "stage-"));
  let now = START;
  const clock = {
    now: () => now,
    sleep: () => Promise.resolve(),
    advance: (ms: number) => void (now += ms),
  };
  let logged = "";
  const log = createLog({ level: "trace", destination: { write: (line: string) => void (logged += line) } });
  const keyring = createKeyring({ current: parseKey(generateKey()) });
  const store = openSqliteStore({ dir, now: clock.now, keyring });
  return {
    store,
    clock,
    log,
    logged: () => logged,
    dir,
    async close() {
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
