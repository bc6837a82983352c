import type { UserId } from "../../domain/ids.ts";
import { randomAlphanumeric } from "../../lib/token.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store } from "../../ports/store.ts";
import type { Role } from "./users.ts";
import type { LimitName, LimitValues } from "../orders/limits.ts";

/** What somebody may do: an outsider's orders need a proxy. */
export interface Standing {
  readonly role: Role;
  readonly needsEgress: boolean;
}

/** A change to who may do what, or to an account. Orders are not in it: they keep a history of their own. */
export type AuditEvent =
  | {
      readonly what:
        | "linked"
        | "logged-in"
        | "new-keys"
        | "switched-on"
        | "switched-off"
        | "proxy-set"
        | "proxy-removed"
        | "unlinked";
      /** The account's label. */
      readonly account: string;
    }
  | ({ readonly what: "role" } & Standing)
  /** The owner decided about somebody, or made an invitation. */
  | ({ readonly what: "granted"; readonly about: UserId } & Standing)
  | ({ readonly what: "invited" } & Standing)
  | { readonly what: "frozen" | "thawed" | "pin-set" | "totp-set" | "code-removed" | "locked-out" }
  | {
      readonly what: "limit";
      readonly limit: LimitName;
      readonly value: LimitValues[LimitName];
      /** YYYY-MM-DD; null when it took effect at once. */
      readonly from: string | null;
    };

interface AuditDocument extends Document {
  readonly userId: UserId;
  /** Epoch ms. */
  readonly at: number;
  readonly event: AuditEvent;
  /** Somebody else whom the event names: their /forget deletes it, too. */
  readonly about?: UserId;
  readonly expiresAt: number;
}
export type AuditEntry = Pick<AuditDocument, "at" | "event">;

const auditSpec: CollectionSpec<AuditDocument> = {
  name: "audit",
  indexes: [{ name: "user", fields: ["userId", "at"] }],
  encrypted: [],
  durability: "normal",
};
export const AUDIT_DAYS = 400;
const MOST_READ = 400;

/** Who changed what, per user. */
export interface Audit {
  /** Never rejects, because the change is made by then: an entry that cannot be stored is logged. */
  record(user: UserId, ...events: readonly AuditEvent[]): Promise<void>;
  /** The user's newest entries, newest first. */
  recent(user: UserId): Promise<readonly AuditEntry[]>;
}

export interface AuditDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export function createAudit({ store, clock, log }: AuditDeps): Audit {
  const audit: Collection<AuditDocument> = store.collection(auditSpec);
  return {
    async record(userId, ...events) {
      const now = clock.now();
      const expiresAt = now + AUDIT_DAYS * 86_400_000;
      for (const [place, event] of events.entries()) {
        // A millisecond apart: entries are read by their time, and those of one change must keep their order.
        const at = now + place;
        const about = event.what === "granted" ? { about: event.about } : {};
        await audit
          .insert({ _id: randomAlphanumeric(16), userId, at, event, ...about, expiresAt })
          .catch((error: unknown) => log.error({ err: error, user: userId, what: event.what }, "change not recorded"));
      }
    },
    recent: (user) => audit.find("user", [user], { order: "desc", limit: MOST_READ }),
  };
}
