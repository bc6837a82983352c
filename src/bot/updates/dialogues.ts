import type { BotDeps } from "../commands.ts";
import type { SaudaContext } from "../context.ts";

type AwaitingDeps = Pick<BotDeps, "keyCapture" | "orderLock">;

/** Starts a dialogue and ends the current one, if any: a user has one at a time. */
export async function enterDialogue(deps: AwaitingDeps, ctx: SaudaContext, name: string, start: object): Promise<void> {
  await dropOpenQuestions(deps, ctx);
  // A quantity typed into the dialogue must not count as a wrong PIN or code.
  await deps.orderLock.stop(ctx.user._id);
  await ctx.conversation.enter(name, start);
}

/**
 * Drops every open question (of a dialogue, for a key, for a new PIN or authenticator), because the user has turned to
 * something else. The code of a lock that is set stays awaited.
 */
export async function dropOpenQuestions({ keyCapture, orderLock }: AwaitingDeps, ctx: SaudaContext): Promise<void> {
  await Promise.all([ctx.conversation.exitAll(), keyCapture.leave(ctx.user._id), orderLock.leave(ctx.user._id)]);
}
