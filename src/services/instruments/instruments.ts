import type { BrokerName } from "../../domain/ids.ts";
import { istDate } from "../../domain/market.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Brokers } from "../accounts.ts";
import { createFinder, type Finder } from "./finder.ts";
import { createMasters, type Copy } from "./masters.ts";
import type { Instruments, MasterStatus } from "./types.ts";

export interface InstrumentsDeps {
  readonly brokers: Brokers;
  readonly accounts: Pick<Accounts, "allLinks" | "changes">;
  readonly clock: Clock;
  readonly log: Log;
  readonly dataDir: string;
  /** The first expiry that is still traded. */
  readonly firstExpiry: (at: number) => string;
}

/** Search goes on with the old copies while it is rebuilt over a renewed master of more rows than this. */
const REBUILT_AT_ONCE_ROWS = 5_000;
/** Brokers that did not answer are asked again after this. */
const RETRY_MS = 60_000;
/** Looking at every link is not for every symbol that is typed: only when one was changed, here or perhaps elsewhere. */
const LOOK_EVERY_MS = 5_000;

/** The brokers' masters and one search over those in memory. */
export function createInstruments(deps: InstrumentsDeps): Instruments {
  const { clock, log } = deps;
  const masters = createMasters(deps);
  let built: { readonly copies: readonly Copy[]; readonly finder: Finder } | null = null;
  let building: { readonly copies: readonly Copy[]; readonly done: Promise<Finder> } | null = null;
  let failedAt = -Infinity;
  let looked = { at: -Infinity, changes: -1 };

  async function linkedBrokers(): Promise<BrokerName[]> {
    const linked = new Set<BrokerName>();
    for await (const link of deps.accounts.allLinks()) if (link.is_active) linked.add(link.broker_name);
    return masters.names.filter((name) => linked.has(name));
  }

  /** Loads the first of these that answers. */
  async function loadOne(names: readonly BrokerName[]): Promise<boolean> {
    for (const name of names) {
      try {
        await masters.current(name);
        return true;
      } catch (error) {
        log.warn({ err: error, broker: name }, "no list of instruments to search");
      }
    }
    return false;
  }

  /** Something to search in: the paper exchange's list, and one real master once anybody has linked a real broker. */
  async function loadSomething(): Promise<void> {
    await loadOne(masters.names.filter((name) => masters.isPaper(name)));
    const now = clock.now();
    if (masters.loaded().some(({ isPaper }) => !isPaper) || Math.abs(now - failedAt) < RETRY_MS) return;
    const changes = deps.accounts.changes();
    const isKnown = changes === looked.changes && Math.abs(now - looked.at) < LOOK_EVERY_MS;
    if (isKnown && masters.loaded().length > 0) return;
    looked = { at: now, changes };
    const real = (await linkedBrokers()).filter((name) => !masters.isPaper(name));
    const wanted = masters.loaded().length === 0 && real.length === 0 ? masters.names : real;
    if (wanted.length > 0 && !(await loadOne(wanted))) failedAt = now;
  }

  /** A real list was wanted a moment ago, and no broker gave one. */
  const lacksList = (): boolean =>
    !masters.loaded().some(({ isPaper }) => !isPaper) && Math.abs(clock.now() - failedAt) < RETRY_MS;

  /** Real masters before the paper exchange's, the newest first. */
  async function copiesInUse(): Promise<Copy[]> {
    const copies = await Promise.all(masters.loaded().map(({ broker }) => masters.current(broker)));
    return copies.sort((a, b) => Number(a.isPaper) - Number(b.isPaper) || b.at - a.at);
  }

  async function finder(): Promise<Finder> {
    await loadSomething();
    const copies = await copiesInUse();
    if (built && isSame(built.copies, copies)) return built.finder;
    const isRenewal = built !== null && sameBrokers(built.copies, copies) && rowsOf(copies) > REBUILT_AT_ONCE_ROWS;
    const next = rebuild(copies);
    if (!built || !isRenewal) return next;
    next.catch((error: unknown) => log.error({ err: error }, "search could not be rebuilt"));
    return built.finder;
  }

  /** One at a time; callers who want the same share it. */
  async function rebuild(copies: readonly Copy[]): Promise<Finder> {
    if (built && isSame(built.copies, copies)) return built.finder;
    if (building) {
      if (isSame(building.copies, copies)) return building.done;
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
      // One after the other: parsing is the process's largest use of memory.
      for (const broker of wanted) {
        await masters.renew(broker);
        done.push(masters.status(broker));
      }
      return done;
    },
    status: () => masters.names.map((name) => masters.status(name)),
  };
}

const isSame = (a: readonly Copy[], b: readonly Copy[]): boolean =>
  a.length === b.length && a.every((copy, index) => copy.master === b[index]?.master);

const sameBrokers = (a: readonly Copy[], b: readonly Copy[]): boolean =>
  a.length === b.length && b.every(({ broker }) => a.some((copy) => copy.broker === broker));

const rowsOf = (copies: readonly Copy[]): number => copies.reduce((rows, { master }) => rows + master.rows, 0);
