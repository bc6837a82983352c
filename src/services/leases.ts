import type { Clock } from "../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store } from "../ports/store.ts";
import { randomToken } from "../lib/token.ts";

interface LeaseDocument extends Document {
  readonly _id: string;
  readonly holder: string;
  readonly expiresAt: number;
  /** Given back, to be had from then on only. */
  readonly isWait?: true;
}

export const LEASES = "leases";
const leasesSpec: CollectionSpec<LeaseDocument> = {
  name: LEASES,
  indexes: [],
  encrypted: [],
  durability: "normal",
};

/** Long enough for a pause of the process, short enough that a killed one is not missed for long. */
export const LEASE_MS = 15_000;
const RENEW_MS = 5_000;
/** So far another machine's clock may be ahead of this one's. */
export const CLOCKS_APART_MS = 60_000;

export interface Lease {
  /** Aborted when it could not be kept: somebody else may hold it now. */
  readonly lost: AbortSignal;
  /** Lets the next one have it, at once or from an instant on. */
  release(from?: number): Promise<void>;
}

export interface Leases {
  /** Null when somebody holds it. A holder that dies loses it within LEASE_MS. */
  take(name: string): Promise<Lease | null>;
}

/** Who works on what in the one process that a store belongs to: nothing to write, and nothing left behind by a crash. */
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

/** Who works on what, among all processes on one store. */
export function createLeases(deps: { store: Store; clock: Clock }): Leases {
  const { clock } = deps;
  const leases: Collection<LeaseDocument> = deps.store.collection(leasesSpec);

  return {
    async take(name) {
      const holder = randomToken();
      const until = (): number => clock.now() + LEASE_MS;
      const taken = { _id: name, holder, expiresAt: until() };
      // An expired lease makes room for the new one by itself.
      if (!(await leases.insert(taken)) && !(await displaces(taken))) return null;
      return keep(name, holder, until);
    },
  };

  /** One that ends later than any can was taken before the clock was set back, and who took it has died since. */
  async function displaces(taken: LeaseDocument): Promise<boolean> {
    const current = await leases.get(taken._id);
    if (!current || current.isWait || current.expiresAt <= taken.expiresAt + CLOCKS_APART_MS) return false;
    return leases.replace(taken, current.version);
  }

  /** A lease taken anew counts its versions from the start, so whose it is comes first. False when it is another's. */
  async function move({ _id, ...to }: LeaseDocument): Promise<boolean> {
    const current = await leases.get(_id);
    return current?.holder === to.holder && leases.replace({ _id, ...to }, current.version);
  }

  function keep(name: string, holder: string, until: () => number): Lease {
    const lost = new AbortController();
    let keptUntil = until();
    const renew = async (): Promise<void> => {
      const expiresAt = until();
      const isKept = await move({ _id: name, holder, expiresAt }).catch(() => null);
      if (isKept === true) {
        keptUntil = expiresAt;
      } else if (isKept === false || clock.now() >= keptUntil) {
        clearInterval(timer);
        lost.abort();
      }
    };
    let renewing: Promise<void> = Promise.resolve();
    const timer = setInterval(() => {
      // One after the other: an older one that ends last would take back what the release has set.
      renewing = renewing.then(renew);
    }, RENEW_MS).unref();
    return {
      lost: lost.signal,
      async release(from = 0) {
        clearInterval(timer);
        await renewing;
        // Long ago rather than now: another machine's clock may be behind this one's.
        const end = { _id: name, holder, expiresAt: from - 1 };
        if (!lost.signal.aborted) await move(from > 0 ? { ...end, isWait: true } : end);
      },
    };
  }
}
