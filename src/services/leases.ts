import type { Clock } from "../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store } from "../ports/store.ts";
import { randomToken } from "../lib/token.ts";

interface LeaseDocument extends Document {
  readonly _id: string;
  readonly holder: string;
  readonly expiresAt: number;
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
      // An expired lease makes room for the new one by itself.
      if (!(await leases.insert({ _id: name, holder, expiresAt: until() }))) return null;
      return keep(name, holder, until);
    },
  };

  /** A lease taken anew counts its versions from the start, so whose it is comes first. False when it is another's. */
  async function move(name: string, holder: string, expiresAt: number): Promise<boolean> {
    const current = await leases.get(name);
    return current?.holder === holder && leases.replace({ _id: name, holder, expiresAt }, current.version);
  }

  function keep(name: string, holder: string, until: () => number): Lease {
    const lost = new AbortController();
    let keptUntil = until();
    const renew = async (): Promise<void> => {
      const expiresAt = until();
      const isKept = await move(name, holder, expiresAt).catch(() => null);
      if (isKept === true) {
        keptUntil = expiresAt;
      } else if (isKept === false || clock.now() >= keptUntil) {
        clearInterval(timer);
        lost.abort();
      }
    };
    let renewing: Promise<void> = Promise.resolve();
    const timer = setInterval(() => {
      renewing = renew();
    }, RENEW_MS).unref();
    return {
      lost: lost.signal,
      async release(from = 0) {
        clearInterval(timer);
        await renewing;
        // Long ago rather than now: another machine's clock may be behind this one's.
        if (!lost.signal.aborted) await move(name, holder, from - 1);
      },
    };
  }
}
