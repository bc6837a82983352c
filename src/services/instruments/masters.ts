import { join } from "node:path";
import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { BrokerName, InstrumentKey } from "../../domain/ids.ts";
import { istDate, nextIst } from "../../domain/market.ts";
import { BrokerError } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Brokers } from "../accounts/accounts.ts";
import { loadFreezeQuantities } from "./freeze-quantities.ts";
import { createColumnsBuilder } from "./master-columns.ts";
import { readMasterFile, saveMaster } from "./master-file.ts";
import { openMaster, type Master } from "./master.ts";
import type { MasterStatus } from "./types.ts";

/** A loaded master and its origin. */
export interface Copy {
  readonly broker: BrokerName;
  readonly isPaper: boolean;
  readonly master: Master;
  /** Epoch ms of the download. */
  readonly at: number;
  readonly skipped: number;
  readonly isStale: boolean;
}

/** Every broker's master: downloaded on first use, saved on disk, renewed daily. */
export interface Masters {
  /** Brokers that provide a master. */
  readonly names: readonly BrokerName[];
  /** The broker's copy. An outdated one keeps serving while the new one is downloaded. */
  current(broker: BrokerName): Promise<Copy>;
  /** Downloads the master if it is due and waits for it. A failure is logged, not thrown. */
  renew(broker: BrokerName): Promise<void>;
  /** Copies in memory, in no particular order. */
  loaded(): Copy[];
  isPaper(broker: BrokerName): boolean;
  status(broker: BrokerName): MasterStatus;
}

export interface MastersDeps {
  readonly brokers: Brokers;
  readonly clock: Clock;
  readonly log: Log;
  readonly dataDir: string;
}

/** By then the day's master should be out everywhere. Unverified for Kite: its users download it after 08:30. */
const DAILY_UPDATE_IST = "08:30";
const DAY_MS = 86_400_000;
/** Wait after a failed download when an old copy can serve meanwhile. */
const RETRY_MS = 10 * 60_000;
/** Wait after a failed download without any copy. Every read of an order book asks for the master, and it is large. */
const FIRST_RETRY_MS = 60_000;
/** A download with less than half the rows counts as truncated, unless the old copy is older than this. */
const ROW_COUNT_TRUSTED_MS = 3 * DAY_MS;
const ROWS_PER_YIELD = 2_000;

export function createMasters(deps: MastersDeps): Masters {
  const { clock, log } = deps;
  const copies = new Map<BrokerName, Copy>();
  const loading = new Map<BrokerName, Promise<Copy>>();
  const failures = new Map<BrokerName, { readonly at: number; readonly error: unknown }>();
  const shipped = loadFreezeQuantities();

  /** Prefers another broker's master, which is current, to the shipped file. */
  function freezeOf(chain: string, key: InstrumentKey): number | undefined {
    for (const { isPaper, master } of copies.values()) {
      const told = isPaper ? undefined : master.freezeQty(key);
      if (told !== undefined) return told;
    }
    return shipped(chain, key);
  }

  const isPaper = (broker: BrokerName): boolean => deps.brokers.get(broker)?.definition.isPaper ?? false;
  const fileOf = (broker: BrokerName): string => join(deps.dataDir, "instruments", `${broker}.master.gz`);

  /** The paper exchange's list changes at midnight IST, real masters at 08:30. */
  function isDue({ at, broker }: Pick<Copy, "at" | "broker">): boolean {
    const now = clock.now();
    if (isPaper(broker)) return istDate(at) !== istDate(now);
    return at < nextIst(DAILY_UPDATE_IST, now) - DAY_MS || at > now;
  }

  /** Simultaneous callers share one load. */
  function load(broker: BrokerName): Promise<Copy> {
    const running = loading.get(broker);
    if (running) return running;
    const started = loadNow(broker).finally(() => loading.delete(broker));
    loading.set(broker, started);
    return started;
  }

  async function loadNow(broker: BrokerName): Promise<Copy> {
    const saved = isPaper(broker) ? null : await fromDisk(broker);
    const known = copies.get(broker);
    // Another process may have downloaded today's master.
    if (saved && saved.at > (known?.at ?? -1)) {
      const copy = { broker, isPaper: false, isStale: false, ...saved };
      copies.set(broker, copy);
      if (!isDue(copy) || !known) return copy;
    }
    try {
      const copy = await download(broker);
      copies.set(broker, copy);
      failures.delete(broker);
      return copy;
    } catch (error) {
      return fallBack(broker, error);
    }
  }

  function fallBack(broker: BrokerName, error: unknown): Copy {
    failures.set(broker, { at: clock.now(), error });
    const known = copies.get(broker);
    log.warn({ err: error, broker, hasCopy: known !== undefined }, "instrument list could not be downloaded");
    if (!known) throw error;
    const stale = { ...known, isStale: true };
    copies.set(broker, stale);
    return stale;
  }

  async function fromDisk(broker: BrokerName): Promise<{ master: Master; at: number; skipped: number } | null> {
    try {
      const saved = await readMasterFile(fileOf(broker), broker);
      if (!saved) return null;
      return { master: await openMaster(saved.columns, freezeOf), at: saved.at, skipped: saved.skipped };
    } catch (error) {
      log.warn({ err: error, broker }, "the saved instrument list cannot be read");
      return null;
    }
  }

  async function download(broker: BrokerName): Promise<Copy> {
    const startedAt = performance.now();
    const at = clock.now();
    const { columns, skipped } = await readRows(broker);
    const known = copies.get(broker);
    const rows = columns.code.length;
    const isTruncated = known !== undefined && rows * 2 < known.master.rows && at - known.at < ROW_COUNT_TRUSTED_MS;
    if (rows === 0 || isTruncated) throw badMaster(broker, `a list of ${rows} instruments`);
    const master = await openMaster(columns, freezeOf);
    if (!isPaper(broker)) {
      await saveMaster(fileOf(broker), broker, { at, skipped, columns }).catch((error: unknown) =>
        log.error({ err: error, broker }, "the instrument list cannot be saved"),
      );
    }
    log.info({ broker, rows, skipped, ms: Math.round(performance.now() - startedAt) }, "instrument list downloaded");
    return { broker, isPaper: isPaper(broker), master, at, skipped, isStale: false };
  }

  async function readRows(broker: BrokerName) {
    const connector = await deps.brokers.get(broker)?.connector();
    if (!connector?.getInstruments) throw badMaster(broker, "no list of instruments", "invalid-request");
    const builder = createColumnsBuilder();
    let skipped = 0;
    let rows = 0;
    for await (const venue of connector.getInstruments({ onSkipped: () => void (skipped += 1) })) {
      if (!builder.add(venue)) skipped += 1;
      rows += 1;
      if (rows % ROWS_PER_YIELD === 0) await yieldToEventLoop();
    }
    return { columns: builder.columns(), skipped };
  }

  async function current(broker: BrokerName): Promise<Copy> {
    const failure = failures.get(broker);
    const sinceFailure = failure ? Math.abs(clock.now() - failure.at) : Infinity;
    if (failure && !copies.has(broker) && sinceFailure < FIRST_RETRY_MS) throw failure.error;
    const known = copies.get(broker) ?? (await load(broker));
    if (!isDue(known) || sinceFailure < RETRY_MS) return known;
    const renewal = load(broker);
    if (known.isPaper) return renewal;
    // `load` logs a failure itself, and the old copy serves meanwhile.
    renewal.catch(() => undefined);
    return known;
  }

  async function renew(broker: BrokerName): Promise<void> {
    try {
      const known = copies.get(broker) ?? (await load(broker));
      if (isDue(known)) await load(broker);
    } catch {
      // Logged by `load`.
    }
  }

  return {
    names: [...deps.brokers].filter(([, { definition }]) => definition.capabilities.instruments).map(([name]) => name),
    current,
    renew,
    loaded: () => [...copies.values()],
    isPaper,
    status(broker) {
      const copy = copies.get(broker);
      const { skipped = 0, at = null, isStale = false } = copy ?? {};
      return { broker, rows: copy?.master.rows ?? 0, skipped, at, isStale };
    },
  };
}

const badMaster = (
  broker: BrokerName,
  message: string,
  kind: "bad-response" | "invalid-request" = "bad-response",
): BrokerError => new BrokerError(kind, message, { broker, endpoint: "instruments" });
