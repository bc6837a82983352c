import type { IntentId, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { HistoryEntry, Leg, LegEvent, OrderPlan } from "../../domain/order-intent.ts";
import { needsWatching, nextLeg } from "../../domain/order-intent.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Page, Store, Stored } from "../../ports/store.ts";

/** Where the card stands that shows this order. */
export interface Card {
  readonly chatId: number;
  readonly messageId: number;
}

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
  readonly card: Card | null;
  readonly origin: "chat" | "exit" | "panic" | "strategy" | "alert";
  /** Whether some leg still has to be looked at; indexed with `nextLookAt`. */
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

/** What a step changes; an `expiresAt` of undefined keeps the document for good. */
export type IntentChange = Partial<Omit<IntentDocument, "_id" | "expiresAt">> & {
  readonly expiresAt?: number | undefined;
};

const CONFLICT_TRIES = 50;
const HISTORY_LIMIT = 200;

export interface Journal {
  get(id: IntentId): Promise<Intent | null>;
  byConfirmId(confirmId: string): Promise<Intent | null>;
  ofUser(user: UserId, page: Page): Promise<Intent[]>;
  /** Those to look at, the longest due first. */
  watched(limit: number): Promise<Intent[]>;
  add(intent: IntentDocument): Promise<Intent>;
  /** Applies the change to the newest version; null, and nothing written, when it answers null. */
  change(id: IntentId, apply: (intent: Intent) => IntentChange | null): Promise<Intent | null>;
  /** Applies an event to a leg. Null when the state machine has no such transition: somebody else was first. */
  transition(id: IntentId, leg: number, event: LegEvent, note: Note): Promise<Intent | null>;
}

export interface Note {
  readonly who: HistoryEntry["who"];
  readonly what: string;
  readonly detail?: string | undefined;
}

export function createJournal(deps: { store: Store; clock: Clock }): Journal {
  const orders: Collection<IntentDocument> = deps.store.collection(ordersSpec);
  const { clock } = deps;

  async function change(id: IntentId, apply: (intent: Intent) => IntentChange | null): Promise<Intent | null> {
    for (let tries = 0; tries < CONFLICT_TRIES; tries += 1) {
      const current = await orders.get(id);
      const changes = current && apply(current);
      if (!current || !changes) return null;
      const { version, ...document } = current;
      const next = { ...document, ...changes } as IntentDocument;
      if (await orders.replace(next, version)) return { ...next, version: version + 1 };
    }
    throw new Error("order document is contended");
  }

  return {
    get: (id) => orders.get(id),
    async byConfirmId(confirmId) {
      return (await orders.find("confirm", [confirmId], { limit: 1 }))[0] ?? null;
    },
    ofUser: (user, page) => orders.find("user", [user], page),
    watched: (limit) => orders.find("watched", [true], { limit, order: "asc" }),
    async add(intent) {
      if (!(await orders.insert(intent))) throw new Error("order id is taken");
      return { ...intent, version: 1 };
    },
    change,
    transition: (id, leg, event, note) => change(id, (intent) => withEvent(intent, leg, event, note, clock.now())),
  };
}

/** The document after one leg's event, or null when there is no such transition. */
function withEvent(intent: Intent, at: number, event: LegEvent, note: Note, now: number): IntentChange | null {
  const leg = intent.legs[at];
  const next = leg && nextLeg(leg, event, now);
  if (!leg || !next || next === leg) return null;
  const legs = intent.legs.with(at, next);
  return { legs, isWatched: legs.some(needsWatching), history: withNote(intent.history, note, at, now) };
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
  };
  return [...history, entry].slice(-HISTORY_LIMIT);
}
