import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { ConfigError } from "../../../src/errors.ts";
import type { FailureLog } from "../../../src/lib/failure-log.ts";
import { createExchange, type ExchangeOptions } from "./exchange.ts";
import type { Exchange, ExchangeSnapshot } from "./types.ts";

/** Short, so that hardly any reply has been seen whose order would be lost if the process is killed. */
const SAVE_AFTER_MS = 10;
/** The pause before a save, as a multiple of the last save's duration: saving takes a tenth of the time at most. */
const PAUSE_FACTOR = 10;
/** Failed saves (a full disk) are retried: the process must go on, because it follows real orders too. */
const RETRY_MS = 5_000;

export interface KeptExchange {
  readonly exchange: Exchange;
  /** Saves the exchange one last time. */
  readonly close: () => void;
}

export interface KeptExchangeOptions extends Omit<ExchangeOptions, "snapshot" | "onChange"> {
  /** Told when the file could not be written, which is retried, and when it was. */
  readonly failures: FailureLog;
}

/** An exchange that is saved to a file after every change. Throws ConfigError if the file is damaged. */
export function openKeptExchange(file: string, { failures, ...options }: KeptExchangeOptions): KeptExchange {
  let timer: NodeJS.Timeout | null = null;
  let lastTookMs = 0;
  const saveIn = (ms: number): void => void (timer ??= setTimeout(saveOrRetry, ms).unref());
  const exchange = restored(file, (snapshot) =>
    createExchange({
      ...options,
      ...snapshot,
      onChange: () => saveIn(Math.max(SAVE_AFTER_MS, PAUSE_FACTOR * lastTookMs)),
    }),
  );

  function saveOrRetry(): void {
    try {
      save();
      failures.recovered();
    } catch (error) {
      failures.failed(error);
      saveIn(RETRY_MS);
    }
  }

  function save(): void {
    const startedAt = performance.now();
    const snapshot = exchange.snapshot();
    // After the snapshot, because taking it may fill orders and set the timer; the snapshot includes those fills.
    if (timer) clearTimeout(timer);
    timer = null;
    write(file, snapshot);
    lastTookMs = performance.now() - startedAt;
  }

  return { exchange, close: saveOrRetry };
}

function restored(file: string, create: (saved: { snapshot?: ExchangeSnapshot }) => Exchange): Exchange {
  if (!existsSync(file)) return create({});
  try {
    return create({ snapshot: JSON.parse(readFileSync(file, "utf8")) as ExchangeSnapshot });
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : "not what this version writes";
    throw new ConfigError([
      `DATA_DIR: ${file} is damaged (${why}); put back the one of a backup, or move it away to begin anew`,
    ]);
  }
}

/** Writes a new file and renames it, so that a process killed here leaves the old one intact. */
function write(file: string, snapshot: ExchangeSnapshot): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.partial`, JSON.stringify(snapshot), { mode: 0o600 });
  renameSync(`${file}.partial`, file);
}
