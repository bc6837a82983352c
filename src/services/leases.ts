import type { Clock } from "../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store } from "../ports/store.ts";
import { randomToken } from "../lib/token.ts";

interface LeaseDocument extends Document {
  readonly _id: string;
  readonly holder: string;
  readonly expiresAt: number;
  /** Released, but not to be taken before `expiresAt`. */
  readonly isWait?: true;
}

export const LEASES = "leases";
const leasesSpec: CollectionSpec<LeaseDocument> = {
  name: LEASES,
  indexes: [],
  encrypted: [],
  durability: "normal",
};

/** Long enough to survive a pause of the process, short enough that a killed process is replaced soon. */
export const LEASE_MS = 15_000;
const RENEW_MS = 5_000;
/** How far the clocks of two machines are assumed to differ at most. */
export const CLOCKS_APART_MS = 60_000;

export interface Lease {
  /** Aborted when the lease could not be renewed: somebody else may hold it now. */
  readonly lost: AbortSignal;
  /** Gives the lease back; others may take it at once, or only from `from` (epoch ms) on. */
  release(from?: number): Promise<void>;
}

export interface Leases {
  /** Null when somebody holds it. A holder that dies loses it within LEASE_MS. */
  take(name: string): Promise<Lease | null>;
}

/**
 * Leases in memory, for a store that only one process uses: no writes, and nothing left behind by a crash. A release
 * ignores `from`, because the only process that could take the lease knows about the wait.
 */
export function createLocalLeases(): Leases {
  const held = new Set<string>();
  const never = new AbortController().signal;
  return {
    async take(name) {
      if (held.has(name)) return null;
      held.add(name);
      return {
        lost: never,
        async release() {
          held.delete(name);
        },
      };
    },
  };
}

/** Leases in the store, shared by all processes that use it. */
export function createLeases(deps: { store: Store; clock: Clock }): Leases {
  const { clock } = deps;
  const leases: Collection<LeaseDocument> = deps.store.collection(leasesSpec);

  return {
    async take(name) {
      const holder = randomToken();
      const until = (): number => clock.now() + LEASE_MS;
      const taken = { _id: name, holder, expiresAt: until() };
      // An expired lease needs no removal: `insert` replaces expired documents.
      if (!(await leases.insert(taken)) && !(await displaceStale(taken))) return null;
      return startRenewing(name, holder, until);
    },
  };

  /**
   * Takes over a lease that ends further ahead than any live one can: it was taken before the clock was set back, by a
   * process that has died since.
   */
  async function displaceStale(taken: LeaseDocument): Promise<boolean> {
    const current = await leases.get(taken._id);
    if (!current || current.isWait || current.expiresAt <= taken.expiresAt + CLOCKS_APART_MS) return false;
    return leases.replace(taken, current.version);
  }

  /** False when another holds the lease. Versions restart with each take, so a version alone does not prove it. */
  async function setExpiry({ _id, ...to }: LeaseDocument): Promise<boolean> {
    const current = await leases.get(_id);
    return current?.holder === to.holder && leases.replace({ _id, ...to }, current.version);
  }

  function startRenewing(name: string, holder: string, until: () => number): Lease {
    const lost = new AbortController();
    let keptUntil = until();
    const renew = async (): Promise<void> => {
      const expiresAt = until();
      const isKept = await setExpiry({ _id: name, holder, expiresAt }).catch(() => null);
      if (isKept === true) {
        keptUntil = expiresAt;
      } else if (isKept === false || clock.now() >= keptUntil) {
        clearInterval(timer);
        lost.abort();
      }
    };
    let renewing: Promise<void> = Promise.resolve();
    const timer = setInterval(() => {
      // One at a time: a renewal that finishes after the release would undo it.
      renewing = renewing.then(renew);
    }, RENEW_MS).unref();
    return {
      lost: lost.signal,
      async release(from = 0) {
        clearInterval(timer);
        await renewing;
        // Without `from` it expires long ago, not now: another machine's clock may be behind this one's.
        const end = { _id: name, holder, expiresAt: from - 1 };
        if (!lost.signal.aborted) await setExpiry(from > 0 ? { ...end, isWait: true } : end);
      },
    };
  }
}
