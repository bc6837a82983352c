import { createHash } from "node:crypto";
import type { UserId } from "../domain/ids.ts";
import { randomToken } from "../lib/token.ts";
import type { Clock } from "../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store } from "../ports/store.ts";

interface OneTimeDocument extends Document {
  /** SHA-256 of the id, so that reading the store does not reveal usable ids. */
  readonly _id: string;
  readonly userId: UserId;
  readonly action: string;
  readonly payload: Readonly<Record<string, string>>;
  readonly usedAt: number | null;
  readonly expiresAt: number;
}

export const BUTTONS = "buttons";
const buttonsSpec: CollectionSpec<OneTimeDocument> = {
  name: BUTTONS,
  indexes: [],
  encrypted: ["payload"],
  durability: "full",
};

export interface OneTimeClaim {
  readonly userId: UserId;
  readonly payload: Readonly<Record<string, string>>;
}

/** Ids that work once, for one action, until they expire: login states, key forms, confirmations, invitations. */
export interface OneTime {
  issue(use: {
    userId: UserId;
    action: string;
    payload: Record<string, string>;
    ttlMs: number;
    id?: string;
  }): Promise<string>;
  /** Uses the id up. Null when it is unknown, used, expired, or issued for another action or user. */
  claim(id: string, action: string, userId?: UserId): Promise<OneTimeClaim | null>;
  /** Reads the claim without using the id up. */
  peek(id: string, action: string): Promise<OneTimeClaim | null>;
}

export function createOneTime(deps: { store: Store; clock: Clock }): OneTime {
  const buttons: Collection<OneTimeDocument> = deps.store.collection(buttonsSpec);

  async function findUnused(id: string, action: string) {
    const found = await buttons.get(hashOf(id));
    return found && found.action === action && found.usedAt === null ? found : null;
  }

  return {
    async issue({ userId, action, payload, ttlMs, id = randomToken() }) {
      const fresh = { _id: hashOf(id), userId, action, payload, usedAt: null, expiresAt: deps.clock.now() + ttlMs };
      if (!(await buttons.insert(fresh))) throw new Error("one-time id is taken");
      return id;
    },
    async claim(id, action, userId) {
      const found = await findUnused(id, action);
      if (!found || (userId !== undefined && found.userId !== userId)) return null;
      const { version, ...button } = found;
      const won = await buttons.replace({ ...button, usedAt: deps.clock.now() }, version);
      return won ? { userId: found.userId, payload: found.payload } : null;
    },
    async peek(id, action) {
      const found = await findUnused(id, action);
      return found ? { userId: found.userId, payload: found.payload } : null;
    },
  };
}

const hashOf = (id: string): string => createHash("sha256").update(id).digest("base64url");
