import type { MiddlewareFn } from "grammy";
import type { BareContext } from "../context.ts";
import type { DialogueStorage } from "./dialogue-storage.ts";

/** A handler that takes longer is abandoned, so that the user's next message is answered. */
const DEADLINE_MS = 60_000;

/** Calls `giveUp` when a handler has taken too long, unless the returned function is called before. */
export type Deadline = (giveUp: () => void) => () => void;

/** A handler did not finish in time. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** Ends the user's dialogue too: whatever hung in it would take the next message for its answer and hang again. */
export const withDeadline =
  (storage: DialogueStorage, deadline: Deadline): MiddlewareFn<BareContext> =>
  async (ctx, next) => {
    let end = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      end = deadline(() => reject(new DeadlineError("handler took too long")));
    });
    try {
      await Promise.race([next(), late]);
    } catch (error) {
      // Not awaited: the store may be what hangs, and the user must be told all the same.
      if (error instanceof DeadlineError)
        storage.abandon(ctx).catch((cause: unknown) => ctx.log.warn({ err: cause }, "dialogue not ended"));
      throw error;
    } finally {
      end();
    }
  };

export const afterDeadline: Deadline = (giveUp) => {
  const timer = setTimeout(giveUp, DEADLINE_MS);
  return () => clearTimeout(timer);
};
