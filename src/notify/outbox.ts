import type { UserId } from "../domain/ids.ts";
import { neverBack } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { createTrouble } from "../lib/trouble.ts";
import type { Clock } from "../ports/clock.ts";
import { PRIORITIES, type Notification, type Notifier } from "../ports/notifier.ts";
import type { Collection, CollectionSpec, Document, Store, Stored } from "../ports/store.ts";
import { createLanes } from "./lanes.ts";
import { createPacer } from "./pacer.ts";

interface OutboxDocument extends Document {
  readonly _id: string;
  /** Whose it is: not every key says so, and the reader may ask to be forgotten. */
  readonly userId: UserId;
  /** Null once it is over: the key alone is remembered. */
  readonly notification: Notification | null;
  /** Orders before reminders before digests; absent once it is over, which takes it out of the index. */
  readonly rank?: number;
  /** Rises with every message that this process posts. */
  readonly place: number;
  readonly createdAt: number;
  readonly tries: number;
  /** Tries on which our own code failed, whatever Telegram does meanwhile. */
  readonly defects?: number;
  /** Telegram's number of the sent message. */
  readonly messageId: number | null;
}
type Entry = Stored<OutboxDocument> & { readonly notification: Notification };

const outboxSpec: CollectionSpec<OutboxDocument> = {
  name: "outbox",
  indexes: [{ name: "waiting", fields: ["rank", "place"] }],
  encrypted: ["notification"],
  durability: "full",
};

/** Messages that are over are remembered this long, so that the same key is not sent again. */
const REMEMBERED_MS = 14 * 86_400_000;
const LATE_AFTER_MS = 10 * 60_000;
/** So few at a time that a fill posted behind ten thousand digests waits a second. */
const BATCH = 30;
/** Nor is more than this read to find a chat that is free. */
const MAX_READ = 1_000;
const IN_FLIGHT = 60;
const MAX_BACKOFF_MS = 5 * 60_000;
const MAX_OUTAGE_PAUSE_MS = 30_000;
/** A message on which our own code fails is not tried for ever. */
const MAX_DEFECTS = 10;
const DEPTH_LIMIT = 500;
const OUTAGE_WORDS = {
  met: "Telegram takes no messages; they are kept and tried on",
  over: "Telegram takes messages again",
};

export type Delivery =
  | { readonly kind: "sent"; readonly messageId: number }
  /** Telegram asks everybody to wait. */
  | { readonly kind: "wait"; readonly ms: number }
  /** Telegram cannot be reached or is not well. */
  | { readonly kind: "outage"; readonly error: Error }
  /** This user will not get it: blocked the bot, or the message is not acceptable. */
  | { readonly kind: "never"; readonly reason: "blocked" | "refused"; readonly detail: string };

export interface Outbox extends Notifier {
  /** Sends what is waiting until nothing is, Telegram asks to wait, or the signal aborts. Answers how many were sent. */
  deliver(signal?: AbortSignal): Promise<number>;
  /** Telegram's number of the message that was sent under the key, while it is remembered. */
  sentMessage(key: string): Promise<number | null>;
  /** How many wait, counted to 500. */
  depth(): Promise<number>;
}

export interface DeliveryLease {
  /** Aborted when it could not be kept. */
  readonly lost: AbortSignal;
  /** Nobody gets it before the instant. */
  release(from: number): Promise<void>;
}

export interface OutboxDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** One process at a time delivers; null while another does. */
  readonly takeLease: () => Promise<DeliveryLease | null>;
  /**
   * Makes the message ready (draws its picture); what it answers sends it, when its turn has come. `lateBy` is set when
   * the message is late enough to say so.
   */
  readonly prepare: (notification: Notification, lateBy: number | null) => Promise<() => Promise<Delivery>>;
  readonly onBlocked: (user: UserId) => Promise<void>;
  /** Messages a second over all chats. */
  readonly perSecond: number;
}

/**
 * Accepted means durable. One process at a time delivers, which keeps Telegram's limit and each chat's order; a message
 * is sent twice only when a crash falls between Telegram's answer and noting it.
 */
export function createOutbox(deps: OutboxDeps): Outbox {
  const { clock, log } = deps;
  const outbox: Collection<OutboxDocument> = deps.store.collection(outboxSpec);
  const steady = neverBack(clock);
  const lanes = createLanes({ clock: steady });
  const pacer = createPacer({ clock: steady, perSecond: deps.perSecond });
  let waiting: Entry[] = [];
  /** Whose message landed while the store was being read: what it answers is older than what was noted of them. */
  const justLanded = new Set<UserId>();
  /** Over, and not noted yet because the store took no write: what stands there still waits, and must not go again. */
  const unnoted = new Map<string, () => Promise<void>>();
  let lastPlace = 0;
  let outages = 0;
  const outage = createTrouble(log, OUTAGE_WORDS);
  let askedToWaitUntil = 0;

  async function deliver(signal?: AbortSignal): Promise<number> {
    if (pacer.isPaused() || (await countWaiting(outbox, 1)) === 0) return 0;
    const lease = await deps.takeLease();
    if (!lease) return 0;
    try {
      for (const note of unnoted.values()) await note();
      return await sendAll(signal ? AbortSignal.any([signal, lease.lost]) : lease.lost);
    } finally {
      // Telegram asks the bot to wait, not this process: the others have to wait as well.
      await lease.release(askedToWaitUntil);
    }
  }

  async function sendAll(signal: AbortSignal): Promise<number> {
    const flying = new Map<string, Promise<void>>();
    let sent = 0;
    /** What was sent and could not be noted must not be read and sent again: the round is over. */
    let failure: { readonly error: unknown } | null = null;
    const fly = async (entry: Entry): Promise<void> => {
      const { userId } = entry.notification;
      lanes.enter(userId);
      try {
        if (await attempt(entry, signal)) sent += 1;
      } catch (error) {
        failure ??= { error };
      } finally {
        lanes.leave(userId);
        justLanded.add(userId);
        flying.delete(entry._id);
      }
    };
    const mayGoOn = (): boolean => !signal.aborted && !pacer.isPaused() && failure === null;
    try {
      while (mayGoOn()) {
        const entry = flying.size < IN_FLIGHT ? await next(flying) : null;
        if (entry) flying.set(entry._id, fly(entry));
        else if (flying.size > 0) await Promise.race(flying.values());
        else if (waiting.length === 0 || !(await lanes.rest())) break;
      }
    } finally {
      await Promise.all(flying.values());
      waiting = [];
    }
    if (failure !== null) throw thrown(failure);
    return sent;
  }

  /** The first message whose chat is free, by priority and age. */
  async function next(flying: ReadonlyMap<string, unknown>): Promise<Entry | null> {
    if (!waiting.some(isFree)) waiting = await read(flying);
    const at = waiting.findIndex(isFree);
    return at === -1 ? null : (waiting.splice(at, 1)[0] ?? null);
  }

  /** The oldest waiting message of a chat goes first; those behind it wait with it. */
  const isFree = (entry: Entry): boolean => lanes.isFree(entry.notification.userId);

  /** One chat with many messages must not hide those of the others: it looks further until somebody may be written to. */
  async function read(flying: ReadonlyMap<string, unknown>): Promise<Entry[]> {
    justLanded.clear();
    for (let limit = BATCH + flying.size + lanes.heldCount(); ; limit *= 2) {
      const found = await firstOf(outbox, limit);
      const waits = found.filter(({ _id, notification }) => !flying.has(_id) && !justLanded.has(notification.userId));
      if (found.length < limit || limit >= MAX_READ || waits.some(isFree)) return waits;
    }
  }

  /** One that is ready when nobody may be written to any more stays where it is. */
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
      await (defects >= MAX_DEFECTS ? over(entry, null) : putOff({ ...entry, defects }));
      return false;
    }
    return settle(entry, delivery);
  }

  async function settle(entry: Entry, delivery: Delivery): Promise<boolean> {
    switch (delivery.kind) {
      case "sent":
        outages = 0;
        outage.over();
        await over(entry, delivery.messageId);
        return true;
      case "wait":
        log.warn({ ms: delivery.ms }, "Telegram asks to wait; the whole queue does");
        pacer.pause(delivery.ms);
        askedToWaitUntil = Math.max(askedToWaitUntil, clock.now() + delivery.ms);
        return false;
      case "outage":
        outage.met(delivery.error);
        if (!pacer.isPaused()) pacer.pause(Math.min(1_000 * 2 ** outages++, MAX_OUTAGE_PAUSE_MS));
        await putOff(entry);
        return false;
      case "never":
        log.warn({ key: entry._id, reason: delivery.reason, detail: delivery.detail }, "message given up");
        await over(entry, null);
        if (delivery.reason === "blocked") await noteBlocked(deps, entry);
        return false;
    }
  }

  async function over(entry: Entry, messageId: number | null): Promise<void> {
    const { rank: _, version, ...rest } = entry;
    const expiresAt = clock.now() + REMEMBERED_MS;
    const note = async (): Promise<void> => {
      const isNoted = await outbox.replace({ ...rest, notification: null, messageId, expiresAt }, version);
      unnoted.delete(entry._id);
      if (!isNoted) log.warn({ key: entry._id }, "message was delivered by another process too");
    };
    unnoted.set(entry._id, note);
    await note();
  }

  /** This chat waits longer each time, with all that is behind; the others go on. */
  async function putOff(entry: Entry): Promise<void> {
    const { userId } = entry.notification;
    lanes.hold(userId, Math.min(1_000 * 2 ** entry.tries, MAX_BACKOFF_MS));
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

/** That it could not be noted is no reason to try the message again, or to hold up the others. */
async function noteBlocked({ onBlocked, log }: OutboxDeps, { _id, notification }: Entry): Promise<void> {
  await onBlocked(notification.userId).catch((error: unknown) =>
    log.warn({ err: error, key: _id }, "not noted that this user blocked the bot"),
  );
}

async function countWaiting(outbox: Collection<OutboxDocument>, limit: number): Promise<number> {
  let count = 0;
  for (let rank = 0; rank < PRIORITIES.length && count < limit; rank += 1)
    count += (await outbox.find("waiting", [rank], { limit: limit - count })).length;
  return count;
}

/** By priority and age. */
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
