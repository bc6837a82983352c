import type { InstrumentKey, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { Collection, CollectionSpec, Document, Store } from "../../ports/store.ts";
import { changeDocument } from "../change-document.ts";

interface WatchlistDocument extends Document {
  readonly _id: UserId;
  readonly userId: UserId;
  readonly instruments: readonly Instrument[];
}

const watchlistsSpec: CollectionSpec<WatchlistDocument> = {
  name: "watchlists",
  indexes: [],
  encrypted: [],
  durability: "normal",
};
export const MAX_WATCHED = 50;

export interface Watchlist {
  of(user: UserId): Promise<readonly Instrument[]>;
  /** False when the list is full. */
  add(user: UserId, instrument: Instrument): Promise<boolean>;
  remove(user: UserId, key: InstrumentKey): Promise<void>;
}

/** The instruments that a user watches, oldest first. */
export function createWatchlist({ store }: { store: Store }): Watchlist {
  const watchlists: Collection<WatchlistDocument> = store.collection(watchlistsSpec);

  async function change(user: UserId, apply: (list: readonly Instrument[]) => readonly Instrument[]): Promise<void> {
    await changeDocument(watchlists, user, (current) => ({
      _id: user,
      userId: user,
      instruments: apply(current?.instruments ?? []),
    }));
  }

  return {
    of: async (user) => (await watchlists.get(user))?.instruments ?? [],
    async add(user, instrument) {
      let isKept = false;
      await change(user, (list) => {
        const isKnown = list.some(({ key }) => key === instrument.key);
        isKept = isKnown || list.length < MAX_WATCHED;
        return isKnown || !isKept ? list : [...list, instrument];
      });
      return isKept;
    },
    remove: (user, key) => change(user, (list) => list.filter((instrument) => instrument.key !== key)),
  };
}
