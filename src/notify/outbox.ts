import type { UserId } from "../domain/ids.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../ports/clock.ts";
import { PRIORITIES, type Notification, type Notifier } from "../ports/notifier.ts";
import type { Collection, CollectionSpec, Document, Store, Stored } from "../ports/store.ts";

interface OutboxDocument extends Document {
  readonly _id: string;
  readonly notification: Notification;
  readonly isDue: boolean;
  /** Orders before reminders before digests; within one of them the older first. */
  readonly rank: number;
  readonly createdAt: number;
  /** Not before this; also the lease of whoever is sending it. */
  readonly notBefore: number;
  readonly tries: number;
}

const outboxSpec: CollectionSpec<OutboxDocument> = {
  name: "outbox",
  indexes: [{ name: "due", fields: ["isDue", "rank", "createdAt"] }],
  encrypted: ["notification"],
  durability: "full",
};

/** Sent messages are remembered this long, so that the same key is not sent again. */
const REMEMBERED_MS = 14 * 86_400_000;
const LEASE_MS = 30_000;
const BATCH = 100;
const LATE_AFTER_MS = 5 * 60_000;
const MAX_BACKOFF_MS = 5 * 60_000;

export type Delivery =
  | { readonly kind: "sent" }
  /** Telegram asks to wait, or cannot be reached. */
  | { readonly kind: "later"; readonly afterMs: number | null }
  /** This user will not get it: blocked the bot, or the message is not acceptable. */
  | { readonly kind: "never"; readonly reason: "blocked" | "refused" };

export interface Outbox extends Notifier {
  /** Sends what is due, in order within a chat. Several processes may run it: each message is leased. */
  deliver(): Promise<number>;
  depth(): Promise<number>;
}

export interface OutboxDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** `lateBy` is set when the message is late enough to say so. */
  readonly send: (notification: Notification, lateBy: number | null) => Promise<Delivery>;
  readonly onBlocked: (user: UserId) => Promise<void>;
}

/** Accepted means durable; delivered at least once, and once but for a crash between sending and noting it. */
export function createOutbox(deps: OutboxDeps): Outbox {
  const { clock, log } = deps;
  const outbox: Collection<OutboxDocument> = deps.store.collection(outboxSpec);

  async function deliver(): Promise<number> {
    const due = await outbox.find("due", [true], { limit: BATCH, order: "asc" });
    const byUser = Map.groupBy(due, (entry) => entry.notification.userId);
    const sent = await Promise.all([...byUser.values()].map(deliverInOrder));
    return sent.reduce((sum, count) => sum + count, 0);
  }

  /** One chat's messages one after another; the first that must wait holds back those behind it. */
  async function deliverInOrder(entries: readonly Stored<OutboxDocument>[]): Promise<number> {
    let count = 0;
    for (const entry of entries) {
      if (entry.notBefore > clock.now() || !(await lease(entry))) return count;
      if (!(await attempt(entry))) return count;
      count += 1;
    }
    return count;
  }

  async function lease({ version, ...entry }: Stored<OutboxDocument>): Promise<boolean> {
    return outbox.replace({ ...entry, notBefore: clock.now() + LEASE_MS, tries: entry.tries + 1 }, version);
  }

  async function attempt(entry: Stored<OutboxDocument>): Promise<boolean> {
    const late = clock.now() - entry.createdAt;
    const delivery = await deps.send(entry.notification, late > LATE_AFTER_MS ? late : null);
    if (delivery.kind === "later") {
      const backoff = Math.min(1000 * 2 ** entry.tries, MAX_BACKOFF_MS);
      await settle(entry, { notBefore: clock.now() + (delivery.afterMs ?? backoff) });
      return false;
    }
    if (delivery.kind === "never") {
      log.warn({ key: entry._id, reason: delivery.reason }, "message given up");
      if (delivery.reason === "blocked") await deps.onBlocked(entry.notification.userId);
    }
    await settle(entry, { isDue: false, expiresAt: clock.now() + REMEMBERED_MS });
    return true;
  }

  async function settle({ _id }: Stored<OutboxDocument>, change: Partial<OutboxDocument>): Promise<void> {
    const current = await outbox.get(_id);
    if (!current) return;
    const { version, ...entry } = current;
    await outbox.replace({ ...entry, ...change }, version);
  }

  return {
    async post(notification) {
      const now = clock.now();
      await outbox.insert({
        _id: notification.key,
        notification,
        isDue: true,
        rank: PRIORITIES.indexOf(notification.priority),
        createdAt: now,
        notBefore: now,
        tries: 0,
      });
    },
    deliver,
    depth: async () => (await outbox.find("due", [true], { limit: 10_000 })).length,
  };
}
