import type { Clock } from "../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store } from "../ports/store.ts";
import { CLOCKS_APART_MS } from "./leases.ts";

interface ClaimDocument extends Document {
  readonly _id: string;
  readonly heldUntil: number;
  readonly isDone: boolean;
  readonly tries: number;
  readonly expiresAt: number;
}

const jobsSpec: CollectionSpec<ClaimDocument> = { name: "jobs", indexes: [], encrypted: [], durability: "normal" };
const REMEMBERED_MS = 14 * 86_400_000;
/** A claim lapses after this, so that work of a killed process is taken up again. */
const CLAIM_MS = 5 * 60_000;
const MAX_TRIES = 5;

export type Claim =
  /** Ours until the claim lapses; call `done` when finished. `tries` includes this one. */
  | { readonly kind: "ours"; readonly tries: number; readonly isLast: boolean; done(): Promise<void> }
  | { readonly kind: "done" }
  /** Another process has it, or it failed and is not due for a retry yet. */
  | { readonly kind: "held" }
  | { readonly kind: "given-up" };

/** Shares work among processes: each piece belongs to one of them at a time. */
export interface Claims {
  /** Claims a piece of work that must be done once. Given up after `maxTries` unfinished tries (default 5). */
  claim(id: string, maxTries?: number): Promise<Claim>;
}

export function createClaims(deps: { store: Store; clock: Clock }): Claims {
  const { clock } = deps;
  const jobs: Collection<ClaimDocument> = deps.store.collection(jobsSpec);
  /** A claim that ends further ahead than any can was made before the clock was set back: it counts as lapsed. */
  const isHeld = ({ heldUntil }: ClaimDocument): boolean =>
    clock.now() < heldUntil && heldUntil <= clock.now() + CLAIM_MS + CLOCKS_APART_MS;

  const ownClaim = (claim: ClaimDocument, version: number, maxTries: number): Claim => ({
    kind: "ours",
    tries: claim.tries,
    isLast: claim.tries >= maxTries,
    async done() {
      await jobs.replace({ ...claim, isDone: true }, version);
    },
  });

  return {
    async claim(id, maxTries = MAX_TRIES) {
      const now = clock.now();
      const fresh = { _id: id, heldUntil: now + CLAIM_MS, isDone: false, tries: 1, expiresAt: now + REMEMBERED_MS };
      if (await jobs.insert(fresh)) return ownClaim(fresh, 1, maxTries);
      const known = await jobs.get(id);
      if (!known) return { kind: "held" };
      if (known.isDone) return { kind: "done" };
      if (isHeld(known)) return { kind: "held" };
      if (known.tries >= maxTries) return { kind: "given-up" };
      const again = { ...fresh, tries: known.tries + 1 };
      return (await jobs.replace(again, known.version))
        ? ownClaim(again, known.version + 1, maxTries)
        : { kind: "held" };
    },
  };
}
