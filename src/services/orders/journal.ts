import type { IntentId, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { HistoryEntry, Leg, LegEvent, OrderPlan } from "../../domain/order-intent.ts";
import { isClosed, nextLeg } from "../../domain/order-intent.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Page, Store, Stored } from "../../ports/store.ts";
import { changeDocument } from "../change-document.ts";

/** Where the card stands that shows this order. */
export interface Card {
  readonly chatId: number;
  readonly messageId: number;
}

export type Origin = "chat" | "exit" | "panic" | "strategy" | "alert";
/** These only take risk away: no guard rail holds them back. */
export const isWayOut = (origin: Origin): boolean => origin === "exit" || origin === "panic";

/** Books hold today only, and what is not known yet is of the last minutes: neither is older than so many intents. */
const RECENT_INTENTS = 200;

/** A ticket and, once confirmed, the record of what came of it. One document, so that every step is atomic. */
export interface IntentDocument extends Document {
  readonly _id: IntentId;
  readonly userId: UserId;
  /** What the Confirm button carries; a refreshed card gets a new one and the old one is dead. */
  readonly confirmId: string;
  readonly instrument: Instrument;
  readonly plan: OrderPlan;
  readonly legs: readonly Leg[];
  readonly createdAt: number;
  /** When the ticket stops being confirmable. */
  readonly lapsesAt: number;
  /** When the price on the card was read. */
  readonly pricedAt: number;
  readonly confirmedAt: number | null;
  readonly card: Card | null;
  /** The card in the chat shows less than the legs do. */
  readonly isCardStale: boolean;
  readonly origin: Origin;
  /** What it is a part of: orders that were confirmed as one, the legs of a panic; or a strategy's proposal. */
  readonly group: string | null;
  /** Whether something is still to be done: a leg to look at, a card to draw. Indexed with `nextLookAt`. */
  readonly isWatched: boolean;
  readonly nextLookAt: number;
  readonly looks: number;
  readonly history: readonly HistoryEntry[];
}
export type Intent = Stored<IntentDocument>;

const ordersSpec: CollectionSpec<IntentDocument> = {
  name: "orders",
  indexes: [
    { name: "confirm", fields: ["confirmId"], unique: true },
    { name: "user", fields: ["userId", "createdAt"] },
    { name: "watched", fields: ["isWatched", "nextLookAt"] },
  ],
  encrypted: [],
  durability: "full",
};

/** What a step changes; an `expiresAt` of undefined keeps the document for good. `isWatched` follows from the rest. */
export type IntentChange = Partial<Omit<IntentDocument, "_id" | "expiresAt" | "isWatched">> & {
  readonly expiresAt?: number | undefined;
};

/** Of a very long history the middle goes: how it began and how it ended stay. */
const HISTORY_HEAD = 100;
const HISTORY_TAIL = 200;

export interface Journal {
  get(id: IntentId): Promise<Intent | null>;
  byConfirmId(confirmId: string): Promise<Intent | null>;
  ofUser(user: UserId, page: Page): Promise<Intent[]>;
  /** Newest first, as many as what is not known yet, or is of today, can be among. */
  recent(user: UserId): Promise<Intent[]>;
  /** Those to look at, the longest due first. */
  watched(limit: number): Promise<Intent[]>;
  add(intent: IntentDocument): Promise<Intent>;
  /** Applies the change to the newest version; null, and nothing written, when it answers null. */
  change(id: IntentId, apply: (intent: Intent) => IntentChange | null): Promise<Intent | null>;
  /** Applies an event to a leg. Null when the state machine has no such transition: somebody else was first. */
  transition(id: IntentId, leg: number, event: LegEvent, note: Note, look?: NextLook): Promise<Intent | null>;
  /** The card shows the legs as they are in `intent`: nothing to draw, unless they have moved since. */
  drawn(intent: Intent): Promise<void>;
}

export interface Note {
  readonly who: HistoryEntry["who"];
  readonly what: string;
  readonly detail?: string | undefined;
  readonly message?: number | undefined;
}
/** When to look again; the pauses start over. */
export interface NextLook {
  readonly nextLookAt: number;
  readonly looks: 0;
}

export function createJournal(deps: { store: Store; clock: Clock }): Journal {
  const orders: Collection<IntentDocument> = deps.store.collection(ordersSpec);
  const { clock } = deps;

  const change = (id: IntentId, apply: (intent: Intent) => IntentChange | null): Promise<Intent | null> =>
    changeDocument(orders, id, (current) => {
      const changes = current && apply(current);
      return changes && watchedAsNeeded({ ...current, ...changes } as IntentDocument);
    });

  return {
    get: (id) => orders.get(id),
    async byConfirmId(confirmId) {
      return (await orders.find("confirm", [confirmId], { limit: 1 }))[0] ?? null;
    },
    ofUser: (user, page) => orders.find("user", [user], page),
    recent: (user) => orders.find("user", [user], { limit: RECENT_INTENTS, order: "desc" }),
    watched: (limit) => orders.find("watched", [true], { limit, order: "asc" }),
    async add(intent) {
      const watched = watchedAsNeeded(intent);
      if (!(await orders.insert(watched))) throw new Error("order id is taken");
      return { ...watched, version: 1 };
    },
    change,
    transition: (id, leg, event, note, look) =>
      change(id, (intent) => {
        const changes = withEvent(intent, leg, event, note, clock.now());
        return changes && { ...changes, ...look };
      }),
    async drawn(intent) {
      const shown = JSON.stringify(intent.legs);
      await change(intent._id, (current) =>
        current.isCardStale && JSON.stringify(current.legs) === shown ? { isCardStale: false } : null,
      );
    },
  };
}

const watchedAsNeeded = (intent: IntentDocument): IntentDocument => ({
  ...intent,
  isWatched: intent.isCardStale || !intent.legs.every(isClosed),
});

/** The document after one leg's event, or null when there is no such transition. */
function withEvent(intent: Intent, at: number, event: LegEvent, note: Note, now: number): IntentChange | null {
  const leg = intent.legs[at];
  const next = leg && nextLeg(leg, event, now);
  if (!leg || !next || next === leg) return null;
  return { legs: intent.legs.with(at, next), isCardStale: true, history: withNote(intent.history, note, at, now) };
}

/** All legs take the same step, or none does. */
export function stepAll(intent: Intent, kind: "confirm" | "drop", note: Note, now: number): IntentChange | null {
  const legs = intent.legs.map((leg) => nextLeg(leg, { kind }, now)).filter((leg) => leg !== null);
  if (legs.length < intent.legs.length) return null;
  return { legs, isCardStale: true, history: withNote(intent.history, note, null, now) };
}

export function withNote(
  history: readonly HistoryEntry[],
  note: Note,
  leg: number | null,
  now: number,
): HistoryEntry[] {
  const entry: HistoryEntry = {
    at: now,
    who: note.who,
    leg,
    what: note.what,
    ...(note.detail === undefined ? {} : { detail: note.detail }),
    ...(note.message === undefined ? {} : { message: note.message }),
  };
  const all = [...history, entry];
  return all.length <= HISTORY_HEAD + HISTORY_TAIL ? all : [...all.slice(0, HISTORY_HEAD), ...all.slice(-HISTORY_TAIL)];
}
