import type { BotDeps } from "./commands.ts";
import type { SaudaContext } from "./context.ts";

type AwaitingDeps = Pick<BotDeps, "keyCapture" | "orderLock">;

/** Begins a dialogue in place of whichever is going on: one person has one at a time. */
export async function enterDialogue(deps: AwaitingDeps, ctx: SaudaContext, name: string, start: object): Promise<void> {
  await leaveEverything(deps, ctx);
  // Its answers are numbers too: none of them is a wrong guess at a code.
  await deps.orderLock.stop(ctx.user._id);
  await ctx.conversation.enter(name, start);
}

/** Whoever turns to something else is not answering an earlier question: not a dialogue's, not one for a key or a new PIN. */
export async function leaveEverything({ keyCapture, orderLock }: AwaitingDeps, ctx: SaudaContext): Promise<void> {
  await Promise.all([ctx.conversation.exitAll(), keyCapture.leave(ctx.user._id), orderLock.leave(ctx.user._id)]);
}
