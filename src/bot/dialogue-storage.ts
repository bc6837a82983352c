import type { ConversationContextStorage, ConversationData, VersionedState } from "@grammyjs/conversations";
import type { Clock } from "../ports/clock.ts";
import type { CollectionSpec, Document, Store } from "../ports/store.ts";
import type { BareContext } from "./context.ts";

interface DialogueDocument extends Document {
  readonly _id: string;
  /** Holds whatever was typed: encrypted at rest. */
  readonly state: VersionedState<ConversationData>;
  readonly expiresAt: number;
}

const dialoguesSpec: CollectionSpec<DialogueDocument> = {
  name: "dialogues",
  indexes: [],
  encrypted: ["state"],
  durability: "normal",
};
const KEPT_MS = 3_600_000;

/** One dialogue per user, in private chats only: in a group somebody else could answer. */
export function dialogueStorage(
  deps: { store: Store; clock: Clock },
  version: number,
): ConversationContextStorage<BareContext, ConversationData> {
  const dialogues = deps.store.collection(dialoguesSpec);
  const keyOf = (ctx: BareContext): string | null =>
    ctx.chat?.type === "private" && ctx.from ? String(ctx.from.id) : null;
  return {
    type: "context",
    version,
    adapter: {
      async read(ctx) {
        const key = keyOf(ctx);
        return key === null ? undefined : (await dialogues.get(key))?.state;
      },
      async write(ctx, state) {
        const key = keyOf(ctx);
        if (key === null) return;
        const next = { _id: key, state, expiresAt: deps.clock.now() + KEPT_MS };
        const current = await dialogues.get(key);
        // One user's updates are handled one after another, so a lost race means another process's newer state: keep that.
        if (current) await dialogues.replace(next, current.version);
        else await dialogues.insert(next);
      },
      async delete(ctx) {
        const key = keyOf(ctx);
        if (key !== null) await dialogues.delete(key);
      },
    },
  };
}
