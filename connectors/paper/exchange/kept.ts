import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { ConfigError } from "../../../src/errors.ts";
import { createExchange, type ExchangeOptions } from "./exchange.ts";
import type { Exchange, ExchangeSnapshot } from "./types.ts";

/** So soon after an order that nobody has seen an answer which a killed process could take back. */
const SAVE_AFTER_MS = 10;
/** Of the time, at most a tenth goes into writing, however many accounts there are. */
const REST = 10;
/** A full disk is tried again: its file is no reason to end a process that follows real orders too. */
const RETRY_MS = 5_000;

export interface KeptExchange {
  readonly exchange: Exchange;
  /** Writes it down for good. */
  readonly close: () => void;
}

export interface KeptExchangeOptions extends Omit<ExchangeOptions, "snapshot" | "onChange"> {
  /** The file could not be written; it is tried again. */
  readonly onFailure: (error: unknown) => void;
}

/** An exchange that lives in one file, which is replaced as a whole after every change. Throws ConfigError on a file that is none. */
export function openKeptExchange(file: string, { onFailure, ...options }: KeptExchangeOptions): KeptExchange {
  let timer: NodeJS.Timeout | null = null;
  let lastTookMs = 0;
  const saveIn = (ms: number): void => void (timer ??= setTimeout(saveOrRetry, ms).unref());
  const exchange = restored(file, (snapshot) =>
    createExchange({
      ...options,
      ...snapshot,
      onChange: () => saveIn(Math.max(SAVE_AFTER_MS, REST * lastTookMs)),
    }),
  );

  function saveOrRetry(): void {
    try {
      save();
    } catch (error) {
      onFailure(error);
      saveIn(RETRY_MS);
    }
  }

  function save(): void {
    const startedAt = performance.now();
    const snapshot = exchange.snapshot();
    // Only now: taking the snapshot may itself have filled an order, which it then has.
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

/** Never half a file: whoever is killed here leaves the one of before. */
function write(file: string, snapshot: ExchangeSnapshot): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.partial`, JSON.stringify(snapshot), { mode: 0o600 });
  renameSync(`${file}.partial`, file);
}
