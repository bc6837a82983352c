import type { ConversationContextStorage, ConversationData, VersionedState } from "@grammyjs/conversations";
import type { Clock } from "../../ports/clock.ts";
import type { CollectionSpec, Document, Store } from "../../ports/store.ts";
import type { BareContext } from "../context.ts";

interface DialogueDocument extends Document {
  readonly _id: string;
  /** The replay log of everything the user typed, hence encrypted at rest. */
  readonly state: VersionedState<ConversationData>;
  readonly expiresAt: number;
}

const dialoguesSpec: CollectionSpec<DialogueDocument> = {
  name: "dialogues",
  indexes: [],
  encrypted: ["state"],
  durability: "normal",
};
const STATE_TTL_MS = 3_600_000;

export interface DialogueStorage extends ConversationContextStorage<BareContext, ConversationData> {
  /** Ends the dialogue whose update's handler was given up: what that handler still writes or deletes is ignored. */
  abandon(ctx: BareContext): Promise<void>;
}

/** Keeps one dialogue per user, in private chats only: in a group somebody else could answer its questions. */
export function dialogueStorage(deps: { store: Store; clock: Clock }, version: number): DialogueStorage {
  const dialogues = deps.store.collection(dialoguesSpec);
  /** The stored version that an update's handling started from; null when nothing was stored. */
  const versionRead = new WeakMap<BareContext, number | null>();
  const abandoned = new WeakSet<BareContext>();
  const keyOf = (ctx: BareContext): string | null =>
    ctx.chat?.type === "private" && ctx.from && !abandoned.has(ctx) ? String(ctx.from.id) : null;
  return {
    type: "context",
    version,
    adapter: {
      async read(ctx) {
        const key = keyOf(ctx);
        const stored = key === null ? null : await dialogues.get(key);
        versionRead.set(ctx, stored?.version ?? null);
        return stored?.state;
      },
      async write(ctx, state) {
        const key = keyOf(ctx);
        if (key === null) return;
        const next = { _id: key, state, expiresAt: deps.clock.now() + STATE_TTL_MS };
        const version = versionRead.get(ctx) ?? null;
        // One user's updates are handled in order, so on a conflict another process has written newer state: keep that.
        const isWritten = version === null ? await dialogues.insert(next) : await dialogues.replace(next, version);
        if (isWritten) versionRead.set(ctx, (version ?? 0) + 1);
      },
      async delete(ctx) {
        const key = keyOf(ctx);
        if (key === null) return;
        await dialogues.delete(key);
        versionRead.set(ctx, null);
      },
    },
    async abandon(ctx) {
      const key = keyOf(ctx);
      abandoned.add(ctx);
      if (key !== null) await dialogues.delete(key);
    },
  };
}
