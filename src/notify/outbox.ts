import type { UserId } from "../domain/ids.ts";
import { monotonic } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { createFailureLog } from "../lib/failure-log.ts";
import type { Clock } from "../ports/clock.ts";
import { PRIORITIES, type Notification, type Notifier } from "../ports/notifier.ts";
import type { Collection, CollectionSpec, Document, Store, Stored } from "../ports/store.ts";
import { createChatLimits } from "./chat-limits.ts";
import { createPacer } from "./pacer.ts";

interface OutboxDocument extends Document {
  readonly _id: string;
  /** The recipient, kept outside `notification` so that a user's documents can be found and deleted. */
  readonly userId: UserId;
  /** Null once sent or given up: only the key is remembered. */
  readonly notification: Notification | null;
  /** Index in PRIORITIES; absent once sent or given up, which removes the document from the index. */
  readonly rank?: number;
  /** Increases with every message that this process posts: the order within a rank. */
  readonly place: number;
  readonly createdAt: number;
  readonly tries: number;
  /** Number of tries on which our own code threw. */
  readonly defects?: number;
  /** Telegram's id of the sent message. */
  readonly messageId: number | null;
}
type Entry = Stored<OutboxDocument> & { readonly notification: Notification };

const outboxSpec: CollectionSpec<OutboxDocument> = {
  name: "outbox",
  indexes: [{ name: "waiting", fields: ["rank", "place"] }],
  encrypted: ["notification"],
  durability: "full",
};

/** Keys of finished messages are remembered this long, so that the same message is not sent again. */
const REMEMBERED_MS = 14 * 86_400_000;
const LATE_AFTER_MS = 10 * 60_000;
/** Messages read at a time: few, so that a fill posted behind ten thousand digests waits only a second. */
const BATCH = 30;
/** At most this many are read in search of a chat that may be written to. */
const MAX_READ = 1_000;
const MAX_IN_FLIGHT = 60;
const MAX_BACKOFF_MS = 5 * 60_000;
const MAX_OUTAGE_PAUSE_MS = 30_000;
/** A message on which our own code throws is given up after this many tries. */
const MAX_DEFECTS = 10;
const DEPTH_LIMIT = 500;
const OUTAGE_WORDS = {
  failed: "Telegram accepts no messages; they stay queued and are retried",
  recovered: "Telegram accepts messages again",
};

export type Delivery =
  | { readonly kind: "sent"; readonly messageId: number }
  /** Telegram's flood limit: the whole bot has to wait. */
  | { readonly kind: "wait"; readonly ms: number }
  /** Telegram cannot be reached, answers with a server error, or refuses the bot token. */
  | { readonly kind: "outage"; readonly error: Error }
  /** Can never be delivered: the user blocked the bot, or Telegram refuses the message. */
  | { readonly kind: "never"; readonly reason: "blocked" | "refused"; readonly detail: string };

export interface Outbox extends Notifier {
  /**
   * Sends waiting messages until none is left, Telegram asks to wait, or the signal aborts. Resolves with the number
   * sent.
   */
  deliver(signal?: AbortSignal): Promise<number>;
  /** Telegram's id of the message sent under this key, while the key is remembered. */
  sentMessage(key: string): Promise<number | null>;
  /** Number of waiting messages, counted up to 500. */
  depth(): Promise<number>;
}

export interface DeliveryLease {
  /** Aborted when the lease could not be renewed. */
  readonly lost: AbortSignal;
  /** Gives the lease up; no process can take it before the instant `from` (epoch ms). */
  release(from: number): Promise<void>;
}

export interface OutboxDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Only one process at a time delivers; null while another one does. */
  readonly takeLease: () => Promise<DeliveryLease | null>;
  /**
   * Prepares the message (draws its picture) and returns the function that sends it. `lateBy` (ms) is set when the message
   * is late enough to say so in its text.
   */
  readonly prepare: (notification: Notification, lateBy: number | null) => Promise<() => Promise<Delivery>>;
  readonly onBlocked: (user: UserId) => Promise<void>;
  /** Messages per second over all chats. */
  readonly perSecond: number;
}

/**
 * A durable queue. One process at a time delivers, which keeps Telegram's limits and each chat's message order. A message
 * is sent twice only if Telegram's reply is lost, or the process dies before storing it.
 */
export function createOutbox(deps: OutboxDeps): Outbox {
  const { clock, log } = deps;
  const outbox: Collection<OutboxDocument> = deps.store.collection(outboxSpec);
  const steady = monotonic(clock);
  const chats = createChatLimits({ clock: steady });
  const pacer = createPacer({ clock: steady, perSecond: deps.perSecond });
  let waiting: Entry[] = [];
  /** Users for whom an attempt ended while the store was being read: the result of that read is stale for them. */
  const attemptedDuringRead = new Set<UserId>();
  /**
   * Finished messages whose store write failed, by id: it must be repeated before delivery, or they would be sent
   * again.
   */
  const unsaved = new Map<string, () => Promise<void>>();
  let lastPlace = 0;
  let outages = 0;
  const outage = createFailureLog(log, OUTAGE_WORDS);
  let askedToWaitUntil = 0;

  async function deliver(signal?: AbortSignal): Promise<number> {
    if (pacer.isPaused() || (await countWaiting(outbox, 1)) === 0) return 0;
    const lease = await deps.takeLease();
    if (!lease) return 0;
    try {
      for (const save of unsaved.values()) await save();
      return await sendAll(signal ? AbortSignal.any([signal, lease.lost]) : lease.lost);
    } finally {
      // Telegram's wait applies to the bot, so the other processes have to wait as well.
      await lease.release(askedToWaitUntil);
    }
  }

  async function sendAll(signal: AbortSignal): Promise<number> {
    const inFlight = new Map<string, Promise<void>>();
    let sent = 0;
    /** A message that was sent but could not be stored must not be read and sent again, so a failure ends the round. */
    let failure: { readonly error: unknown } | null = null;
    const start = async (entry: Entry): Promise<void> => {
      const { userId } = entry.notification;
      chats.enter(userId);
      try {
        if (await attempt(entry, signal)) sent += 1;
      } catch (error) {
        failure ??= { error };
      } finally {
        chats.leave(userId);
        attemptedDuringRead.add(userId);
        inFlight.delete(entry._id);
      }
    };
    const mayGoOn = (): boolean => !signal.aborted && !pacer.isPaused() && failure === null;
    try {
      while (mayGoOn()) {
        const entry = inFlight.size < MAX_IN_FLIGHT ? await next(inFlight) : null;
        if (entry) inFlight.set(entry._id, start(entry));
        else if (inFlight.size > 0) await Promise.race(inFlight.values());
        else if (waiting.length === 0 || !(await chats.waitForNext())) break;
      }
    } finally {
      await Promise.all(inFlight.values());
      waiting = [];
    }
    if (failure !== null) throw thrown(failure);
    return sent;
  }

  /** The first message whose chat is free, by priority and age. */
  async function next(inFlight: ReadonlyMap<string, unknown>): Promise<Entry | null> {
    if (!waiting.some(isFree)) waiting = await read(inFlight);
    const at = waiting.findIndex(isFree);
    return at === -1 ? null : (waiting.splice(at, 1)[0] ?? null);
  }

  const isFree = (entry: Entry): boolean => chats.isFree(entry.notification.userId);

  /** Reads more and more until some chat is free, so that one chat with many messages does not hide the others. */
  async function read(inFlight: ReadonlyMap<string, unknown>): Promise<Entry[]> {
    attemptedDuringRead.clear();
    for (let limit = BATCH + inFlight.size + chats.heldCount(); ; limit *= 2) {
      const found = await firstOf(outbox, limit);
      const unsent = found.filter(
        ({ _id, notification }) => !inFlight.has(_id) && !attemptedDuringRead.has(notification.userId),
      );
      if (found.length < limit || limit >= MAX_READ || unsent.some(isFree)) return unsent;
    }
  }

  /** Prepares and sends one message; true when it was sent. A pause that starts meanwhile leaves it in the queue. */
  async function attempt(entry: Entry, signal: AbortSignal): Promise<boolean> {
    const late = clock.now() - (entry.notification.dueAt ?? entry.createdAt);
    let delivery: Delivery;
    try {
      const send = await deps.prepare(entry.notification, late > LATE_AFTER_MS ? late : null);
      await pacer.turn();
      if (signal.aborted || pacer.isPaused()) return false;
      delivery = await send();
    } catch (error) {
      log.error({ err: error, key: entry._id }, "message not sent");
      const defects = (entry.defects ?? 0) + 1;
      await (defects >= MAX_DEFECTS ? finish(entry, null) : postpone({ ...entry, defects }));
      return false;
    }
    return settle(entry, delivery);
  }

  async function settle(entry: Entry, delivery: Delivery): Promise<boolean> {
    switch (delivery.kind) {
      case "sent":
        outages = 0;
        outage.recovered();
        await finish(entry, delivery.messageId);
        return true;
      case "wait":
        log.warn({ ms: delivery.ms }, "Telegram asks to wait; the whole queue is paused");
        pacer.pause(delivery.ms);
        askedToWaitUntil = Math.max(askedToWaitUntil, clock.now() + delivery.ms);
        return false;
      case "outage":
        outage.failed(delivery.error);
        if (!pacer.isPaused()) pacer.pause(Math.min(1_000 * 2 ** outages++, MAX_OUTAGE_PAUSE_MS));
        await postpone(entry);
        return false;
      case "never":
        log.warn({ key: entry._id, reason: delivery.reason, detail: delivery.detail }, "message given up");
        await finish(entry, null);
        if (delivery.reason === "blocked") await noteBlocked(deps, entry);
        return false;
    }
  }

  async function finish(entry: Entry, messageId: number | null): Promise<void> {
    const { rank: _, version, ...rest } = entry;
    const expiresAt = clock.now() + REMEMBERED_MS;
    const save = async (): Promise<void> => {
      const isSaved = await outbox.replace({ ...rest, notification: null, messageId, expiresAt }, version);
      unsaved.delete(entry._id);
      if (!isSaved) log.warn({ key: entry._id }, "message was delivered by another process too");
    };
    unsaved.set(entry._id, save);
    await save();
  }

  /** Blocks the chat for longer each time, so its later messages wait too. Other chats go on. */
  async function postpone(entry: Entry): Promise<void> {
    const { userId } = entry.notification;
    chats.hold(userId, Math.min(1_000 * 2 ** entry.tries, MAX_BACKOFF_MS));
    waiting = waiting.filter(({ notification }) => notification.userId !== userId);
    const { version, ...rest } = entry;
    await outbox.replace({ ...rest, tries: entry.tries + 1 }, version);
  }

  const nextPlace = (): number => (lastPlace = Math.max(lastPlace + 1, clock.now() * 1_000));

  return {
    async post(notification) {
      await outbox.insert({
        _id: notification.key,
        userId: notification.userId,
        notification,
        rank: PRIORITIES.indexOf(notification.priority),
        place: nextPlace(),
        createdAt: clock.now(),
        tries: 0,
        messageId: null,
      });
    },
    deliver,
    sentMessage: async (key) => (await outbox.get(key))?.messageId ?? null,
    depth: () => countWaiting(outbox, DEPTH_LIMIT),
  };
}

/** A failure here is only logged: it must neither repeat this message nor delay others. */
async function noteBlocked({ onBlocked, log }: OutboxDeps, { _id, notification }: Entry): Promise<void> {
  await onBlocked(notification.userId).catch((error: unknown) =>
    log.warn({ err: error, key: _id }, "could not record that this user blocked the bot"),
  );
}

async function countWaiting(outbox: Collection<OutboxDocument>, limit: number): Promise<number> {
  let count = 0;
  for (let rank = 0; rank < PRIORITIES.length && count < limit; rank += 1)
    count += (await outbox.find("waiting", [rank], { limit: limit - count })).length;
  return count;
}

/** The first waiting messages by priority and age. */
async function firstOf(outbox: Collection<OutboxDocument>, limit: number): Promise<Entry[]> {
  const found: Entry[] = [];
  for (let rank = 0; rank < PRIORITIES.length && found.length < limit; rank += 1) {
    const some = await outbox.find("waiting", [rank], { limit: limit - found.length });
    found.push(...some.filter(hasContent));
  }
  return found;
}

const thrown = ({ error }: { readonly error: unknown }): Error =>
  error instanceof Error ? error : new Error(String(error));

const hasContent = (document: Stored<OutboxDocument>): document is Entry => document.notification !== null;
