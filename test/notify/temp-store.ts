import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeyring, generateKey, parseKey } from "../../src/lib/crypto.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Store } from "../../src/ports/store.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";

export interface TempStore {
  readonly store: Store;
  remove(): Promise<void>;
}

/** The embedded store in a directory of its own. */
export function tempStore(clock: Pick<Clock, "now">): TempStore {
  const dir = mkdtempSync(join(tmpdir(), "sauda-store-"));
  const keyring = createKeyring({ current: parseKey(generateKey()) });
  const store = openSqliteStore({ dir, now: () => clock.now(), keyring });
  return {
    store,
    async remove() {
      await store.close();
      rmSync(dir, { recursive: true });
    },
  };
}

export interface SetClock extends Clock {
  /** Epoch ms; may be set to anything. */
  at: number;
}

/** A test clock: it is moved by setting `at`, and jumps to the next sleeper's time when nothing else is going on. */
export function setClock(iso: string): SetClock {
  const sleepers: { until: number; wake: () => void }[] = [];
  const wakeNext = (): void => {
    sleepers.sort((a, b) => a.until - b.until);
    const first = sleepers.shift();
    if (!first) return;
    clock.at = Math.max(clock.at, first.until);
    first.wake();
    if (sleepers.length > 0) setImmediate(wakeNext);
  };
  const clock: SetClock = {
    at: Date.parse(iso),
    now: () => clock.at,
    sleep: (ms, signal) =>
      new Promise((wake, reject) => {
        const sleeper = { until: clock.at + Math.ceil(ms), wake };
        sleepers.push(sleeper);
        if (sleepers.length === 1) setImmediate(wakeNext);
        signal?.addEventListener("abort", () => {
          sleepers.splice(sleepers.indexOf(sleeper), sleepers.includes(sleeper) ? 1 : 0);
          reject(signal.reason as Error);
        });
      }),
  };
  return clock;
}
