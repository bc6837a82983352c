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
/** Whoever claimed a piece of work and was killed gives it back after this. */
const CLAIM_MS = 5 * 60_000;
const MAX_TRIES = 5;

export type Claim =
  /** Ours until it lapses; `done` ends it. `tries` counts this one, which is the last when `isLast`. */
  | { readonly kind: "ours"; readonly tries: number; readonly isLast: boolean; done(): Promise<void> }
  | { readonly kind: "done" }
  /** Somebody else has it, or it has failed and is tried again later. */
  | { readonly kind: "held" }
  | { readonly kind: "given-up" };

/** Work that several processes share: each piece belongs to one of them at a time. */
export interface Claims {
  /** Claims a piece of work that is to be done once; given up after so many tries that did not end, five when absent. */
  claim(id: string, maxTries?: number): Promise<Claim>;
}

export function createClaims(deps: { store: Store; clock: Clock }): Claims {
  const { clock } = deps;
  const jobs: Collection<ClaimDocument> = deps.store.collection(jobsSpec);
  /** One that ends later than any could was made before the clock was set back. */
  const isHeld = ({ heldUntil }: ClaimDocument): boolean =>
    clock.now() < heldUntil && heldUntil <= clock.now() + CLAIM_MS + CLOCKS_APART_MS;

  const ours = (claim: ClaimDocument, version: number, maxTries: number): Claim => ({
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
      if (await jobs.insert(fresh)) return ours(fresh, 1, maxTries);
      const known = await jobs.get(id);
      if (!known) return { kind: "held" };
      if (known.isDone) return { kind: "done" };
      if (isHeld(known)) return { kind: "held" };
      if (known.tries >= maxTries) return { kind: "given-up" };
      const again = { ...fresh, tries: known.tries + 1 };
      return (await jobs.replace(again, known.version)) ? ours(again, known.version + 1, maxTries) : { kind: "held" };
    },
  };
}
