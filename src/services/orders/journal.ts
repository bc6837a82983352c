import type { IntentId, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { HistoryEntry, Leg, LegEvent, OrderPlan } from "../../domain/order-intent.ts";
import { isClosed, lacksPrice, nextLeg } from "../../domain/order-intent.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Page, Store, Stored } from "../../ports/store.ts";
import { changeDocument } from "../change-document.ts";

/** The Telegram message that shows this order. */
export interface Card {
  readonly chatId: number;
  readonly messageId: number;
}

export type Origin = "chat" | "exit" | "panic" | "strategy" | "alert";
/** Exits and panics only reduce risk, so the user's limits refuse neither. */
export const reducesRisk = (origin: Origin): boolean => origin === "exit" || origin === "panic";

/** Assumed to cover a user's intents of today, which is all that a broker's book shows, and all unknown ones. */
const RECENT_INTENTS = 200;

/** A ticket and, once confirmed, the record of its orders. One document, so that every step is atomic. */
export interface IntentDocument extends Document {
  readonly _id: IntentId;
  readonly userId: UserId;
  /** Id in the Confirm button. Refreshing the card replaces it, which invalidates the old button. */
  readonly confirmId: string;
  readonly instrument: Instrument;
  readonly plan: OrderPlan;
  readonly legs: readonly Leg[];
  readonly createdAt: number;
  /** Epoch ms after which the ticket cannot be confirmed. */
  readonly lapsesAt: number;
  /** Epoch ms at which the price on the card was read. */
  readonly pricedAt: number;
  readonly confirmedAt: number | null;
  readonly card: Card | null;
  /** The card in the chat is behind the legs and must be drawn again. */
  readonly isCardStale: boolean;
  readonly origin: Origin;
  /** Id shared by intents that belong together: confirmed as one, exits of one panic, or one strategy proposal. */
  readonly group: string | null;
  /** Whether the watcher still has work: an open leg, a fill without its price, or a stale card. Indexed with `nextLookAt`. */
  readonly isWatched: boolean;
  /** Epoch ms of the watcher's next look, i.e. its next read of the broker's book. */
  readonly nextLookAt: number;
  /** Looks since the last news; the pauses between looks grow with it. */
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

/** Fields to change. `expiresAt: undefined` keeps the document forever. `isWatched` is derived. */
export type IntentChange = Partial<Omit<IntentDocument, "_id" | "expiresAt" | "isWatched">> & {
  readonly expiresAt?: number | undefined;
};

/** About a minute. A broker may tell a fill's price late, or never. */
const MAX_PRICE_LOOKS = 10;

/** A very long history loses its middle and keeps its beginning and end. */
const HISTORY_HEAD = 100;
const HISTORY_TAIL = 200;

export interface Journal {
  get(id: IntentId): Promise<Intent | null>;
  byConfirmId(confirmId: string): Promise<Intent | null>;
  ofUser(user: UserId, page: Page): Promise<Intent[]>;
  /** The RECENT_INTENTS newest, newest first: assumed to include every one of today and every unknown one. */
  recent(user: UserId): Promise<Intent[]>;
  /** Watched intents, by `nextLookAt`, the longest overdue first. */
  watched(limit: number): Promise<Intent[]>;
  add(intent: IntentDocument): Promise<Intent>;
  /** Applies the change to the newest version. Null, with nothing written, when `apply` returns null. */
  change(id: IntentId, apply: (intent: Intent) => IntentChange | null): Promise<Intent | null>;
  /** Applies an event to a leg. Null when that changes nothing, e.g. because somebody else was first. */
  transition(id: IntentId, leg: number, event: LegEvent, note: Note, look?: NextLook): Promise<Intent | null>;
  /** Records that the card shows the legs as in `intent`. It is stale if they have changed since. */
  markDrawn(intent: Intent): Promise<void>;
}

export interface Note {
  readonly who: HistoryEntry["who"];
  readonly what: string;
  readonly detail?: string | undefined;
  readonly message?: number | undefined;
}
/** Schedules the next look and resets the pauses between looks. */
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
      return changes && withIsWatched({ ...current, ...changes } as IntentDocument);
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
      const watched = withIsWatched(intent);
      if (!(await orders.insert(watched))) throw new Error("order id is taken");
      return { ...watched, version: 1 };
    },
    change,
    transition: (id, leg, event, note, look) =>
      change(id, (intent) => {
        const changes = withEvent(intent, leg, event, note, clock.now());
        return changes && { ...changes, ...look };
      }),
    async markDrawn(intent) {
      await change(intent._id, (current) => {
        const isStale = !isSame(current.legs, intent.legs);
        if (isStale === current.isCardStale) return null;
        // Another process has drawn the newer legs, perhaps before this drawing.
        return isStale ? { isCardStale: true, nextLookAt: clock.now() } : { isCardStale: false };
      });
    },
  };
}

const withIsWatched = (intent: IntentDocument): IntentDocument => ({
  ...intent,
  isWatched:
    intent.isCardStale ||
    !intent.legs.every(isClosed) ||
    (intent.looks < MAX_PRICE_LOOKS && intent.legs.some(lacksPrice)),
});

/** The document after one leg's event, or null when there is no such transition. */
function withEvent(intent: Intent, at: number, event: LegEvent, note: Note, now: number): IntentChange | null {
  const leg = intent.legs[at];
  const next = leg && nextLeg(leg, event, now);
  // Two looks may bring the same news.
  if (!leg || !next || isSame(next, leg)) return null;
  return { legs: intent.legs.with(at, next), isCardStale: true, history: withNote(intent.history, note, at, now) };
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Applies the step to all legs, or to none. */
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
