import type { BrokerName } from "../../domain/ids.ts";
import { istDate } from "../../domain/market.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Brokers } from "../accounts/accounts.ts";
import { createFinder, type Finder } from "./finder.ts";
import { createMasters, type Copy } from "./masters.ts";
import type { Instruments, MasterStatus } from "./types.ts";

export interface InstrumentsDeps {
  readonly brokers: Brokers;
  readonly accounts: Pick<Accounts, "allLinks" | "changes">;
  readonly clock: Clock;
  readonly log: Log;
  readonly dataDir: string;
  /** The earliest expiry that still trades at `at`, YYYY-MM-DD. */
  readonly firstExpiry: (at: number) => string;
}

/** With more rows than this, search keeps using the old masters while it is rebuilt over renewed ones. */
const REBUILT_AT_ONCE_ROWS = 5_000;
/** Wait after no broker has answered. */
const RETRY_MS = 60_000;
/**
 * Links are scanned again after a change here, or after this time for changes elsewhere, not for every typed symbol.
 */
const LINK_SCAN_EVERY_MS = 5_000;

/** The brokers' masters, and one search over those that are loaded. */
export function createInstruments(deps: InstrumentsDeps): Instruments {
  const { clock, log } = deps;
  const masters = createMasters(deps);
  let built: { readonly copies: readonly Copy[]; readonly finder: Finder } | null = null;
  let building: { readonly copies: readonly Copy[]; readonly done: Promise<Finder> } | null = null;
  let failedAt = -Infinity;
  let scanned = { at: -Infinity, changes: -1 };

  async function linkedBrokers(): Promise<BrokerName[]> {
    const linked = new Set<BrokerName>();
    for await (const link of deps.accounts.allLinks()) if (link.is_active) linked.add(link.broker_name);
    return masters.names.filter((name) => linked.has(name));
  }

  /** Loads the first of these masters that is available. */
  async function loadFirst(names: readonly BrokerName[]): Promise<boolean> {
    for (const name of names) {
      try {
        await masters.current(name);
        return true;
      } catch (error) {
        log.warn({ err: error, broker: name }, "no instrument list could be loaded for search");
      }
    }
    return false;
  }

  /**
   * Makes search possible: loads the paper exchange's list, and one real master if somebody has linked a real broker or
   * there is no list at all.
   */
  async function loadForSearch(): Promise<void> {
    await loadFirst(masters.names.filter((name) => masters.isPaper(name)));
    const now = clock.now();
    if (masters.loaded().some(({ isPaper }) => !isPaper) || Math.abs(now - failedAt) < RETRY_MS) return;
    const changes = deps.accounts.changes();
    const isKnown = changes === scanned.changes && Math.abs(now - scanned.at) < LINK_SCAN_EVERY_MS;
    if (isKnown && masters.loaded().length > 0) return;
    scanned = { at: now, changes };
    const real = (await linkedBrokers()).filter((name) => !masters.isPaper(name));
    const wanted = masters.loaded().length === 0 && real.length === 0 ? masters.names : real;
    if (wanted.length > 0 && !(await loadFirst(wanted))) failedAt = now;
  }

  /** No real list is loaded, and the last attempt to load one failed a moment ago. */
  const lacksList = (): boolean =>
    !masters.loaded().some(({ isPaper }) => !isPaper) && Math.abs(clock.now() - failedAt) < RETRY_MS;

  /** Sorted best first: real masters before the paper exchange's, then the newest. */
  async function copiesInUse(): Promise<Copy[]> {
    const copies = await Promise.all(masters.loaded().map(({ broker }) => masters.current(broker)));
    return copies.sort((a, b) => Number(a.isPaper) - Number(b.isPaper) || b.at - a.at);
  }

  async function finder(): Promise<Finder> {
    await loadForSearch();
    const copies = await copiesInUse();
    if (built && isSameMasters(built.copies, copies)) return built.finder;
    const isRenewal = built !== null && isSameBrokers(built.copies, copies) && rowsOf(copies) > REBUILT_AT_ONCE_ROWS;
    const next = rebuild(copies);
    if (!built || !isRenewal) return next;
    next.catch((error: unknown) => log.error({ err: error }, "search could not be rebuilt"));
    return built.finder;
  }

  /** One rebuild at a time; callers with the same masters share it. */
  async function rebuild(copies: readonly Copy[]): Promise<Finder> {
    if (built && isSameMasters(built.copies, copies)) return built.finder;
    if (building) {
      if (isSameMasters(building.copies, copies)) return building.done;
      await building.done.catch(() => undefined);
      return rebuild(copies);
    }
    const done = build(copies).finally(() => (building = null));
    building = { copies, done };
    return done;
  }

  async function build(copies: readonly Copy[]): Promise<Finder> {
    const finder = await createFinder(
      copies.map(({ master }) => master),
      () => istDate(clock.now()),
      () => deps.firstExpiry(clock.now()),
    );
    built = { copies, finder };
    return finder;
  }

  return {
    table: async (broker) => (await masters.current(broker)).master,
    byKey: async (key) => (await finder()).byKey(key),
    search: async (text, limit) => (await finder()).search(text, limit),
    async resolve(text) {
      const found = (await finder()).resolve(text);
      return found.kind === "none" && lacksList() ? { kind: "none", suggestions: [], lacksList: true } : found;
    },
    hasFutures: (share) => built?.finder.hasFutures(share) ?? null,
    async refresh() {
      const wanted = new Set([...(await linkedBrokers()), ...masters.loaded().map(({ broker }) => broker)]);
      const done: MasterStatus[] = [];
      // Sequential, because parsing a master is the process's largest use of memory.
      for (const broker of wanted) {
        await masters.renew(broker);
        done.push(masters.status(broker));
      }
      return done;
    },
    status: () => masters.names.map((name) => masters.status(name)),
  };
}

const isSameMasters = (a: readonly Copy[], b: readonly Copy[]): boolean =>
  a.length === b.length && a.every((copy, index) => copy.master === b[index]?.master);

const isSameBrokers = (a: readonly Copy[], b: readonly Copy[]): boolean =>
  a.length === b.length && b.every(({ broker }) => a.some((copy) => copy.broker === broker));

const rowsOf = (copies: readonly Copy[]): number => copies.reduce((rows, { master }) => rows + master.rows, 0);
