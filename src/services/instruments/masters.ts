import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import type { BrokerName, InstrumentKey } from "../../domain/ids.ts";
import { istDate, nextIst } from "../../domain/market.ts";
import { BrokerError } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Brokers } from "../accounts.ts";
import { loadFreezeQuantities } from "./freeze-quantities.ts";
import { createColumnsBuilder } from "./master-columns.ts";
import { readMasterFile, saveMaster } from "./master-file.ts";
import { openMaster, type Master } from "./master.ts";
import type { MasterStatus } from "./types.ts";

/** A master in use, with where it comes from. */
export interface Copy {
  readonly broker: BrokerName;
  readonly isPaper: boolean;
  readonly master: Master;
  /** Epoch ms of the download. */
  readonly at: number;
  readonly skipped: number;
  readonly isStale: boolean;
}

/** Every broker's master: downloaded once, kept on disk, renewed every day. */
export interface Masters {
  /** Brokers that have a master at all. */
  readonly names: readonly BrokerName[];
  /** The broker's copy. A due one goes on serving while the new one is downloaded. */
  current(broker: BrokerName): Promise<Copy>;
  /** Downloads what is due and waits for it; a failure is logged and not thrown. */
  renew(broker: BrokerName): Promise<void>;
  /** Copies in memory, in no order. */
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

/** By then every broker has written the day's master. */
const DAILY_UPDATE_IST = "08:00";
const DAY_MS = 86_400_000;
/** After a failed download the old copy serves so long before the next try. */
const RETRY_MS = 10 * 60_000;
/** Without one, whoever asks is told the same so long: a book is read every second, and a list is tens of megabytes. */
const FIRST_RETRY_MS = 60_000;
/** A master of less than half the rows is a cut download, unless the old one is older than this. */
const TRUSTED_MS = 3 * DAY_MS;
const ROWS_A_BREATH = 2_000;

export function createMasters(deps: MastersDeps): Masters {
  const { clock, log } = deps;
  const copies = new Map<BrokerName, Copy>();
  const loading = new Map<BrokerName, Promise<Copy>>();
  const failures = new Map<BrokerName, { readonly at: number; readonly error: unknown }>();
  const shipped = loadFreezeQuantities();

  /** Another broker's list goes first: it is of today. */
  function freezeOf(chain: string, key: InstrumentKey): number | undefined {
    for (const { isPaper, master } of copies.values()) {
      const told = isPaper ? undefined : master.freezeQty(key);
      if (told !== undefined) return told;
    }
    return shipped(chain, key);
  }

  const isPaper = (broker: BrokerName): boolean => deps.brokers.get(broker)?.definition.isPaper ?? false;
  const fileOf = (broker: BrokerName): string => join(deps.dataDir, "instruments", `${broker}.master.gz`);

  /** The paper exchange lists its contracts at midnight; real masters are new at 08:00. */
  function isDue({ at, broker }: Pick<Copy, "at" | "broker">): boolean {
    const now = clock.now();
    if (isPaper(broker)) return istDate(at) !== istDate(now);
    return at < nextIst(DAILY_UPDATE_IST, now) - DAY_MS || at > now;
  }

  /** Callers at the same time share one load. */
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
    // Another process may have downloaded today's.
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
    log.warn({ err: error, broker, hasCopy: known !== undefined }, "no new list of instruments");
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
      log.warn({ err: error, broker }, "the saved list of instruments cannot be read");
      return null;
    }
  }

  async function download(broker: BrokerName): Promise<Copy> {
    const startedAt = performance.now();
    const at = clock.now();
    const { columns, skipped } = await readRows(broker);
    const known = copies.get(broker);
    const rows = columns.code.length;
    const isCut = known !== undefined && rows * 2 < known.master.rows && at - known.at < TRUSTED_MS;
    if (rows === 0 || isCut) throw badMaster(broker, `a list of ${rows} instruments`);
    const master = await openMaster(columns, freezeOf);
    if (!isPaper(broker)) {
      await saveMaster(fileOf(broker), broker, { at, skipped, columns }).catch((error: unknown) =>
        log.error({ err: error, broker }, "the list of instruments cannot be saved"),
      );
    }
    log.info(
      { broker, rows, skipped, ms: Math.round(performance.now() - startedAt) },
      "list of instruments downloaded",
    );
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
      if (rows % ROWS_A_BREATH === 0) await breathe();
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
    // A failure is logged where it happens, and with a copy at hand it is not thrown.
    renewal.catch(() => undefined);
    return known;
  }

  async function renew(broker: BrokerName): Promise<void> {
    try {
      const known = copies.get(broker) ?? (await load(broker));
      if (isDue(known)) await load(broker);
    } catch {
      // Logged where it happened.
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
